// Redis is wiped, and no edge has a hold: whatever is found of the jobs it had is found by their marks.

import { onTestFinished } from 'vitest';
import type { JobHead } from '../../src/jobs/record.ts';
import { markData, traceObject } from '../../src/jobs/traces.ts';
import type { JournalStage } from '../conformance/journal.ts';
import { until } from '../controlplane/until.ts';
import type { MemoryObjects } from './memory-objects.ts';
import { ENVIRONMENT } from './on-clusters.ts';
import { serve, type Process } from './process.ts';

/** A job that nobody has begun: who has found it everywhere has looked everywhere. */
const SENTINEL = 'sentinel-0000';
const MARK = { kind: 'ConfigMap', namespace: 'prod', what: 'mark' } as const;

export interface LostStage extends Pick<JournalStage, 'journal' | 'restart' | 'term'> {
  readonly fleet: {
    readonly clusters: ReadonlyMap<string, MemoryObjects>;
    readonly holds: Map<string, unknown>;
  };
}

/** A stranger leads, and has looked everywhere. Itself, and the heads of the jobs it has found. */
export async function afterLoss(
  { fleet, journal, restart, term }: LostStage,
  start: () => Process,
): Promise<{ readonly stranger: Process; readonly heads: readonly JobHead[] }> {
  const data = markData({ apps: [], writes: [] });
  const sentinel = traceObject({ job: SENTINEL, environment: ENVIRONMENT }, MARK, { data });
  for (const cluster of fleet.clusters.values()) await cluster.apply(sentinel);
  await restart(true);
  fleet.holds.clear();
  const stranger = start();
  onTestFinished(await serve(stranger, await term()));
  const heads = await until('it has looked everywhere', async () => {
    const all = await journal.heads();
    const one = all.find(({ id }) => id === SENTINEL);
    return one?.clusters.length === fleet.clusters.size ? all : undefined;
  });
  return { stranger, heads: heads.filter(({ id }) => id !== SENTINEL) };
}
