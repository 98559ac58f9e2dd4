// `ballast fanout plan`, carried out.
//
// Comes in: files of manifests, and a configuration or a list of clusters. Goes out: the plan on the
// standard output; exit code 0 where all is as it should be, 2 where something would change. On failure:
// what is wrong in the files, a line each (1), or the faults of a plan that would not be applied (5).
// Nothing is written anywhere.

import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { readFanout } from '../../fanout/fanout.ts';
import { planFanout } from '../../fanout/plan/plan.ts';
import { shownPlan } from '../../fanout/plan/shown.ts';
import { hasChanges, planText } from '../../fanout/plan/text.ts';
import type { World } from '../../fanout/plan/world.ts';
import type { Orders } from '../../fanout/model.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { clustersFromFile, worldOfConfig } from './world.ts';

export interface PlanCommandOptions {
  readonly file: readonly string[];
  readonly config?: string;
  readonly clusters?: string;
  readonly name?: string;
  readonly federatedNamespace?: readonly string[];
  readonly karmadaDivision: 'webster' | 'legacy';
  readonly reschedule: boolean;
  readonly adopt: boolean;
  readonly prune: boolean;
  readonly strictTotal: boolean;
  readonly cronJobs: boolean;
  readonly initContainers: boolean;
  readonly registry?: readonly string[];
  readonly timeout: number;
  readonly output: 'text' | 'json';
}

export async function planCommand(options: PlanCommandOptions): Promise<void> {
  const { federatedNamespace: federatedNamespaces = [], registry: registries = [] } = options;
  const files = await Promise.all(options.file.map(fileOf));
  const read = readFanout(files, { federatedNamespaces });
  if (read.kind === 'faults') throw new CommandFailure(EXIT.failed, read.faults.join('\n'));
  const world = await worldOf(read.orders, options);
  const plan = shownPlan(planFanout(read.orders, world, { ...options, registries }));
  const shown = options.output === 'json' ? `${JSON.stringify(plan, null, 2)}\n` : planText(plan);
  process.stdout.write(shown);
  if (plan.faults.length > 0) process.exitCode = EXIT.refused;
  else process.exitCode = hasChanges(plan) ? EXIT.changes : EXIT.ok;
}

async function fileOf(name: string): Promise<{ name: string; text: string }> {
  try {
    return { name, text: name === '-' ? await text(process.stdin) : await readFile(name, 'utf8') };
  } catch (cause) {
    throw new CommandFailure(EXIT.failed, `${name}: cannot be read: ${(cause as Error).message}`);
  }
}

async function worldOf(orders: Orders, options: PlanCommandOptions): Promise<World> {
  const { config, clusters, timeout } = options;
  if (clusters !== undefined) return clustersFromFile(await fileOf(clusters));
  if (config === undefined) {
    throw new CommandFailure(EXIT.failed, 'name the clusters: --config FILE or --clusters FILE');
  }
  const name = options.name ?? orders.name;
  return await worldOfConfig(config, orders, { timeout, ...(name !== undefined && { name }) });
}
