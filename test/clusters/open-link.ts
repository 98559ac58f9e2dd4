// A link on a kubeconfig that a test changes, with a wall clock and an environment of the test.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { systemClock } from '../../src/clock.ts';
import { loadKubeconfig } from '../../src/clusters/kubeconfig.ts';
import { Link, type LinkLimits } from '../../src/clusters/link.ts';

export interface Kubeconfig {
  readonly users: { user: Record<string, unknown> }[];
  readonly clusters: { cluster: Record<string, unknown> }[];
}

export interface LinkWorld {
  readonly environment?: Readonly<Record<string, string>>;
  readonly wall?: () => Date;
  readonly limits?: Partial<LinkLimits>;
  /** Where relative paths of the kubeconfig lead. */
  readonly folder?: string;
}

const LIMITS: LinkLimits = {
  connectMs: 5000,
  headersMs: 5000,
  pingMs: 400,
  credentialsMs: 5000,
};

export type TestLink = Link & { status(path?: string): Promise<number> };

export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-link-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

export async function openLink(
  kubeconfig: string,
  change: (config: Kubeconfig) => void,
  world: LinkWorld = {},
): Promise<TestLink> {
  const folder = world.folder ?? (await makeFolder());
  const config = parse(kubeconfig) as Kubeconfig;
  change(config);
  await writeFile(join(folder, 'kubeconfig'), stringify(config));
  const load = () => loadKubeconfig({ path: 'kubeconfig' }, { name: 'east', baseFolder: folder });
  const link = new Link(await load(), load, {
    clock: systemClock,
    wall: world.wall ?? (() => new Date()),
    environment: { PATH: process.env['PATH'], ...world.environment },
    limits: { ...LIMITS, ...world.limits },
  });
  onTestFinished(() => link.close());
  return Object.assign(link, {
    async status(path = '/api/v1/nodes?limit=1') {
      const answer = await link.get(path, new AbortController().signal);
      for await (const chunk of answer.body) void chunk;
      return answer.status;
    },
  });
}
