// `ballast check`, carried out: every place is asked, at the same time.
//
// Comes in: a configuration. Goes out: findings on the standard output; exit code 0 without
// errors, 1 with some (`--strict`: warnings too). On failure: a wrong configuration
// is a ConfigError, as everywhere. Nothing is written anywhere, and nothing waits for a leader.

import { type LoadedConfig, loadConfig } from '../../config.ts';
import { redisPlace } from '../../named.ts';
import { EXIT } from '../exit-codes.ts';
import { clusterSections } from './clusters.ts';
import { edgeSections } from './edges.ts';
import { count, type Section, toJson, toText } from './findings.ts';
import { redisFindings } from './redis.ts';
import { vmSections } from './vms.ts';

export interface CheckOptions {
  readonly config: string;
  readonly output: 'text' | 'json';
  readonly strict: boolean;
  readonly timeout: number;
}

export async function check({ config, output, strict, timeout }: CheckOptions): Promise<void> {
  const sections = await takeSections(loadConfig(config, process.env), timeout * 1000);
  const text =
    output === 'json' ? `${JSON.stringify(toJson(sections), null, 2)}\n` : toText(sections);
  process.stdout.write(text);
  const counted = count(sections, 'error') + (strict ? count(sections, 'warning') : 0);
  process.exitCode = counted > 0 ? EXIT.failed : EXIT.ok;
}

async function takeSections(loaded: LoadedConfig, timeoutMs: number): Promise<Section[]> {
  const { clusters } = loaded.config;
  const jobs = clusters.some((cluster) => 'jobs' in cluster);
  const [redis, edges, seen, vms] = await Promise.all([
    redisFindings(redisPlace(loaded), jobs),
    edgeSections(loaded),
    clusterSections(loaded, timeoutMs),
    vmSections(loaded, timeoutMs),
  ]);
  return [{ place: 'redis', findings: redis }, ...edges, ...seen, ...vms];
}
