// One look at a job at a time, and the wake for the next one.

import type { Clock } from '../clock.ts';
import type { Wakes } from './wakes.ts';
import type { Work } from './work.ts';

/** Timers keep time no better than this. */
const EARLY_MS = 20;

export interface Drives {
  /** One that comes while it is looked at makes it be looked at once more. */
  readonly look: (job: string) => void;
  readonly woken: (job: string) => void;
  readonly ended: () => Promise<void>;
}

export interface DriveParts {
  readonly work: Work;
  readonly wakes: Wakes;
  readonly clock: Clock;
  readonly until: AbortSignal;
  readonly trouble: () => void;
}

export function drive({ work, wakes, clock, until, trouble }: DriveParts): Drives {
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const due = new Map<string, number>();

  /** One wake is under way for each job, or they would multiply. */
  const wakeLater = (id: string, ms: number): void => {
    const at = clock.now() + ms;
    const other = due.get(id);
    if (other !== undefined && other > clock.now() - EARLY_MS && other <= at) return;
    due.set(id, at);
    // One that is lost: every job is looked at now and then.
    void wakes.wake(id, ms).catch(() => undefined);
  };
  const run = async (id: string): Promise<void> => {
    again.delete(id);
    const ms = await work.look(id);
    if (ms !== undefined && !again.has(id)) wakeLater(id, ms);
  };
  const look = (id: string): void => {
    if (until.aborted) return;
    if (running.has(id)) {
      again.add(id);
      return;
    }
    const mine = run(id)
      .catch(trouble)
      .finally(() => {
        running.delete(id);
        // Also what was said after the last look and before this.
        if (again.has(id)) look(id);
      });
    running.set(id, mine);
  };
  return {
    look,
    /** A wake of an earlier term comes when it likes: then ours is still to come. */
    woken(id: string): void {
      if ((due.get(id) ?? 0) <= clock.now() + EARLY_MS) due.delete(id);
      look(id);
    },
    async ended(): Promise<void> {
      await Promise.all(running.values());
    },
  };
}
