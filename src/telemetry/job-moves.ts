// How jobs move: what came of their steps, how long those took, and since when each job has not moved.
//
// Comes in: jobs as their book changes, and what is known of all of them when somebody looks. Goes out:
// metrics, by kind and state alone. On failure: a controller that starts counts from its start: it has not
// seen when a job moved before.

import type { Clock } from '../clock.ts';
import { isOpen, JOB_STATES, type Job, type JobHead, type JobState } from '../jobs/record.ts';
import type { Metrics } from './metrics.ts';

export interface JobMoves {
  /** `before`: as this term's book had it; undefined: not at all, and nothing of it is new. */
  readonly changed: (job: Job, before: Job | undefined) => void;
  show(heads: readonly JobHead[]): void;
}

interface Seen {
  tip: string;
  at: number;
  /** Since when each step is under way. */
  readonly open: Map<string, number>;
}

/** It goes on by itself, or nobody does anything about it. */
const MOVING: ReadonlySet<JobState> = new Set(['Pending', 'Planned', 'Running', 'RollingBack']);

export function followJobs(metrics: Metrics, clock: Pick<Clock, 'now'>): JobMoves {
  const all = new Map<string, Seen>();

  const look = ({ id, tip }: JobHead): Seen => {
    const seen = all.get(id) ?? { tip: '', at: 0, open: new Map() };
    all.set(id, seen);
    if (seen.tip !== tip) [seen.tip, seen.at] = [tip, clock.now()];
    return seen;
  };
  const forgetBut = (heads: readonly JobHead[]): void => {
    const present = new Set(heads.map(({ id }) => id));
    for (const id of all.keys()) if (!present.has(id)) all.delete(id);
  };

  return {
    changed(job, before) {
      const { open } = look(job);
      const { kind } = job;
      for (const [name, step] of Object.entries(job.steps)) {
        const { result } = step;
        if (isOpen(step) && !open.has(name)) open.set(name, clock.now());
        if (!result || !before || before.steps[name]?.result === result) continue;
        metrics.jobSteps.inc({ kind, result: result.kind });
        const since = open.get(name);
        open.delete(name);
        if (since === undefined) continue;
        metrics.jobStepSeconds.observe({ labels: { kind }, value: (clock.now() - since) / 1000 });
      }
    },
    show(heads) {
      metrics.jobs.reset();
      metrics.jobUnmoved.reset();
      for (const kind of new Set(heads.map((head) => head.kind))) {
        const own = heads.filter((head) => head.kind === kind);
        for (const state of JOB_STATES) {
          metrics.jobs.set({ kind, state }, own.filter((head) => head.state === state).length);
        }
        const still = own
          .filter(({ state }) => MOVING.has(state))
          .map((head) => (clock.now() - look(head).at) / 1000);
        metrics.jobUnmoved.set({ kind }, Math.max(0, ...still));
      }
      forgetBut(heads);
    },
  };
}
