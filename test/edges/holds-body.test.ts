// The body of `_holds`: canonical bytes, and what is wrong with others.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HOLDS } from '../../src/edges/document.ts';
import { decodeHolds, encodeHolds, NO_HOLDS } from '../../src/edges/holds-body.ts';
import { publishedFrom } from '../../src/edges/published.ts';
import { digestOf } from '../../src/edges/digest.ts';
import type { Debt, Hold, MovedMark } from '../../src/model.ts';

const DRAIN: Hold = { id: 'b', kind: 'drain', app: 'shop', who: 'ann', why: '修 "x"', since: 1 };
const FREEZE: Hold = {
  why: 'sale',
  id: 'a',
  who: 'job',
  kind: 'freeze',
  cluster: 'east',
  since: 2,
  until: 3,
  job: 'j1',
  fence: 7,
  kept: { shop: { west: 1, east: 2 } },
};

const OWED = { apiVersion: 'v1', kind: 'Service', namespace: 'prod', name: 'shop', uid: 'u1' };
const DEBT: Debt = {
  id: 'm-1.shop',
  job: 'm-1',
  app: 'shop',
  cluster: 'east',
  objects: [OWED],
  who: 'ann',
  why: 'east is dead',
  since: 4,
};
const MARK: MovedMark = {
  app: 'shop',
  namespace: 'prod',
  from: 'east',
  to: 'west',
  job: 'm-1',
  since: 5,
};

test('keys are sorted, holds by their ids, and all of it comes back', () => {
  const body = encodeHolds({ ...NO_HOLDS, holds: [DRAIN, FREEZE] });
  expect(body).toBe(
    '{"debts":[],"holds":[{"cluster":"east","fence":7,"id":"a","job":"j1","kept":{"shop":' +
      '{"east":2,"west":1}},"kind":"freeze","since":2,"until":3,"who":"job","why":"sale"},' +
      '{"app":"shop","id":"b","kind":"drain","since":1,"who":"ann","why":"修 \\"x\\""}],"moved":[]}',
  );
  expect(decodeHolds(body)).toEqual({ debts: [], holds: [FREEZE, DRAIN], moved: [] });
});

test('the body of the contract is read, and what migrations leave behind', () => {
  const file = new URL('../contract/bodies.json', import.meta.url);
  const { good } = JSON.parse(readFileSync(file, 'utf8')) as {
    good: { app?: string; body: string }[];
  };
  const bodies = good.filter(({ app }) => app === HOLDS);
  for (const { body } of bodies) {
    const read = decodeHolds(body);
    expect('place' in read ? read : encodeHolds(read)).toBe(body);
  }
  const left = { holds: [], debts: [DEBT], moved: [MARK, { ...MARK, app: 'cart' }] };
  const body = encodeHolds(left);
  expect(decodeHolds(body)).toEqual({ ...left, moved: left.moved.toReversed() });
  expect(body).toContain('"debts":[{"app":"shop","cluster":"east","id":"m-1.shop"');
  expect(decodeHolds('{}')).toEqual(NO_HOLDS);
});

test('a body of the first format may say so; that is how a later one is known', () => {
  const body = encodeHolds({ ...NO_HOLDS, holds: [DRAIN] });
  const said = JSON.stringify({ format: 1, ...(JSON.parse(body) as object) });
  expect(decodeHolds(said)).toEqual(decodeHolds(body));
  expect(decodeHolds('{"format":2,"words":[]}')).toEqual({
    place: 'format',
    text: '2, and this version knows 1: run the version that wrote it',
  });
});

test.each([
  ['{', 'body'],
  ['[]', 'body'],
  ['{"later":[]}', 'later'],
  ['{"holds":{}}', 'holds'],
  ['{"moved":1}', 'moved'],
  ['{"moved":["x"]}', 'moved[0]'],
  [JSON.stringify({ moved: [{ ...MARK, from: '' }] }), 'moved[0].from'],
  [JSON.stringify({ moved: [{ ...MARK, later: 1 }] }), 'moved[0].later'],
  ['{"debts":[{}]}', 'debts[0].id'],
  [JSON.stringify({ debts: [{ ...DEBT, objects: [] }] }), 'debts[0].objects'],
  [JSON.stringify({ debts: [DEBT, { ...DEBT, later: 1 }] }), 'debts[1].later'],
  [
    JSON.stringify({ debts: [{ ...DEBT, objects: [OWED, { ...OWED, uid: '' }] }] }),
    'debts[0].objects[1].uid',
  ],
  ['{"holds":[1]}', 'holds[0]'],
  [JSON.stringify({ holds: [DRAIN, { ...DRAIN, later: 1 }] }), 'holds[1].later'],
  [JSON.stringify({ holds: [{ ...DRAIN, kind: 'kill' }] }), 'holds[0].kind'],
  [JSON.stringify({ holds: [{ ...DRAIN, app: undefined }] }), 'holds[0]'],
  [JSON.stringify({ holds: [{ ...DRAIN, kind: 'pin' }] }), 'holds[0].weight'],
  [JSON.stringify({ holds: [{ ...DRAIN, server: 'host:80' }] }), 'holds[0].server'],
  [JSON.stringify({ holds: [{ ...DRAIN, since: -1 }] }), 'holds[0].since'],
  [JSON.stringify({ holds: [{ ...DRAIN, kept: { shop: { east: 'x' } } }] }), 'holds[0].kept'],
])('%s: %s is named', (body, place) => {
  expect(decodeHolds(body)).toMatchObject({ place });
});

test('published: since when each hold stands, and none that cannot be read is acted on', () => {
  const document = (version: number, body?: string) => ({
    app: HOLDS,
    stamp: { term: 1, version },
    owner: 'controller' as const,
    digest: digestOf(body),
    ...(body !== undefined && { body }),
  });
  const documents = new Map([[HOLDS, document(3, encodeHolds({ ...NO_HOLDS, holds: [DRAIN] }))]]);
  const shown = publishedFrom({ term: 1, version: 5, documents, unreadable: new Map() });
  expect([shown.holdsAt, [...shown.heldSince]]).toEqual([5, [['b', 5]]]);
  const both = encodeHolds({ ...NO_HOLDS, holds: [DRAIN, FREEZE] });
  shown.apply({ term: 1, version: 9 }, [document(9, both)]);
  expect([shown.holdsAt, Object.fromEntries(shown.heldSince)]).toEqual([9, { a: 9, b: 5 }]);
  shown.apply({ term: 1, version: 10 }, [document(10, '{"holds":1}')]);
  expect(shown.unreadable.get(HOLDS)).toBe('holds: not a list');
  shown.apply({ term: 1, version: 11 }, [document(11)]);
  expect([shown.unreadable.size, shown.held.holds]).toEqual([0, []]);
});
