// People: they hold, lift, and delete apps that nobody names any more; and wait to be told that every
// edge has it, as the API's `?wait` does.
//
// Comes in: what they want. Goes out: words to whoever leads. On failure: they try again for a while; of
// a word whose outcome nobody knows they expect nothing.

import { acknowledgedBy } from '../../src/api/acknowledged.ts';
import { HOLDS } from '../../src/edges/document.ts';
import { BallastError } from '../../src/errors.ts';
import type { AppName, Hold, Stamp } from '../../src/model.ts';
import { deleteApp } from '../../src/words/of-apps.ts';
import { addHolds, liftHold, type NewHold } from '../../src/words/of-holds.ts';
import type { Word } from '../../src/words/word.ts';
import type { SimulatedController } from './controllers.ts';
import type { Time } from './time.ts';
import type { Watch } from './watch.ts';

const AGAIN_MS = 400;
const PATIENCE_MS = 25_000;

interface Said {
  readonly by: SimulatedController;
  readonly stamp: Stamp;
}

export class People {
  readonly #time: Time;
  readonly #controllers: readonly SimulatedController[];
  readonly #watch: Watch;
  readonly #told: (text: string) => void;

  constructor(
    time: Time,
    parts: {
      readonly controllers: readonly SimulatedController[];
      readonly watch: Watch;
      readonly told: (text: string) => void;
    },
  ) {
    this.#time = time;
    this.#controllers = parts.controllers;
    this.#watch = parts.watch;
    this.#told = parts.told;
  }

  hold(hold: NewHold): void {
    this.#say(
      () => addHolds(hold.who, [hold]),
      () => {
        this.#waitFor(hold.id, ({ controller, book, process }) => {
          const published = controller?.published();
          const since = published?.heldSince.get(hold.id);
          const stands = published?.held.holds.find(({ id }) => id === hold.id);
          if (!published || since === undefined || !stands || !book || !process) return undefined;
          const stamp = { term: published.mark.term, version: since };
          const wanted = {
            stamp,
            concerns: (app: AppName) => app === HOLDS || !this.#spares(stands, app),
          };
          if (!acknowledgedBy(book, wanted, process.clock.now()).acknowledged) return undefined;
          return () => this.#watch.acknowledged(stands);
        });
      },
    );
  }

  lift(id: string): void {
    this.#watch.lifting(id);
    this.#say(
      () => liftHold('ann', id),
      ({ stamp }) => {
        this.#waitFor(`no ${id}`, ({ controller, book, process }) => {
          const published = controller?.published();
          if (!published || !book || !process || published.mark.term !== stamp.term)
            return undefined;
          const wanted = { stamp, concerns: () => true };
          if (!acknowledgedBy(book, wanted, process.clock.now()).acknowledged) return undefined;
          return () => this.#watch.lifted(id);
        });
      },
    );
  }

  delete(app: AppName): void {
    const word = ({ controller }: SimulatedController): Word =>
      deleteApp('ann', app, (name) => controller?.standing(name) ?? 'unseen');
    this.#say(word, ({ stamp }) => {
      this.#waitFor(`no ${app}`, ({ controller, book, process }) => {
        const published = controller?.published();
        if (!published || !book || !process || published.mark.term !== stamp.term) return undefined;
        const wanted = { stamp, concerns: (name: AppName) => name === app };
        if (!acknowledgedBy(book, wanted, process.clock.now()).acknowledged) return undefined;
        return () => this.#watch.deleted(app, stamp);
      });
    });
  }

  #spares(hold: Hold, app: AppName): boolean {
    return hold.app !== undefined && hold.app !== app;
  }

  #leader(): SimulatedController | undefined {
    return this.#controllers.find((one) => {
      const { process, controller } = one;
      const isHere = process?.alive && process.stillUntil <= this.#time.now;
      return isHere && controller?.leader().leading;
    });
  }

  #say(make: (by: SimulatedController) => Word, then: (said: Said) => void, spent = 0): void {
    if (spent > PATIENCE_MS) return;
    const again = (): void => {
      this.#time.after(AGAIN_MS, () => this.#say(make, then, spent + AGAIN_MS));
    };
    const by = this.#leader();
    if (!by?.controller) return again();
    const { process } = by;
    by.controller.say(make(by)).then(
      (stamp) => {
        if (!process?.alive) return;
        this.#told(`${by.name} says it is written: ${stamp.version}`);
        then({ by, stamp });
      },
      (error: unknown) => {
        const isKnown = error instanceof BallastError && error.code !== 'redis-unavailable';
        this.#told(`${by.name} refuses: ${String(error)}`);
        if (isKnown && (error.code === 'not-leader' || error.code === 'lost-term')) again();
      },
    );
  }

  #waitFor(
    what: string,
    isThere: (by: SimulatedController) => (() => void) | undefined,
    spent = 0,
  ): void {
    if (spent > PATIENCE_MS) return;
    const leader = this.#leader();
    const act = leader && isThere(leader);
    if (act) {
      this.#told(`${leader.name} says that every edge has ${what}`);
      act();
      return;
    }
    this.#time.after(AGAIN_MS, () => this.#waitFor(what, isThere, spent + AGAIN_MS));
  }
}
