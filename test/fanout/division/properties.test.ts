// Division: what must hold for every input.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Divided, Division } from '../../../src/fanout/division/division.ts';
import {
  divideByPreferences,
  type FederationAsk,
} from '../../../src/fanout/division/federation.ts';
import { divideByPlacement, type KarmadaAsk } from '../../../src/fanout/division/karmada.ts';
import { websterSeats, type Vote } from '../../../src/fanout/division/webster.ts';

const NAMES = Array.from({ length: 12 }, (_, at) => `c${at}`);
const names = fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1 });
const some = <Value>(value: fc.Arbitrary<Value>) =>
  fc
    .dictionary(fc.constantFrom(...NAMES), value)
    .map((entries) => new Map(Object.entries(entries)));
const count = (max: number) => fc.nat({ max });

const preference = fc
  .record({ weight: count(9), min: count(9), span: fc.option(count(30), { nil: undefined }) })
  .map(({ weight, min, span }) => ({
    weight,
    min,
    ...(span === undefined ? {} : { max: min + span }),
  }));

const federation: fc.Arbitrary<FederationAsk> = fc.record({
  key: fc.constantFrom('shop/web', 'web', 'a/b'),
  total: count(200),
  rebalance: fc.boolean(),
  clusters: names,
  preferences: fc
    .tuple(some(preference), fc.option(preference))
    .map(([own, others]) => (others === null ? own : own.set('*', others))),
  now: some(count(60)),
  capacity: some(count(40)),
});

const placements = (more: { tier?: fc.Arbitrary<number> }): fc.Arbitrary<KarmadaAsk> =>
  names.chain((clusters) =>
    fc.record({
      replicas: count(100),
      mode: fc.constantFrom('duplicated', 'static', 'dynamic', 'aggregated'),
      by: fc.constantFrom('webster', 'legacy'),
      candidates: fc.tuple(
        ...clusters.map((cluster) =>
          fc.record(
            {
              cluster: fc.constant(cluster),
              weights: fc.array(count(9)),
              room: count(40),
              ...more,
            },
            { requiredKeys: ['cluster'] },
          ),
        ),
      ),
      earlier: some(count(30)),
      samePlacement: fc.boolean(),
      fresh: fc.boolean(),
      uid: fc.uuid(),
    }),
  );

const karmada = placements({ tier: count(2) });
const untiered = placements({});

const shuffled = <Value>(values: readonly Value[], seed: number): Value[] =>
  values.toSorted((a, b) => order(a, seed) - order(b, seed));
const order = (value: unknown, seed: number): number =>
  (JSON.stringify(value).length * 31 + JSON.stringify(value).charCodeAt(2) * seed) % 17;

function whole(division: Division): Divided {
  if (!division.ok) throw new Error(division.text);
  return division;
}

const replicasOf = (division: Division): Map<string, number> =>
  new Map(whole(division).portions.map(({ cluster, replicas }) => [cluster, replicas]));

/** One by one, as the method is told in books. */
function naiveWebster(votes: readonly Vote[], seats: number, descending: boolean): number[] {
  const taken = votes.map(() => 0);
  const rank = (at: number): number => (votes[at]?.votes ?? 0) / (2 * (taken[at] ?? 0) + 1);
  for (let left = seats; left > 0; left--) {
    const [winner = 0] = votes
      .map((_, at) => at)
      .sort((a, b) => {
        const names = (votes[a]?.name ?? '') < (votes[b]?.name ?? '') ? -1 : 1;
        const fewer = (taken[a] ?? 0) - (taken[b] ?? 0);
        return rank(b) - rank(a) || fewer || (descending ? -names : names);
      });
    taken[winner] = (taken[winner] ?? 0) + 1;
  }
  return taken;
}

test('Webster with a head start is Webster one by one', () => {
  const list = (votes: fc.Arbitrary<number>) =>
    fc.uniqueArray(fc.record({ name: fc.constantFrom(...NAMES), votes }), {
      selector: ({ name }) => name,
      minLength: 1,
    });
  // Small ones tie.
  const sizes = [count(5), count(1000), count(1_000_000_000), fc.maxSafeNat()];
  const all = fc.oneof(...sizes.map(list));
  fc.assert(
    fc.property(all, fc.oneof(count(10), count(300)), fc.boolean(), (votes, seats, descending) => {
      const sum = votes.reduce((before, one) => before + one.votes, 0);
      const expected = naiveWebster(votes, sum === 0 ? 0 : seats, descending);
      expect(websterSeats(votes, seats, descending)).toEqual(expected);
    }),
    { numRuns: 1000 },
  );
});

test('one replica more takes none away by Webster', () => {
  fc.assert(
    fc.property(untiered, (ask) => {
      const base = { ...ask, mode: 'static', by: 'webster', samePlacement: false } as const;
      const before = replicasOf(divideByPlacement(base));
      const after = replicasOf(divideByPlacement({ ...base, replicas: ask.replicas + 1 }));
      for (const [cluster, replicas] of before)
        expect(after.get(cluster)).toBeGreaterThanOrEqual(replicas);
    }),
  );
});

test('the order in which clusters are named changes nothing', () => {
  fc.assert(
    fc.property(federation, karmada, count(1000), (one, other, seed) => {
      const clusters = shuffled(one.clusters, seed);
      expect(divideByPreferences({ ...one, clusters })).toEqual(divideByPreferences(one));
      const candidates = shuffled(other.candidates, seed);
      expect(divideByPlacement({ ...other, candidates })).toEqual(divideByPlacement(other));
    }),
  );
});

test('Federation: bounds of every cluster, and of the sum', () => {
  fc.assert(
    fc.property(federation, (ask) => {
      const { portions, written, overflow, unplaced } = whole(divideByPreferences(ask));
      expect(portions.map(({ cluster }) => cluster)).toEqual(ask.clusters.toSorted());
      let given = 0;
      for (const { cluster, replicas, overflow: over, object, reasons } of portions) {
        const { max = Infinity } = ask.preferences?.get(cluster) ?? ask.preferences?.get('*') ?? {};
        const give = replicas - over;
        given += give;
        expect(give).toBeGreaterThanOrEqual(0);
        expect(give).toBeLessThanOrEqual(Math.min(max, ask.capacity.get(cluster) ?? Infinity));
        expect(over === 0 || ask.capacity.has(cluster)).toBe(true);
        expect(object).toBe(true);
        expect(reasons).not.toEqual([]);
      }
      expect(given).toBeLessThanOrEqual(ask.total);
      expect(written).toBe(given + overflow);
      expect(unplaced).toBe(Math.max(0, ask.total - written));
    }),
  );
});

test('Federation: who has a weight and no bound leaves nothing unplaced, and mins that fit are kept', () => {
  fc.assert(
    fc.property(federation, (ask) => {
      const preferences = new Map(ask.preferences).set('free', { weight: 1, min: 0 });
      const free = {
        ...ask,
        clusters: [...ask.clusters, 'free'],
        preferences,
        capacity: new Map(),
      };
      const { portions, written } = whole(divideByPreferences(free));
      expect(written).toBe(ask.total);
      const mins = portions.map(({ cluster }) => {
        const { min } = preferences.get(cluster) ?? preferences.get('*') ?? { min: 0 };
        return min;
      });
      if (mins.reduce((sum, min) => sum + min, 0) > ask.total) return;
      for (const [at, { replicas }] of portions.entries())
        expect(replicas).toBeGreaterThanOrEqual(mins[at] ?? 0);
    }),
  );
});

test('Karmada: the sum is what was asked, and an object stands where replicas are', () => {
  fc.assert(
    fc.property(karmada, (ask) => {
      const division = divideByPlacement(ask);
      if (!division.ok) return;
      const { portions, written, unplaced } = division;
      expect(unplaced).toBe(0);
      if (ask.mode !== 'duplicated') expect(written).toBe(ask.replicas);
      for (const { replicas, object, reasons } of portions) {
        expect(replicas).toBeGreaterThanOrEqual(0);
        expect(object).toBe(ask.replicas === 0 || replicas > 0);
        expect(reasons).not.toEqual([]);
      }
    }),
  );
});

test('Karmada by room: none over its room, up takes none away, down adds none', () => {
  fc.assert(
    fc.property(untiered, fc.constantFrom('dynamic', 'aggregated'), (ask, mode) => {
      const { candidates } = ask;
      const division = divideByPlacement({ ...ask, mode });
      if (!division.ok) return;
      const before = candidates.map(({ cluster }) => ask.earlier.get(cluster) ?? 0);
      const sum = before.reduce((one, other) => one + other, 0);
      expect(division.overflow).toBe(0);
      if (ask.fresh) return;
      for (const { cluster, replicas } of division.portions) {
        const earlier = ask.earlier.get(cluster) ?? 0;
        if (sum <= ask.replicas) expect(replicas).toBeGreaterThanOrEqual(earlier);
        else if (ask.replicas > 0) expect(replicas).toBeLessThanOrEqual(earlier);
      }
    }),
  );
});

test('Karmada by room: refused exactly when the room is too small', () => {
  fc.assert(
    fc.property(untiered, fc.constantFrom('dynamic', 'aggregated'), (ask, mode) => {
      const rooms = ask.candidates.map(({ cluster, room = ask.replicas }) => ({ cluster, room }));
      const fresh = { ...ask, mode, candidates: rooms, fresh: true };
      const fits = rooms.reduce(
        (sum, { cluster, room }) => sum + room + (ask.earlier.get(cluster) ?? 0),
        0,
      );
      expect(divideByPlacement(fresh).ok).toBe(fits >= ask.replicas);
    }),
  );
});
