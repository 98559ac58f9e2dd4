// Big answers of one cluster come a few at a time: pages of all its lists together would be in memory
// at once. Two, so that one that hangs does not hold up all others.

const AT_ONCE = 2;

export interface Turns {
  /** Waits for a turn; answers the way to give it back. Also where the signal aborts. */
  take(signal: AbortSignal): Promise<() => void>;
}

export function createTurns(): Turns {
  const waiting: (() => void)[] = [];
  let taken = 0;

  const next = (): void => {
    while (taken < AT_ONCE) {
      const first = waiting.shift();
      if (!first) return;
      first();
    }
  };

  return {
    take(signal) {
      const { promise, resolve } = Promise.withResolvers<() => void>();
      let state: 'waits' | 'holds' | 'over' = 'waits';
      const giveBack = (): void => {
        if (state === 'holds') taken--;
        state = 'over';
        next();
      };
      waiting.push(() => {
        if (state !== 'waits') return;
        state = 'holds';
        taken++;
        resolve(giveBack);
      });
      const leave = (): void => {
        if (state !== 'waits') return;
        state = 'over';
        resolve(giveBack);
      };
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
      next();
      return promise;
    },
  };
}
