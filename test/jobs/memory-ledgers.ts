// Room, hooks, debts and marks of migrations, in memory, and told what hooks answer.

import { BallastError } from '../../src/errors.ts';
import type { Booking } from '../../src/migration/capacity/room.ts';
import type {
  Asked,
  Debt,
  HookAnswer,
  HookName,
  Ledgers,
  MovedMark,
  RoomAsk,
} from '../../src/migration/run/parts.ts';

const NO_HOOK: HookAnswer = { verdict: 'none', text: 'no hook' };

export class MemoryLedgers implements Ledgers {
  readonly bookings = new Map<string, RoomAsk>();
  readonly owed: Debt[] = [];
  readonly moved: MovedMark[] = [];
  readonly asked: (readonly [HookName, Asked])[] = [];
  answers: Partial<Record<HookName, HookAnswer>> = {};

  readonly room: Ledgers['room'] = {
    booked: async (destination) => this.#at(destination, ''),
    book: async (ask, fits) => {
      this.#check(ask.key, ask.fence);
      const trouble = fits(this.#at(ask.destination, ask.key));
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

  readonly debts: Ledgers['debts'] = {
    owe: async (_speaker, debts) => {
      const known = new Set(this.owed.map(({ uid }) => uid));
      this.owed.push(...debts.filter(({ uid }) => !known.has(uid)));
    },
    settle: async (_speaker, app, cluster) => {
      const rest = this.owed.filter((one) => one.app !== app || one.cluster !== cluster);
      this.owed.splice(0, this.owed.length, ...rest);
    },
  };

  readonly marks: Ledgers['marks'] = {
    moved: async (_speaker, mark) => {
      const isSame = ({ app, from }: MovedMark) => app === mark.app && from === mark.from;
      if (!this.moved.some(isSame)) this.moved.push(mark);
    },
  };

  #at(destination: string, key: string): Booking[] {
    return [...this.bookings.values()].filter(
      (one) => one.destination === destination && one.key !== key,
    );
  }

  #check(key: string, fence: number): void {
    if ((this.bookings.get(key)?.fence ?? fence) > fence) throw new BallastError('lost-term', key);
  }
}
