// A job of which only its holds are left: Redis has lost the journal, and no controller remembers it.
//
// Comes in: what the edges brought back of it (`_holds`). Goes out: a blocked job. An abort lifts the
// holds, and is all that can be done to it: what it wrote to clusters is a person's to look at. On failure:
// it stays as it is, with its holds.

import type { AppName, ClusterName } from '../model.ts';
import type { JobKind } from './kind.ts';
import type { Job, PlacedObject } from './record.ts';

/** What is seen of a job from outside. */
export interface Trace {
  readonly job: string;
  readonly apps: readonly AppName[];
  readonly clusters: readonly ClusterName[];
  readonly holds: readonly string[];
  /** That it wrote, as far as they were looked for. */
  readonly objects?: readonly PlacedObject[];
}

export const FOUND = 'found';

export function foundJob({ job: id, apps, clusters, holds }: Trace, at: number): Job {
  const why =
    `its journal is lost; it is known by its holds ${holds.join(', ')}. ` +
    'Look at what it wrote; an abort lifts the holds';
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

/** `lift`: ends all holds of a job. */
export function foundKind(lift: (who: string, job: string) => Promise<void>): JobKind<unknown> {
  const LIFT = 'lift';
  return {
    kind: FOUND,
    next({ aborted, steps, why }) {
      if (!aborted) return { state: 'Blocked', why, run: [] };
      if (steps[LIFT]?.result?.kind === 'done') return { state: 'RolledBack', run: [] };
      return { state: 'RollingBack', run: [LIFT] };
    },
    prepare: async () => ({ text: 'lifts its holds', objects: [] }),
    async act({ id, aborted }) {
      await lift(aborted?.who ?? 'controller', id);
      return { kind: 'done', text: 'its holds are lifted' };
    },
  };
}
