// A process that runs jobs on clusters in memory: its ways there, where jobs mark them, and how they are
// fenced.

import type { Clock } from '../../src/clock.ts';
import type { ClusterWriter } from '../../src/clusters/cluster-writer.ts';
import type { WriterOf } from '../../src/fanout/run/writes.ts';
import { foundKind } from '../../src/jobs/found.ts';
import type { JobJournal } from '../../src/jobs/journal.ts';
import type { JobKind } from '../../src/jobs/kind.ts';
import { tracedPlaces, type TracedPlaces } from '../../src/jobs/traces.ts';
import type { Life } from './mortal.ts';
import { startJobs, type Process } from './process.ts';

/** Of which the jobs are. */
export const ENVIRONMENT = 'test';

export interface Ways {
  readonly life: Life | undefined;
  /** What it does to such a thing are effects of its life. */
  readonly of: Life['of'];
  readonly writerOf: WriterOf;
  readonly places: TracedPlaces;
}

export function waysTo(clusters: ReadonlyMap<string, ClusterWriter>, life?: Life): Ways {
  const of: Life['of'] = (name, thing) => life?.of(name, thing) ?? thing;
  const writers = new Map([...clusters].map(([name, one]) => [name, of('cluster', one)]));
  const writerOf = async (name: string) => {
    const writer = writers.get(name);
    if (!writer) throw new Error(`no cluster ${name}`);
    return writer;
  };
  const names = () => [...clusters.keys()];
  const places = tracedPlaces({ environment: ENVIRONMENT, clusters: names, writerOf });
  return { life, of, writerOf, places };
}

export interface Running {
  readonly journal: JobJournal;
  readonly clock: Clock;
  readonly kind: JobKind;
  /** All that a job holds. */
  readonly lift: (who: string, job: string) => Promise<void>;
}

export function startOn(
  { life, places, writerOf }: Ways,
  { journal, clock, kind, lift }: Running,
): Process {
  const parts = { journal, places, clock, ...(life && { life }) };
  const found = foundKind({ lift, places }) as JobKind;
  return startJobs(parts, [kind, found], async ({ cluster, ...ref }, fence) => {
    const fenced = await (await writerOf(cluster)).fence(ref, fence.term);
    if (!fenced.ok) throw new Error(fenced.text);
  });
}
