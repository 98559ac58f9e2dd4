// What proves that nobody asks a source, and all that does not.

import { beforeEach, expect, test } from 'vitest';
import type { EdgeBook } from '../../../src/edges/edge-book.ts';
import type { Tally } from '../../../src/edges/statistics.ts';
import type { Server } from '../../../src/model.ts';
import type { DebtJob } from '../../../src/migration/debts/next.ts';
import { createProof, QUIET_MS, type Unproved } from '../../../src/migration/debts/proof.ts';

const EAST = '10.1.0.1:80';
const job = {
  id: 'owed-shop-1',
  plan: { debt: { id: 'move-1.shop', app: 'shop', cluster: 'east' } },
} as unknown as DebtJob;

let now: number;
let servers: Server[] | undefined;
let edges: string[];
let missing: string | undefined;
let told: Map<string, Tally>;
let asked: (readonly string[])[];
let unproved: Unproved;

beforeEach(() => {
  now = 1_000_000;
  servers = [
    { address: EAST, from: 'east', weight: 0, auto: 40 },
    { address: '10.2.0.1:80', from: 'west', weight: 40 },
  ];
  edges = ['edge-1', 'edge-2'];
  missing = undefined;
  told = new Map();
  asked = [];
  const policy = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
  unproved = createProof({
    clock: { now: () => now },
    traffic: {
      upstream: () => servers && { app: 'shop', servers, policy },
      unacknowledged: (ids, apps) => {
        expect([ids, apps]).toEqual([['move-1.shop.owed'], ['shop']]);
        return missing;
      },
    },
    book: {
      views: () => edges.map((name) => ({ name })) as unknown as ReturnType<EdgeBook['views']>,
    },
    statistics: {
      tallies: (_app, addresses) => {
        asked.push(addresses);
        return told;
      },
    },
  });
});

function tell(more: Partial<Tally> = {}, ...names: string[]): void {
  const rest = { failures: 0, answers: 7, seconds: 1 };
  const word = { at: now, start: 's', requests: 7, inFlight: 0, ...rest, ...more };
  // A new one each time, as statistics are.
  told = new Map(told);
  for (const name of names.length > 0 ? names : edges) told.set(name, word);
}
const look = (term = 1): string | undefined => unproved(job, { term });

/** Two seconds at a time, as edges are asked, for so long. */
function pass(ms: number, until: () => string | undefined = look): string | undefined {
  let last = until();
  for (const end = now + ms; now < end && last !== undefined; ) {
    now += 2000;
    tell();
    last = until();
  }
  return last;
}

test('a minute without a request at any edge, and none under way', () => {
  tell();
  expect(look()).toBe('no request for 0 of 60 s');
  expect(pass(QUIET_MS - 2000)).toBe('no request for 58 of 60 s');
  expect(pass(4000)).toBeUndefined();
  expect(new Set(asked.map(String))).toEqual(new Set([EAST]));
});

test('servers that leave the upstream while it is deleted begin nothing anew', () => {
  // As statistics have it: of the servers that are asked for alone.
  const counted = new Map([[EAST, 7]]);
  const told = (): void =>
    tell({ requests: asked.at(-1)?.reduce((sum, one) => sum + (counted.get(one) ?? 0), 0) ?? 7 });
  tell();
  expect(pass(QUIET_MS + 2000)).toBeUndefined();
  servers = servers?.filter(({ from }) => from !== 'east');
  now += 2000;
  look();
  told();
  expect(look()).toBeUndefined();
  expect(new Set(asked.map(String))).toEqual(new Set([EAST]));
});

test('a request begins the minute anew, as does an edge that does', () => {
  for (const word of [{ requests: 8 }, { start: 'other' }]) {
    tell();
    pass(50_000);
    now += 2000;
    tell();
    tell(word, 'edge-2');
    expect(look()).toBe('edge-2 has sent requests, or has begun to count anew');
    now += 1;
    tell({}, 'edge-1');
    tell(word, 'edge-2');
    expect(look()).toBe('no request for 0 of 60 s');
  }
});

test('zero proves nothing where an edge is silent, old, or does not count', () => {
  const said = [
    () => told.delete('edge-2'),
    () => tell({ at: now - 31_000 }, 'edge-2'),
    () => tell({ at: now - 1 }, 'edge-2'),
  ].map((change) => {
    tell();
    change();
    return look();
  });
  expect(said).toEqual(Array(3).fill('what edge-2 counts is not known'));
  for (const inFlight of [3, undefined]) {
    tell();
    tell({ inFlight }, 'edge-2');
    expect(look()).toBe('edge-2 has requests under way, or does not tell');
  }
  edges = [];
  expect(look()).toBe('no edge is known: zero proves nothing');
});

test('nothing is proved where not every edge has the drain, the source serves, or nobody else', () => {
  tell();
  pass(50_000);
  missing = 'edge-1: silent';
  expect(look()).toBe('edge-1: silent');
  missing = undefined;
  tell();
  // From the beginning.
  expect(look()).toBe('no request for 0 of 60 s');
  servers = servers?.map((one) => ({ ...one, weight: 1 }));
  expect(look()).toBe('shop is published in east');
  servers = servers?.map((one) => ({ ...one, weight: 0 }));
  expect(look()).toBe('nothing serves shop elsewhere');
  servers = [];
  expect(look()).toBe('nothing serves shop elsewhere');
});

test('another term, and a gap in which nobody looked, begin anew', () => {
  tell();
  pass(58_000);
  expect(look(2)).toBe('no request for 0 of 60 s');
  pass(58_000, () => look(2));
  now += 31_000;
  tell();
  expect(look(2)).toBe('no request for 0 of 60 s');
});

test('of an app that no edge has the person’s word is enough', () => {
  servers = undefined;
  expect(look()).toBeUndefined();
});
