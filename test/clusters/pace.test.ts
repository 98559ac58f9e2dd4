import { expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { backOff, createPace } from '../../src/clusters/pace.ts';

/** Time passes only where somebody waits for it. */
function createTestClock() {
  const waiting: { at: number; wake: () => void }[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        waiting.push({ at: now + ms, wake: resolve });
        signal?.addEventListener('abort', () => resolve());
      }),
  };
  /** Lets all that can happen happen, then goes on to the given time. */
  async function goTo(time: number) {
    await settle();
    for (;;) {
      const next = waiting.toSorted((a, b) => a.at - b.at)[0];
      if (!next || next.at > time) break;
      waiting.splice(waiting.indexOf(next), 1);
      now = Math.max(now, next.at);
      next.wake();
      await settle();
    }
    now = time;
  }
  return { clock, goTo };
}

async function settle() {
  for (let index = 0; index < 20; index++) await Promise.resolve();
}

const never = new AbortController().signal;

function enterAll(
  pace: ReturnType<typeof createPace>,
  count: number,
  entered: number[],
  now: () => number,
) {
  for (let index = 0; index < count; index++) {
    void pace.enter(never, false).then(() => entered.push(now()));
  }
}

test('one tries a cluster in doubt, and its answer lets all others in', async () => {
  const { clock, goTo } = createTestClock();
  const pace = createPace(clock, () => 0);
  const entered: number[] = [];
  enterAll(pace, 5, entered, () => clock.now());
  await goTo(300);
  expect(entered).toEqual([0]);
  pace.answered();
  await goTo(301);
  expect(entered).toEqual([0, 300, 300, 300, 300]);
});

test('failures in a row are called ever more seldom, together at most once a second', async () => {
  const { clock, goTo } = createTestClock();
  const pace = createPace(clock, () => 0);
  const entered: number[] = [];
  for (let index = 0; index < 3; index++) {
    void (async () => {
      while (clock.now() < 40_000) {
        await pace.enter(never, false);
        entered.push(clock.now());
        pace.failed();
        await clock.sleep(1);
      }
    })();
  }
  await goTo(40_000);
  const gaps = entered.slice(1).map((time, index) => time - (entered[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1000);
  expect(gaps.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
});

test('a Retry-After is obeyed even where another request was answered', async () => {
  const { clock, goTo } = createTestClock();
  const pace = createPace(clock, () => 0);
  const entered: number[] = [];
  pace.failed({ retryAfterMs: 5000 });
  pace.answered();
  enterAll(pace, 2, entered, () => clock.now());
  await goTo(4999);
  expect(entered).toEqual([]);
  await goTo(5001);
  expect(entered).toEqual([5000, 5000]);
});

test('the first failure after an answer holds back who comes next', async () => {
  const { clock, goTo } = createTestClock();
  const pace = createPace(clock, () => 0);
  pace.answered();
  pace.failed();
  const entered: number[] = [];
  enterAll(pace, 1, entered, () => clock.now());
  await goTo(999);
  expect(entered).toEqual([]);
  await goTo(1001);
  expect(entered).toEqual([1000]);
});

test('a link that broke is tried by one', async () => {
  const { clock, goTo } = createTestClock();
  const pace = createPace(clock, () => 0);
  pace.answered();
  pace.suspect();
  const entered: number[] = [];
  enterAll(pace, 4, entered, () => clock.now());
  await goTo(10);
  expect(entered).toEqual([0]);
});

test('an abort ends the wait', async () => {
  const { clock } = createTestClock();
  const pace = createPace(clock, () => 0);
  const abort = new AbortController();
  pace.failed({ retryAfterMs: 60_000 });
  const waits = pace.enter(abort.signal, false);
  abort.abort();
  await waits;
  expect(clock.now()).toBe(0);
});

test('back-off doubles to a bound, with jitter on top', () => {
  expect([1, 2, 3, 9].map((failures) => backOff(failures, 8000, () => 0))).toEqual([
    1000, 2000, 4000, 8000,
  ]);
  expect(backOff(1, 8000, () => 0.999)).toBeCloseTo(1250, -1);
});
