// What a revert holds, and what stands in its way.

import { expect, test } from 'vitest';
import { digestOf } from '../../src/edges/digest.ts';
import { encodeUpstream, HOLDS, type Document } from '../../src/edges/document.ts';
import { encodeHolds, NO_HOLDS } from '../../src/edges/holds-body.ts';
import { publishedFrom } from '../../src/edges/published.ts';
import type { Hold, Owner, Server } from '../../src/model.ts';
import { revertApp, type Revert } from '../../src/words/revert.ts';

const POLICY = { balance: 'smooth', whenUnhealthy: 'spread' } as const;

const server = (address: string, from: string, weight: number): Server => ({
  address: `${address}:80`,
  from,
  weight,
});
const EAST = [server('10.1.0.1', 'east', 40), server('10.1.0.2', 'east', 40)];
const WEST = [server('10.2.0.1', 'west', 50)];

function publishedWith(
  servers: readonly Server[],
  holds: readonly Hold[],
  owner: Owner = 'controller',
) {
  const bodies = [
    ['shop', encodeUpstream({ app: 'shop', hosts: [], servers, policy: POLICY })],
    [HOLDS, encodeHolds({ ...NO_HOLDS, holds })],
  ] as const;
  const documents = bodies.map(([app, body]): [string, Document] => {
    const stamp = { term: 1, version: 9 };
    return [app, { app, stamp, digest: digestOf(body), owner, body }];
  });
  const rest = { term: 1, version: 9, unreadable: new Map() };
  return publishedFrom({ ...rest, documents: new Map(documents) });
}

const hold = (more: Partial<Hold>): Hold => ({
  id: 'other',
  kind: 'drain',
  who: 'ann',
  why: 'repair',
  since: 0,
  ...more,
});

interface Case {
  readonly state?: readonly Server[];
  readonly now?: readonly Server[];
  readonly held?: readonly Hold[];
  readonly lift?: readonly string[];
  readonly owner?: Owner;
}

/** The holds that it adds, or the code and sentence that refuse it. */
function revert({ state = [...EAST, ...WEST], now = state, held = [], lift = [], owner }: Case) {
  const asked: Revert = { app: 'shop', version: 5, state, id: 'back', why: 'better', lift };
  const { word, holds } = revertApp('bob', asked, now);
  try {
    word.decide(publishedWith(now, held, owner), 0);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message}`;
  }
  return holds.map(({ id, kept, server: of }) => [id, of, kept?.['shop']]);
}

test('it keeps the sum of each cluster, VMs too', () => {
  const vms = [server('10.9.0.1', 'vm', 10), server('10.9.0.2', 'vm', 10)];
  expect(revert({ state: [...EAST, ...WEST, ...vms] })).toEqual([
    ['back', undefined, { east: 80, west: 50, vm: 20 }],
  ]);
});

test('servers with parts of their own keep them where all of them and no others are there', () => {
  const [one, two] = EAST;
  if (!one || !two) throw new Error('east has two');
  const state = [{ ...one, weight: 7 }, two, ...WEST];
  const whole = ['back', undefined, { east: 47, west: 50 }];
  expect(revert({ state })).toEqual([
    whole,
    ['back-1', '10.1.0.1:80', { '10.1.0.1:80': 7 }],
    ['back-2', '10.1.0.2:80', { '10.1.0.2:80': 40 }],
  ]);
  const more = server('10.1.0.3', 'east', 40);
  expect(revert({ state, now: [one, ...WEST] })).toEqual([whole]);
  expect(revert({ state, now: [one, more, ...WEST] })).toEqual([whole]);
  expect(revert({ state, now: [one, two, more, ...WEST] })).toEqual([whole]);
});

test('what is gone is named, unless it had nothing', () => {
  expect(revert({ now: EAST })).toBe(
    'revert-gone: at version 5 shop had weight 50 from west (10.2.0.1:80); nothing of west is in it now',
  );
  const many = [1, 2, 3, 4, 5].map((n) => server(`10.2.0.${n}`, 'west', 1));
  expect(revert({ state: [...EAST, ...many], now: EAST })).toContain(
    '(10.2.0.1:80, 10.2.0.2:80, 10.2.0.3:80 and 2 more)',
  );
  const drained = [...EAST, server('10.2.0.1', 'west', 0)];
  expect(revert({ state: drained, now: EAST })).toEqual([
    ['back', undefined, { east: 80, west: 0 }],
  ]);
});

test('an app of an endpoint, and one that is not published, are not reverted', () => {
  expect(revert({ owner: 'endpoint' })).toMatch(/^owned-by-endpoint: shop was written at/);
  const asked = { app: 'news', version: 5, state: EAST, id: 'back', why: 'x', lift: [] };
  const { word } = revertApp('bob', asked, []);
  expect(() => word.decide(publishedWith(EAST, []), 0)).toThrow(
    expect.objectContaining({ code: 'app-unknown' }),
  );
});

test.each<[string, Partial<Hold>, boolean]>([
  ['a drain of a whole cluster', { cluster: 'west' }, true],
  ['a drain of the app', { app: 'shop' }, true],
  ['a drain of the only server of a cluster', { server: '10.2.0.1:80' }, true],
  ['a drain of one of two servers', { server: '10.1.0.1:80' }, false],
  ['a drain elsewhere', { app: 'news', cluster: 'west' }, false],
  ['a pin', { kind: 'pin', app: 'shop', cluster: 'east', weight: 3 }, true],
  ['a pin of one server', { kind: 'pin', app: 'shop', server: '10.1.0.1:80', weight: 3 }, true],
  [
    'a narrower freeze',
    { kind: 'freeze', app: 'shop', cluster: 'east', kept: { shop: { east: 9 } } },
    true,
  ],
  ['a freeze as wide', { kind: 'freeze', app: 'shop', kept: { shop: { east: 9 } } }, false],
  [
    'a freeze of a cluster that keeps nothing of the app',
    { kind: 'freeze', cluster: 'east', kept: { news: { east: 9 } } },
    false,
  ],
])('%s stands in its way, or not, until it is lifted', (_, more, isInTheWay) => {
  const held = [hold(more)];
  const answer = revert({ held });
  if (isInTheWay) expect(answer).toMatch(/^revert-held: (drain|pin|freeze) other of ann speaks of/);
  else expect(answer).toEqual([['back', undefined, { east: 80, west: 50 }]]);
  expect(Array.isArray(revert({ held, lift: ['other'] }))).toBe(true);
});

test('a drain of what had nothing then is in nobody’s way', () => {
  const state = [...EAST, server('10.2.0.1', 'west', 0)];
  expect(Array.isArray(revert({ state, held: [hold({ cluster: 'west' })] }))).toBe(true);
});
