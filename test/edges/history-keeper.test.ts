// What a leader writes of its edges' acknowledgements, and when it trims.

import { expect, test } from 'vitest';
import { openEdgeBook } from '../../src/edges/edge-book.ts';
import type { EdgeState } from '../../src/edges/edge-state.ts';
import { keepHistory } from '../../src/edges/history-keeper.ts';
import type { Acknowledged, HistoryStore } from '../../src/edges/history-store.ts';

const TERM = 7;

function open(edges: readonly string[]) {
  let now = 0;
  let up = true;
  const written: Acknowledged[] = [];
  const trims: number[] = [];
  let calls = 0;
  let gate: Promise<void> | undefined;
  const answer = async (make: () => void): Promise<void> => {
    calls += 1;
    await gate;
    if (!up) throw new Error('down');
    make();
  };
  const history = {
    acknowledge: (commits: readonly Acknowledged[]) => answer(() => void written.push(...commits)),
    trim: () => answer(() => void trims.push(now)),
  } as unknown as HistoryStore;
  const book = openEdgeBook(new Map(edges.map((edge) => [edge, undefined])));
  const keeper = keepHistory({ history, book, clock: { now: () => now }, term: TERM });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    keeper,
    written,
    trims,
    calls: () => calls,
    /** Until what it returns is called, no call is answered. */
    stall: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    setUp: (value: boolean) => {
      up = value;
    },
    say: (name: string, version: number, more: Partial<EdgeState> = {}) => {
      const mark = { term: TERM, version };
      book.hear({ name, mark, refused: [], beat: 0, ...more } as unknown as EdgeState, now);
    },
    pass: async (ms: number) => {
      now += ms;
      keeper.tick();
      await settle();
    },
    commit: (version: number, after = 0) => {
      now += after;
      keeper.committed(version);
    },
  };
}

test('a commit is written once, when all edges have it', async () => {
  const { commit, say, pass, written } = open(['a', 'b']);
  commit(1);
  await pass(20);
  say('a', 1);
  await pass(1000);
  expect(written).toEqual([]);
  // Word that says it again is no later acknowledgement.
  say('a', 1);
  say('b', 1);
  await pass(1000);
  await pass(1000);
  expect(written).toEqual([{ version: 1, edges: { a: 20, b: 1020 } }]);
});

test('a mark stands for all commits up to it, but those of which it refuses a document', async () => {
  const { commit, say, pass, written } = open(['a']);
  for (const version of [1, 2, 3]) commit(version, 10);
  const stamp = { term: TERM, version: 2 };
  say('a', 3, { refused: [{ app: 'x', stamp, code: 'full' }] });
  await pass(1);
  expect(written).toEqual([
    { version: 1, edges: { a: 20 } },
    { version: 3, edges: { a: 0 } },
  ]);
  say('a', 3);
  await pass(1);
  expect(written.at(-1)).toEqual({ version: 2, edges: { a: 11 } });
});

test('a mark of another term says nothing', async () => {
  const { commit, say, pass, written } = open(['a']);
  commit(1);
  say('a', 9, { mark: { term: TERM - 1, version: 9 } });
  say('a', 9, { mark: { term: TERM + 1, version: 9 } });
  await pass(6000);
  expect(written).toEqual([]);
});

test('a silent edge holds up what the others said for 5 s, and its own word is written later', async () => {
  const { commit, say, pass, written } = open(['a', 'b']);
  commit(1);
  say('a', 1);
  await pass(5000);
  expect(written).toEqual([]);
  await pass(1000);
  expect(written).toEqual([{ version: 1, edges: { a: 0 } }]);
  await pass(60_000);
  say('b', 1);
  await pass(1);
  expect(written.slice(1)).toEqual([{ version: 1, edges: { b: 66_000 } }]);
});

test('what could not be written is tried again, and what waits is bounded', async () => {
  const { commit, say, pass, written, setUp } = open(['a']);
  setUp(false);
  commit(1);
  say('a', 1);
  await pass(1000);
  for (let version = 2; version < 5000; version += 1) commit(version);
  say('a', 4999);
  await pass(1000);
  expect(written).toEqual([]);
  setUp(true);
  for (let times = 0; times < 3; times += 1) await pass(1000);
  expect(written.length).toBeGreaterThan(0);
  expect(written.length).toBeLessThanOrEqual(3000);
  expect(written.map(({ version }) => version)).toContain(4999);
});

test('a silent edge is waited for ten minutes, and of many commits for the last thousand', async () => {
  const { commit, say, pass, written } = open(['a', 'b']);
  commit(1);
  say('a', 1);
  await pass(600_001);
  say('b', 1);
  await pass(1000);
  expect(written).toEqual([{ version: 1, edges: { a: 0 } }]);
  for (let version = 2; version <= 1500; version += 1) commit(version);
  say('a', 1500);
  await pass(1000);
  say('b', 1500);
  await pass(1000);
  const late = written.filter(({ edges }) => 'b' in edges).map(({ version }) => version);
  expect([late.length, late[0], late.at(-1)]).toEqual([1000, 501, 1500]);
});

test('at its end it writes what it knows, once', async () => {
  const { commit, say, written, keeper } = open(['a', 'b']);
  commit(1);
  say('a', 1);
  await Promise.all([keeper.close(), keeper.close()]);
  say('b', 1);
  expect(written).toEqual([{ version: 1, edges: { a: 0 } }]);
});

test('one batch is under way at a time, and its end waits for it', async () => {
  const { commit, say, pass, written, keeper, calls, stall } = open(['a']);
  await pass(1000);
  const goOn = stall();
  const before = calls();
  for (const version of [1, 2, 3]) {
    commit(version);
    say('a', version);
    await pass(1000);
  }
  expect(calls() - before).toBe(1);
  let isClosed = false;
  const closed = keeper.close().then(() => (isClosed = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect([isClosed, calls() - before]).toEqual([false, 1]);
  goOn();
  await closed;
  expect(written.map(({ version }) => version)).toEqual([1, 2, 3]);
});

test('it trims every ten seconds, whatever comes of it', async () => {
  const { pass, trims, setUp } = open([]);
  for (let times = 0; times < 25; times += 1) {
    setUp(times !== 10);
    await pass(1000);
  }
  expect(trims).toEqual([1000, 21_000]);
});
