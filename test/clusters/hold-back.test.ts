// Unready pods are held back for a moment, all else passes at once.

import { beforeEach, expect, test } from 'vitest';
import { holdBack } from '../../src/clusters/hold-back.ts';
import type { Change } from '../../src/clusters/record-index.ts';
import type { Meta } from '../../src/clusters/records.ts';

interface Counted extends Meta {
  readonly unready: number;
}

let closed: AbortController;
let wake: (() => void)[];
let applied: string[];
let take: (changes: readonly Change<Counted>[]) => void;

const record = (uid: string, version: number, unready = 0): Counted => {
  return { uid, version: `${version}`, namespace: 'prod', name: uid, unready };
};
const text = (one: Counted | undefined) => (one ? `${one.uid}${one.version}` : 'none');

/** All that wait are woken, as after the moment. */
async function pass(): Promise<void> {
  for (const one of wake.splice(0)) one();
  await Promise.resolve();
  await Promise.resolve();
}

beforeEach(() => {
  closed = new AbortController();
  wake = [];
  applied = [];
  take = holdBack<Counted>({
    clock: { now: () => 0, sleep: () => new Promise((resolve) => wake.push(resolve)) },
    signal: closed.signal,
    worse: (before, after) => after.unready > before.unready,
    apply: (changes) => {
      for (const { before, after } of changes) applied.push(`${text(before)} -> ${text(after)}`);
    },
  });
});

test('what comes, goes or gets better passes at once', () => {
  take([{ before: undefined, after: record('a', 1, 2) }]);
  take([{ before: record('a', 1, 2), after: record('a', 2, 1) }]);
  take([{ before: record('a', 2, 1), after: undefined }]);
  expect(applied).toEqual(['none -> a1', 'a1 -> a2', 'a2 -> none']);
});

test('what turns unready waits, and nothing else waits for it', async () => {
  take([
    { before: record('a', 1), after: record('a', 2, 1) },
    { before: record('b', 1), after: record('b', 2) },
  ]);
  expect(applied).toEqual(['b1 -> b2']);
  await pass();
  expect(applied).toEqual(['b1 -> b2', 'a1 -> a2']);
});

test('what changes meanwhile counts from what was applied, and waits no longer', async () => {
  take([{ before: record('a', 1), after: record('a', 2, 1) }]);
  take([{ before: record('a', 2, 1), after: record('a', 3, 2) }]);
  expect(wake).toHaveLength(1);
  await pass();
  expect(applied).toEqual(['a1 -> a3']);
});

test('what is ready again, or gone, is told at once and not again later', async () => {
  take([{ before: record('a', 1), after: record('a', 2, 1) }]);
  take([{ before: record('a', 2, 1), after: record('a', 3) }]);
  take([{ before: record('b', 1), after: record('b', 2, 1) }]);
  take([{ before: record('b', 2, 1), after: undefined }]);
  expect(applied).toEqual(['a1 -> a3', 'b1 -> none']);
  await pass();
  expect(applied).toEqual(['a1 -> a3', 'b1 -> none']);
});

test('what turns unready again waits anew', async () => {
  take([{ before: record('a', 1), after: record('a', 2, 1) }]);
  const [first] = wake.splice(0);
  take([{ before: record('a', 2, 1), after: record('a', 3) }]);
  take([{ before: record('a', 3), after: record('a', 4, 1) }]);
  first?.();
  await Promise.resolve();
  expect(applied).toEqual(['a1 -> a3']);
  await pass();
  expect(applied).toEqual(['a1 -> a3', 'a3 -> a4']);
});

test('nothing is told after the end', async () => {
  take([{ before: record('a', 1), after: record('a', 2, 1) }]);
  closed.abort();
  await pass();
  expect(applied).toEqual([]);
});
