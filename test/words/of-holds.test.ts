// Words about holds: what stands refuses a job's hold, and more than there is room for; the end names them.

import { expect, test } from 'vitest';
import { publishedFrom } from '../../src/edges/published.ts';
import { digestOf } from '../../src/edges/digest.ts';
import { HOLDS } from '../../src/edges/document.ts';
import { encodeHolds, NO_HOLDS } from '../../src/edges/holds-body.ts';
import type { Hold } from '../../src/model.ts';
import { addHolds, expiry, liftHold } from '../../src/words/of-holds.ts';

function publishedWith(holds: readonly Hold[]) {
  const body = encodeHolds({ ...NO_HOLDS, holds });
  const stamp = { term: 1, version: 1 };
  const document = {
    app: HOLDS,
    stamp,
    digest: digestOf(body),
    owner: 'controller',
    body,
  } as const;
  const documents = new Map([[HOLDS, document]]);
  return publishedFrom({ term: 1, version: 1, documents, unreadable: new Map() });
}

const drain = (id: string, more: Partial<Hold> = {}): Hold => ({
  id,
  kind: 'drain',
  cluster: 'east',
  who: 'ann',
  why: 'repair',
  since: 0,
  ...more,
});

test('a person lifts no hold of a job', () => {
  const published = publishedWith([drain('h-1', { job: 'move-7', fence: 3 }), drain('h-2')]);
  const lift = (id: string) => () => liftHold('ann', id).decide(published, 0);
  expect(lift('h-1')).toThrow(
    expect.objectContaining({ code: 'hold-of-job', message: expect.stringContaining('move-7') }),
  );
  expect(lift('h-2')).not.toThrow();
  const replace = () => addHolds('ann', [drain('h-3')], ['h-1']).decide(published, 0);
  expect(replace).toThrow(expect.objectContaining({ code: 'hold-of-job' }));
});

test('all holds together are as long as every edge can keep', () => {
  const long = (count: number) =>
    Array.from({ length: count }, (_, index) => drain(`h-${index}`, { why: 'w'.repeat(1000) }));
  const published = publishedWith(long(900));
  const add = (count: number) => () =>
    addHolds('ann', long(1000 + count).slice(1000), []).decide(published, 0);
  expect(add(1)).not.toThrow();
  expect(add(200)).toThrow(expect.objectContaining({ code: 'holds-full' }));
});

test('the end of holds names them, and ends no others', () => {
  const [one, two, three] = [
    drain('h-1', { until: 5 }),
    drain('h-2', { until: 5 }),
    drain('h-3', { until: 9 }),
  ];
  const word = expiry([one, two]);
  expect(word.text).toBe(
    'over: drain h-1 of cluster east: repair; drain h-2 of cluster east: repair',
  );
  const left = word.decide(publishedWith([one, two, three]), 9).holds?.holds;
  expect(left?.map(({ id }) => id)).toEqual(['h-3']);
});
