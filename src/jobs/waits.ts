// What a runner knows of steps under way, and no journal has: what they wait for, what they want approved, and
// whether a call of theirs got no answer. It is lost with the runner: who takes a step over asks anew.

import type { Next, Waiting } from './kind.ts';
import { isFinal, isOpen, type Job } from './record.ts';

type Named = Pick<Job, 'id'>;

export interface Waits {
  /** Milliseconds until it is asked again. */
  put(job: Named, step: string, waiting: Waiting): number;
  /** A call got no answer: what it asked for may be done yet. */
  doubt(job: Named, step: string): void;
  /** It waits no more. True: one of its calls got no answer. */
  end(job: Named, step: string): boolean;
  of(job: Named, step: string): string | undefined;
  /** Of one that goes on, each with its step; what waited before somebody spoke waits no more. */
  all(job: Job): string[];
  /** Where every step under way waits for a person, the job does. */
  asked(job: Job, next: Next): Next;
}

export const keyOf = ({ id }: Named, step: string): string => `${id} ${step}`;

export function createWaits(): Waits {
  const texts = new Map<string, string>();
  const asks = new Map<string, string>();
  const unheard = new Set<string>();
  return {
    put(job, step, { text, seconds, asks: what, unheard: isUnheard }) {
      const key = keyOf(job, step);
      texts.set(key, text);
      if (what === undefined) asks.delete(key);
      else asks.set(key, what);
      if (isUnheard) unheard.add(key);
      return seconds * 1000;
    },
    doubt: (job, step) => void unheard.add(keyOf(job, step)),
    end(job, step) {
      const key = keyOf(job, step);
      texts.delete(key);
      asks.delete(key);
      return unheard.delete(key);
    },
    of: (job, step) => texts.get(keyOf(job, step)),
    all(job) {
      if (isFinal(job) || job.paused || job.blocked !== undefined) return [];
      const mine = keyOf(job, '');
      return [...texts].flatMap(([key, text]) => {
        const step = key.slice(mine.length);
        return key.startsWith(mine) && isWaiting(job, step) ? `${step}: ${text}` : [];
      });
    },
    asked(job, next) {
      const open = next.run.map((step) => keyOf(job, step));
      const what = open.map((key) => asks.get(key)).find((one) => one !== undefined);
      if (what === undefined || job.approvals[what]) return next;
      const all = open.every((key) => asks.has(key));
      return {
        ...next,
        asks: what,
        ...(all && { state: 'WaitingApproval', why: texts.get(open[0] ?? '') ?? '' }),
      };
    },
  };
}

/** One that was not begun may wait too; but no more once the way leads back. */
function isWaiting({ steps, aborted }: Job, name: string): boolean {
  const step = steps[name];
  return isOpen(step) || (step === undefined && !aborted);
}
