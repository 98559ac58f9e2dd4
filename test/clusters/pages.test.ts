import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { Answer, Link } from '../../src/clusters/link.ts';
import { createPages } from '../../src/clusters/pages.ts';
import { createPace } from '../../src/clusters/pace.ts';
import { createTurns } from '../../src/clusters/turns.ts';

function pagesThatAnswer(...bodies: readonly unknown[]) {
  return pagesOf(2, bodies);
}

function pagesOf(pageSize: number, bodies: readonly unknown[]) {
  const asked: string[] = [];
  const get = async (path: string): Promise<Answer> => {
    asked.push(path);
    const text = JSON.stringify(bodies[asked.length - 1]);
    const body = (async function* () {
      yield Buffer.from(text);
    })();
    return {
      ...{ status: 200, retryAfter: undefined, date: undefined, isJson: true },
      body,
      discard: () => undefined,
    };
  };
  const link = { get, heard: () => undefined, doubt: () => undefined } as unknown as Link;
  const pace = createPace(systemClock, () => 0);
  const limits = { pageSize, pageMs: 5000 };
  const turns = createTurns();
  const pages = createPages(
    { path: '/pods', labelSelector: 'a=b' },
    { link, pace, clock: systemClock, limits, turns },
  );
  const items: unknown[] = [];
  const read = () =>
    pages.readAll(
      new AbortController().signal,
      () => undefined,
      (page) => items.push(...page),
    );
  return { read, items, asked };
}

const metadata = { resourceVersion: '7' };

test.each([
  ['a Status', { kind: 'Status', code: 200, metadata: {} }],
  ['another kind with items', { kind: 'Table', items: [], metadata }],
  ['items that are null', { kind: 'PodList', items: null, metadata }],
  ['no version', { kind: 'PodList', items: [], metadata: {} }],
  ['null', null],
])('%s is a failure, not an empty list', async (_, body) => {
  await expect(pagesThatAnswer(body).read()).rejects.toMatchObject({
    failure: { scope: 'cluster' },
  });
});

test('all pages are read, by the token of the one before, without a version', async () => {
  const { read, items, asked } = pagesThatAnswer(
    { kind: 'PodList', items: [1, 2], metadata: { ...metadata, continue: 'more&' } },
    { kind: 'PodList', items: [3], metadata },
  );
  expect(await read()).toBe('7');
  expect(items).toEqual([1, 2, 3]);
  expect(asked).toEqual([
    '/pods?limit=2&labelSelector=a%3Db',
    '/pods?limit=2&continue=more%26&labelSelector=a%3Db',
  ]);
});

test('a page is cut by bytes: big objects come few at a time, small ones many', async () => {
  const list = (count: number, size: number, more = true) => ({
    kind: 'PodList',
    items: Array<string>(count).fill('x'.repeat(size)),
    metadata: { ...metadata, ...(more && { continue: 'more' }) },
  });
  const bodies = [list(25, 100_000), list(5, 1000), list(500, 100), list(1, 1, false)];
  const { read, asked } = pagesOf(500, bodies);
  await read();
  const limits = asked.map((path) => Number(new URL(path, 'http://a').searchParams.get('limit')));
  expect(limits).toEqual([25, 5, 500, 500]);
});
