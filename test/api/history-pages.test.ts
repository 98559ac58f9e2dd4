// Pages over what the store keeps, filtered: each line once, and none takes long.

import { expect, test } from 'vitest';
import { readItems, type Items } from '../../src/api/history-pages.ts';
import type { KeptLine, PageAsked } from '../../src/edges/history-store.ts';

/** So many lines, the newest first; every hundredth is wanted. */
function store(count: number) {
  let read = 0;
  const lines = Array.from({ length: count }, (_, index): KeptLine => {
    const version = count - index;
    return { id: `${version}-0`, version, term: 1, at: version * 1000, text: '{}' };
  });
  return {
    read: () => read,
    page: async ({ from, count: most }: PageAsked) => {
      const begin = from === undefined ? 0 : lines.findIndex(({ id }) => id === from);
      const next = lines[begin + most]?.id;
      read += most;
      return { lines: lines.slice(begin, begin + most), ...(next !== undefined && { next }) };
    },
  };
}

const hundredth = ({ version }: KeptLine): number | undefined =>
  version % 100 === 0 ? version : undefined;

test('a page that would take long to fill ends early, and the next goes on there', async () => {
  const { page, read } = store(20_000);
  const found: number[] = [];
  const sizes: number[] = [];
  for (let from: string | undefined = ''; from !== undefined; ) {
    const asked = { limit: 500, isFiltered: true, ...(from !== '' && { continue: from }) };
    const answer: Items<number> = await readItems(page, asked, hundredth);
    found.push(...answer.items);
    sizes.push(answer.items.length);
    from = answer.continue;
  }
  expect(sizes).toEqual([50, 50, 50, 50]);
  expect(found).toEqual(Array.from({ length: 200 }, (_, index) => 20_000 - index * 100));
  expect(read()).toBeLessThanOrEqual(4 * 5500);
});

test('of lines that all are wanted no more are read than asked for', async () => {
  const { page, read } = store(1000);
  const all = ({ version }: KeptLine): number => version;
  const first = await readItems(page, { limit: 10, isFiltered: false }, all);
  expect([first.items.length, first.continue, read()]).toEqual([10, '990-0', 10]);
  const last = await readItems(page, { limit: 10, isFiltered: false, continue: '5-0' }, all);
  expect(last).toEqual({ items: [5, 4, 3, 2, 1] });
});

test('nothing older than asked for, and nothing is read behind it', async () => {
  const { page, read } = store(20_000);
  const asked = { limit: 500, isFiltered: true, since: new Date(19_900_000).toISOString() };
  expect(await readItems(page, asked, hundredth)).toEqual({ items: [20_000, 19_900] });
  expect(read()).toBe(500);
});
