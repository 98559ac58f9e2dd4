// What is known of an edge comes from itself, also where Redis carries no heartbeats.

import { expect, test } from 'vitest';
import { openEdgeBook } from '../../src/edges/edge-book.ts';
import type { EdgeLink, NoAnswer } from '../../src/edges/edge-link.ts';
import type { EdgeState } from '../../src/edges/edge-state.ts';
import { questionEdges } from '../../src/edges/question.ts';
import { collectStatistics } from '../../src/edges/statistics.ts';

const MARK = { term: 1, version: 1 };
const STATE: EdgeState = {
  name: 'edge-1',
  start: 'a',
  beat: 7,
  highest: 1,
  mark: MARK,
  workers: [],
  refused: [],
  compared: 1,
  above: [],
  documents: 0,
  source: 'redis',
};

function linkOf(name: string): EdgeLink {
  const unused = (): Promise<never> => Promise.reject(new Error('nobody asks this'));
  const asks = { push: unused, gather: unused, fetch: unused, counts: unused, state: unused };
  return { name, ...asks, close: () => Promise.resolve() };
}

/** Asks once for each answer of `/v1/state`, two seconds apart; answers the views between. */
async function views(answers: readonly (EdgeState | NoAnswer)[]) {
  const book = openEdgeBook(new Map([['edge-1', 'http://127.0.0.1:9145']]));
  book.hear(STATE, 0);
  const seen: ReturnType<typeof book.views>[number][] = [];
  const stop = new AbortController();
  let now = 0;
  let asked = 0;
  const link: EdgeLink = {
    ...linkOf('edge-1'),
    // For as long as the test goes on.
    counts: () =>
      new Promise((resolve) => {
        stop.signal.addEventListener('abort', () => resolve({ failed: 'no counts' }));
      }),
    state: () => Promise.resolve(answers[asked++] ?? { failed: 'the end' }),
  };
  const clock = {
    now: () => now,
    sleep: (ms: number) => {
      now += ms;
      seen.push(...book.views(MARK, now));
      if (asked === answers.length) stop.abort();
      return Promise.resolve();
    },
  };
  await questionEdges([link], { statistics: collectStatistics(), book, clock }, stop.signal);
  return seen;
}

test('an edge that answers is no unreachable one, though its heartbeats end with Redis', async () => {
  const seen = await views([STATE, STATE, STATE, STATE]);
  expect(seen.map(({ status }) => status)).toEqual(Array(4).fill('current'));
  expect(seen.at(-1)?.ageSeconds).toBe(2);
});

test('an edge that does not answer keeps its last word, with its age and the reason, until it does', async () => {
  const away = { failed: '/v1/state: connect ECONNREFUSED' };
  const seen = await views([away, away, away, STATE]);
  expect(seen.map(({ status }) => status)).toEqual([
    'current',
    'current',
    'unreachable',
    'current',
  ]);
  expect(seen.map(({ trouble }) => trouble)).toEqual([...Array(3).fill(away.failed), undefined]);
});

test('an address that leads to another edge is told', async () => {
  const seen = await views([{ ...STATE, name: 'edge-2' }]);
  expect(seen[0]?.trouble).toBe('its address leads to edge-2');
});

test('counts are asked for every two seconds, and less often where they take long', async () => {
  const stop = new AbortController();
  const [rests, took] = [[] as number[], [10, 1500, 20]];
  let now = 0;
  const link: EdgeLink = {
    ...linkOf('edge-1'),
    state: () =>
      new Promise((resolve) => {
        stop.signal.addEventListener('abort', () => resolve({ failed: 'the end' }));
      }),
    counts: () => {
      now += took[rests.length] ?? 0;
      return Promise.resolve({ start: 'a', counts: [], unhealthy: [] });
    },
  };
  const sleep = (ms: number): Promise<void> => {
    if (rests.push(ms) === took.length) stop.abort();
    return Promise.resolve();
  };
  const parts = { statistics: collectStatistics(), book: openEdgeBook(new Map()) };
  await questionEdges([link], { ...parts, clock: { now: () => now, sleep } }, stop.signal);
  expect(rests).toEqual([2000, 15_000, 2000]);
});

test('what an edge answers counts though no heartbeat told it yet, and no older answer takes it back', () => {
  const book = openEdgeBook(new Map([['edge-1', undefined]]));
  const next = { ...MARK, version: MARK.version + 1 };
  const statusAt = (now: number) => book.views(next, now).map(({ status }) => status);
  book.hear(STATE, 0);
  expect(statusAt(1)).toEqual(['behind']);
  // A push: the beat is that of the heartbeat before it.
  book.answered({ ...STATE, mark: next }, 2);
  expect(statusAt(3)).toEqual(['current']);
  // A question that was answered before it.
  book.answered(STATE, 4);
  expect(statusAt(5)).toEqual(['current']);
  book.hear({ ...STATE, beat: STATE.beat + 1 }, 6);
  expect(statusAt(7)).toEqual(['behind']);
});
