// Virtual time: one queue of events, and processes that run on it.
//
// Comes in: what is to happen and when. Goes out: it happens, one event after the other, each only once
// all promises of the one before have settled. So the same queue always runs the same way. On failure:
// what an event throws ends the run.

import type { Clock } from '../../src/clock.ts';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  off: boolean;
}

/** A real turn of the loop now and then: garbage of aborted signals is only collected there. */
const TURN = 500;

export class Time {
  now = 0;
  #order = 0;
  #count = 0;
  readonly #heap: Event[] = [];

  /** Returns the way to call it off. */
  after(ms: number, run: () => void): () => void {
    const event = { at: this.now + Math.max(0, ms), order: this.#order++, run, off: false };
    this.#push(event);
    return () => {
      event.off = true;
    };
  }

  /** Runs until `end`, or until `step`, called after every event, answers true. */
  async run(end: number, step: () => boolean): Promise<void> {
    for (;;) {
      const event = this.#heap[0];
      if (!event || event.at > end) break;
      this.#pop();
      if (event.off) continue;
      this.now = event.at;
      event.run();
      await settle();
      this.#count += 1;
      if (this.#count % TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      if (step()) return;
    }
    this.now = end;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!isBefore(event, heap[up] as Event)) break;
      heap[at] = heap[up] as Event;
      at = up;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && isBefore(heap[down + 1] as Event, heap[down] as Event)) down++;
      if (!isBefore(heap[down] as Event, last)) break;
      heap[at] = heap[down] as Event;
      at = down;
    }
    heap[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at - b.at < 0 || (a.at === b.at && a.order < b.order);
}

/** Node runs what is to be next only when no promise is left that could go on. */
function settle(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/**
 * One start of a program. All it awaits comes back through it: so one that is killed never goes on from
 * where it waits, and one that stands still goes on later.
 */
export class Process {
  readonly name: string;
  readonly clock: Clock;
  alive = true;
  stillUntil = 0;
  /** Killed when it would go on for the so-many-th time from now. */
  stepsLeft = Number.POSITIVE_INFINITY;
  readonly #time: Time;
  readonly #onKilled: () => void;

  constructor(time: Time, name: string, onKilled: () => void = () => undefined) {
    this.name = name;
    this.#time = time;
    this.#onKilled = onKilled;
    // Its monotonic time begins with it.
    const began = time.now;
    this.clock = {
      now: () => time.now - began,
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  after(ms: number, run: () => void): () => void {
    return this.#time.after(ms, () => this.resume(run));
  }

  /** At once where it runs. */
  resume(run: () => void): void {
    if (!this.alive) return;
    const still = this.stillUntil - this.#time.now;
    if (still > 0) {
      this.after(still, run);
      return;
    }
    this.stepsLeft -= 1;
    if (this.stepsLeft <= 0) this.kill();
    else run();
  }

  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    this.#onKilled();
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        signal?.removeEventListener('abort', woken);
        resolve();
      };
      const off = this.after(ms, done);
      const woken = (): void => {
        off();
        resolve();
      };
      signal?.addEventListener('abort', woken, { once: true });
    });
  }
}
