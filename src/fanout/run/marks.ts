// The mark of a fan-out in each namespace that it writes to: by it the job is found again where Redis has
// lost it, also while it holds nothing.
//
// Comes in: an entry that is about to be written. Goes out: a ConfigMap that says which job writes what
// there. On failure: where the cluster will not have it the job goes on without, and that is said; where it
// gives no answer nothing is written yet.

import { type ClusterWriter, refOf, shownRef } from '../../clusters/cluster-writer.ts';
import { markData, traceObject } from '../../jobs/traces.ts';
import type { Entry } from '../plan/entry.ts';
import type { FanoutJob } from './on-record.ts';
import { refOfEntry } from './writes.ts';

export interface Marks {
  /** A text: why there is none. */
  put(job: FanoutJob, entry: Entry, writer: ClusterWriter): Promise<string | undefined>;
  forget(job: string): void;
}

export function createMarks(environment: string): Marks {
  /** By job: those that this process has put. */
  const stand = new Map<string, Set<string>>();
  return {
    async put(job, entry, writer) {
      const { namespace } = refOfEntry(entry);
      const mine = stand.get(job.id) ?? new Set();
      const place = `${entry.cluster} ${namespace}`;
      // A namespace itself is written before there is one to mark.
      if (namespace === undefined || mine.has(place)) return undefined;
      const here = job.plan.entries.filter(({ cluster }) => cluster === entry.cluster);
      const refs = here.map(refOfEntry).filter((one) => one.namespace === namespace);
      const data = markData({ apps: job.apps, writes: refs.map(shownRef) });
      const which = { kind: 'ConfigMap', namespace, what: 'mark' } as const;
      const mark = traceObject({ job: job.id, environment }, which, { data });
      const result = await writer.apply(mark);
      stand.set(job.id, mine.add(place));
      return result.ok ? undefined : `${shownRef(refOf(mark))} is not put: ${result.text}`;
    },
    forget: (job) => void stand.delete(job),
  };
}
