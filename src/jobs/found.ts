// A job of which only traces are left: Redis has lost the journal, and no controller remembers it.
//
// Comes in: what the edges brought back of it (`_holds`), and what it has in clusters for its own sake
// (traces.ts). Goes out: a blocked job. An abort lifts the holds and removes those traces, and is all that
// can be done to it: what it wrote to clusters is a person's to look at. On failure: it stays as it is,
// with its holds.

import { shownRef } from '../clusters/cluster-writer.ts';
import type { Facts } from './change.ts';
import { clear } from './clear.ts';
import type { JobKind } from './kind.ts';
import type { Job } from './record.ts';
import type { Trace, TracedPlaces } from './traces.ts';

export const FOUND = 'found';

export function foundJob(trace: Trace, at: number): Job {
  const { job: id, apps, clusters, holds } = trace;
  const why = whyOf(trace);
  return {
    id,
    kind: FOUND,
    name: id,
    apps,
    clusters,
    begun: { who: 'controller', at },
    planDigest: '',
    state: 'Blocked',
    why,
    blocked: why,
    approvals: {},
    revision: 0,
    tip: '',
    home: { runId: '', replId: '' },
    plan: { holds },
    steps: {},
  };
}

function whyOf(trace: Trace): string {
  return `its journal is lost; it is known by ${knownBy(trace)}. Look at what it wrote; an abort ends what it is known by, and nothing else`;
}

/** A person reads it in a line. */
const SHOWN = 10;

function knownBy({ holds, objects = [], writes = [] }: Trace): string {
  const kept = objects.map(({ cluster, ...ref }) => `${shownRef(ref)} in ${cluster}`);
  const by = [
    ...(holds.length > 0 ? [`its holds ${listed(holds)}`] : []),
    ...(kept.length > 0 ? [listed(kept)] : []),
  ].join(', and ');
  return writes.length > 0 ? `${by} (it writes ${listed(writes)})` : by;
}

function listed(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return names.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Undefined: its head says so already. */
export function alsoFound(job: Job, trace: Trace): Facts | undefined {
  const text = knownBy(trace);
  if (job.why.includes(text)) return undefined;
  const clusters = [...new Set([...job.clusters, ...trace.clusters])].toSorted();
  const why = `${job.why}; also known by ${text}`;
  return { ...job, clusters, why, blocked: why };
}

export interface FoundParts {
  /** Ends all holds of a job. */
  readonly lift: (who: string, job: string) => Promise<void>;
  readonly places: Pick<TracedPlaces, 'clear'>;
}

export function foundKind({ lift, places }: FoundParts): JobKind<unknown> {
  const LIFT = 'lift';
  return {
    kind: FOUND,
    next({ aborted, steps, why }) {
      if (!aborted) return { state: 'Blocked', why, run: [] };
      if (steps[LIFT]?.result?.kind === 'done') return { state: 'RolledBack', run: [] };
      return { state: 'RollingBack', run: [LIFT] };
    },
    prepare: async () => ({ text: 'ends what it is known by', objects: [] }),
    async act({ id, aborted, clusters }, _step, scene) {
      await scene.check();
      await lift(aborted?.who ?? 'controller', id);
      return clear({ id, clusters }, scene, places);
    },
  };
}
