// The mark of a job in each namespace that it writes to: by it the job is found again where Redis has
// lost it, also while it holds nothing.
//
// Comes in: a job that is about to write there. Goes out: a ConfigMap that says which job writes what
// there. On failure: where the cluster will not have it the job goes on without, and that is said; where it
// gives no answer nothing is written yet.

import { type ClusterWriter, type ObjectRef, refOf, shownRef } from '../clusters/cluster-writer.ts';
import type { ClusterName } from '../model.ts';
import type { Scene } from './kind.ts';
import type { JobHead } from './record.ts';
import { markData, traceObject } from './traces.ts';

export interface Marking {
  readonly job: Pick<JobHead, 'id' | 'apps'>;
  readonly cluster: ClusterName;
  /** A namespace itself is written before there is one to mark. */
  readonly namespace: string | undefined;
  /** All that the job writes in the cluster. */
  readonly writes: () => readonly ObjectRef[];
}

export type Marker = Pick<Scene, 'term' | 'check' | 'note'>;

export interface Marks {
  put(marking: Marking, writer: ClusterWriter, scene: Marker): Promise<void>;
  forget(job: string): void;
}

export function createMarks(environment: string): Marks {
  /** By job: those that this process has put, each under its term: another may have led since. */
  const stand = new Map<string, Set<string>>();
  return {
    async put({ job, cluster, namespace, writes }, writer, scene) {
      const mine = stand.get(job.id) ?? new Set();
      const place = `${scene.term} ${cluster} ${namespace}`;
      if (namespace === undefined || mine.has(place)) return;
      const refs = writes().filter((one) => one.namespace === namespace);
      const data = markData({ apps: job.apps, writes: refs.map(shownRef) });
      const which = { kind: 'ConfigMap', namespace, what: 'mark' } as const;
      const mark = traceObject({ job: job.id, environment }, which, { data });
      await scene.check();
      const result = await writer.apply(mark);
      stand.set(job.id, mine.add(place));
      if (result.ok) return;
      const name = shownRef(refOf(mark));
      scene.note(`goes on without a mark in ${cluster}: ${name} is not put: ${result.text}`);
    },
    forget: (job) => void stand.delete(job),
  };
}
