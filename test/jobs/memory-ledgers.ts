// Room, hooks, debts and marks of migrations, in memory, and told what hooks answer.

import { BallastError } from '../../src/errors.ts';
import type { RoomAsk } from '../../src/migration/capacity/bookings.ts';
import type { Asked, HookAnswer } from '../../src/migration/hooks/question.ts';
import type { HookName } from '../../src/migration/hooks/settings.ts';
import type { Ledgers, Moving, Owing } from '../../src/migration/run/parts.ts';

const NO_HOOK: HookAnswer = { verdict: 'none', text: 'no hook' };

export class MemoryLedgers implements Ledgers {
  readonly bookings = new Map<string, RoomAsk>();
  readonly owed: Owing[] = [];
  readonly moved: Moving[] = [];
  readonly asked: (readonly [HookName, Asked])[] = [];
  answers: Partial<Record<HookName, HookAnswer>> = {};

  readonly room: Ledgers['room'] = {
    book: async (ask, fits) => {
      this.#check(ask.key, ask.fence);
      const trouble = await fits(this.#at(ask.destination, ask.key));
      if (trouble === undefined) this.bookings.set(ask.key, ask);
      return trouble;
    },
    renew: async (key, fence) => {
      this.#check(key, fence);
      const found = this.bookings.get(key);
      if (found) this.bookings.set(key, { ...found, fence });
      return found !== undefined;
    },
    release: async (key, fence) => {
      this.#check(key, fence);
      this.bookings.delete(key);
    },
  };

  readonly hooks: Ledgers['hooks'] = {
    ask: async (name, asked) => {
      this.asked.push([name, asked]);
      return this.answers[name] ?? NO_HOOK;
    },
  };

  owe: Ledgers['owe'] = async (_speaker, owing) => {
    if (!this.owed.some(({ app }) => app === owing.app)) this.owed.push(owing);
  };

  mark: Ledgers['mark'] = async (_speaker, moving) => {
    if (!this.moved.some(({ app }) => app === moving.app)) this.moved.push(moving);
  };

  unmark: Ledgers['unmark'] = async (_speaker, app) => {
    const place = this.moved.findIndex((one) => one.app === app);
    if (place >= 0) this.moved.splice(place, 1);
  };

  #at(destination: string, key: string): RoomAsk[] {
    return [...this.bookings.values()].filter(
      (one) => one.destination === destination && one.key !== key,
    );
  }

  #check(key: string, fence: number): void {
    if ((this.bookings.get(key)?.fence ?? fence) > fence) throw new BallastError('lost-term', key);
  }
}
