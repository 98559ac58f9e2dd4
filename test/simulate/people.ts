// People: they hold, lift, and delete apps that nobody names any more; and wait to be told that every
// edge has it, as the API's `?wait` does.
//
// Comes in: what they want. Goes out: words to whoever leads. On failure: they try again for a while; of
// a word whose outcome nobody knows they expect nothing.

import { acknowledgedBy } from '../../src/api/acknowledged.ts';
import { standsDeleted, standsHeld, versionOf, type Stands } from '../../src/api/stands.ts';
import { HOLDS } from '../../src/edges/document.ts';
import type { Published } from '../../src/edges/published.ts';
import { BallastError } from '../../src/errors.ts';
import type { AppName, Stamp } from '../../src/model.ts';
import { adoptApp, deleteApp } from '../../src/words/of-apps.ts';
import { addHolds, liftHold, type NewHold } from '../../src/words/of-holds.ts';
import type { Word } from '../../src/words/word.ts';
import type { SimulatedController } from './controllers.ts';
import type { Time } from './time.ts';
import type { Watch } from './watch.ts';

const AGAIN_MS = 250;
const PATIENCE_MS = 25_000;

interface Wait {
  readonly stamp: Stamp;
  readonly stands: Stands;
  readonly concerns: (app: AppName) => boolean;
  readonly done: (published: Published) => void;
}

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
    const { id } = hold;
    this.#say(
      () => addHolds(hold.who, [hold]),
      ({ stamp }) => {
        this.#waitFor(id, {
          stamp,
          stands: standsHeld([id]),
          concerns: (app) => app === HOLDS || (hold.app ?? app) === app,
          done: ({ held }) => {
            const stands = held.holds.find((one) => one.id === id);
            if (stands) this.#watch.acknowledged(stands);
          },
        });
      },
    );
  }

  lift(id: string): void {
    this.#watch.lifting(id);
    this.#say(
      () => liftHold('ann', id),
      ({ stamp }) => {
        this.#waitFor(`no ${id}`, {
          stamp,
          stands: standsHeld([], [id]),
          concerns: () => true,
          done: () => this.#watch.lifted(id),
        });
      },
    );
  }

  delete(app: AppName): void {
    const word = ({ controller }: SimulatedController): Word =>
      deleteApp('ann', app, (name) => controller?.standing(name) ?? 'unseen');
    this.#say(word, ({ stamp }) => {
      this.#waitFor(`no ${app}`, {
        stamp,
        stands: standsDeleted(app),
        concerns: (name) => name === app,
        done: () => this.#watch.deleted(app, stamp),
      });
    });
  }

  adopt(app: AppName): void {
    this.#watch.adopting(app);
    this.#say(
      () => adoptApp('ann', app),
      () => undefined,
    );
  }

  #leader(): SimulatedController | undefined {
    return leaderOf(this.#controllers, this.#time.now);
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

  /** As src/api/holds.ts waits. */
  #waitFor(what: string, wait: Wait, spent = 0): void {
    if (spent > PATIENCE_MS) return;
    const { controller, book, process, name } = this.#leader() ?? {};
    const published = controller?.published();
    const version = versionOf(published, wait.stamp, wait.stands);
    if (published && book && process) {
      if (version === undefined) return this.#told(`${name} says that ${what} is lost`);
      const stamp = { term: published.mark.term, version };
      const { concerns } = wait;
      if (acknowledgedBy(book, { stamp, concerns }, process.clock.now()).acknowledged) {
        this.#told(`${name} says that every edge has ${what}`);
        return wait.done(published);
      }
    }
    this.#time.after(AGAIN_MS, () => this.#waitFor(what, wait, spent + AGAIN_MS));
  }
}

/** Who leads, and answers. */
export function leaderOf(
  controllers: readonly SimulatedController[],
  now: number,
): SimulatedController | undefined {
  return controllers.find(({ process, controller }) => {
    const isHere = process?.alive && process.stillUntil <= now;
    return isHere && controller?.leader().leading;
  });
}
