// Which calls were made under a key of their own, and what was answered: a repeat is told the same.
//
// Comes in: ids and texts, for a time. Goes out: what was noted first. On failure: `redis-unavailable`.

import type { Redis } from 'ioredis';

export interface CallNotes {
  /** Notes it where nothing is; answers what is there already. */
  claim(id: string, text: string, ms: number): Promise<string | undefined>;
  put(id: string, text: string, ms: number): Promise<void>;
  drop(id: string): Promise<void>;
}

type Ask = <T>(call: () => Promise<T>) => Promise<T>;

export function redisNotes(
  redis: Pick<Redis, 'set' | 'get' | 'del'>,
  ask: Ask,
  key: (name: string) => string,
): CallNotes {
  const at = (id: string): string => key(`call:${id}`);
  return {
    async claim(id, text, ms) {
      const taken = await ask(() => redis.set(at(id), text, 'PX', ms, 'NX'));
      if (taken !== null) return undefined;
      // Over just now: whoever asks again makes the call.
      return (await ask(() => redis.get(at(id)))) ?? text;
    },
    async put(id, text, ms) {
      await ask(() => redis.set(at(id), text, 'PX', ms));
    },
    async drop(id) {
      await ask(() => redis.del(at(id)));
    },
  };
}

export function memoryNotes(
  answer: <T>(make: () => T) => Promise<T>,
  now: () => number,
): CallNotes {
  const notes = new Map<string, { readonly text: string; readonly until: number }>();
  const set = (id: string, text: string, ms: number) => notes.set(id, { text, until: now() + ms });
  return {
    claim: (id, text, ms) =>
      answer(() => {
        const found = notes.get(id);
        if (found && found.until > now()) return found.text;
        set(id, text, ms);
        return undefined;
      }),
    put: (id, text, ms) => answer(() => void set(id, text, ms)),
    drop: (id) => answer(() => void notes.delete(id)),
  };
}
