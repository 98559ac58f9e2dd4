// What is published and cannot be read stays as it is: no round publishes over it.

import { expect, test } from 'vitest';
import { digestOf } from '../../src/edges/digest.ts';
import { encodeUpstream, type Document } from '../../src/edges/document.ts';
import { publishedFrom, type Published } from '../../src/edges/published.ts';
import type { World } from '../../src/inventory/inventory.ts';
import { computeRound } from '../../src/round.ts';

const POLICY = { balance: 'smooth', whenUnhealthy: 'spread' } as const;

function document(app: string, body: string): Document {
  return { app, body, digest: digestOf(body), owner: 'controller', stamp: { term: 1, version: 1 } };
}

function published(documents: readonly Document[], unreadable = new Map<string, string>()) {
  const byApp = new Map(documents.map((one) => [one.app, one]));
  return publishedFrom({ term: 1, version: 1, documents: byApp, unreadable });
}

function round(shown: Published, app: string) {
  const told = new Map([[app, { app, policy: POLICY }]]);
  const world: World = {
    clusters: [],
    told,
    vms: new Map([[app, ['10.9.0.1:80']]]),
    policy: POLICY,
    hostsFromIngress: true,
    base: 10,
    secondLookMs: 10_000,
    last: () => undefined,
    published: (name) => shown.app(name)?.upstream,
  };
  return computeRound({
    world,
    apps: [app],
    published: (name) => shown.app(name),
    unreadable: (name) => shown.unreadable.get(name),
    hostOwner: () => undefined,
  });
}

const good = encodeUpstream({ app: 'shop', policy: POLICY, servers: [] });

test.each([
  ['keys of a later version', good.replace('"policy"', '"later":1,"policy"'), 'later: unknown key'],
  ['no JSON', '{', 'body: not JSON'],
  ['another app’s body', good.replace('"shop"', '"news"'), 'app: the body is that of news'],
])('%s: the app is in no round, and its reason names the place', (_, body, place) => {
  const { facts, pass } = round(published([document('shop', body)]), 'shop');
  expect(pass).toEqual([]);
  expect(facts.get('shop')?.reason).toMatchObject({ code: 'unreadable' });
  expect(facts.get('shop')?.reason?.text).toContain(place);
});

test('a document that Redis itself cannot give is in no round, and is not served', () => {
  const shown = published([document('shop', good)]);
  expect(round(shown, 'shop').pass).toHaveLength(1);
  shown.apply({ term: 1, version: 2 }, [], new Map([['shop', 'its line is none']]));
  expect(shown.documents().has('shop')).toBe(false);
  expect(round(shown, 'shop').pass).toEqual([]);
  shown.apply({ term: 1, version: 3 }, [document('shop', good)]);
  expect(round(shown, 'shop').pass).toHaveLength(1);
});

test('a reserved document is no upstream, and no trouble', () => {
  expect(published([document('_holds', '{}'), document('_more', '{}')]).unreadable.size).toBe(0);
});
