// Looks in clusters for what jobs have there for their own sake, as long as a term lasts.
//
// Comes in: the jobs of the term, and the places. Goes out: traces of jobs that may have written, for whoever
// knows which of them are lost (recover.ts); what one that is at its end has left behind is removed, as is
// what was staged for one that never came to be. On failure: a cluster that does not answer is asked again;
// where the term is over nothing is done.

import type { Clock } from '../clock.ts';
import type { Lease } from '../edges/store.ts';
import type { ClusterName } from '../model.ts';
import { checkLease, type JobBook } from './book.ts';
import type { JobJournal } from './journal.ts';
import { isFinal } from './record.ts';
import type { Trace, TracedPlaces } from './traces.ts';

export interface SearchParts {
  readonly journal: JobJournal;
  readonly places: TracedPlaces;
  readonly clock: Clock;
}

export interface Searching {
  readonly book: JobBook;
  readonly lease: Lease;
  /** Jobs for which something is staged just now. */
  readonly making: ReadonlySet<string>;
  readonly seen: (trace: Trace) => void;
  readonly until: AbortSignal;
}

/** What was on its way when a runner died comes late, or not at all. */
const AGAIN_MS = 600_000;
const RETRY_MS = 15_000;

export async function search(parts: SearchParts, searching: Searching): Promise<void> {
  const { places, clock } = parts;
  const { until } = searching;
  const due = new Map<ClusterName, number>();
  const look = async (cluster: ClusterName): Promise<void> => {
    const traces = await places.look(cluster).catch(() => undefined);
    due.set(cluster, clock.now() + (traces ? AGAIN_MS : RETRY_MS));
    for (const trace of traces ?? []) {
      if (until.aborted) return;
      if (isLeftBehind(trace, searching)) await remove(trace, parts, searching);
      else searching.seen(trace);
    }
  };
  while (!until.aborted) {
    const now = places.clusters().filter((one) => (due.get(one) ?? 0) <= clock.now());
    await Promise.all(now.map(look));
    await clock.sleep(RETRY_MS, until);
  }
}

function isLeftBehind({ job: id, isBegun }: Trace, { book, making }: Searching): boolean {
  const job = book.get(id);
  return job ? isFinal(job) : isBegun !== true && !making.has(id);
}

async function remove(
  { job, clusters }: Trace,
  { journal, places }: SearchParts,
  { lease }: Searching,
): Promise<void> {
  // It was seen before this: whoever leads by now may be about to begin it.
  await checkLease(journal, lease);
  await Promise.all(clusters.map((one) => places.clear(one, job)));
}
