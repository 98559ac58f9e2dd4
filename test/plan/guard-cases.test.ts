// The table of the guard, one file each in test/cases/guard/: adding a test is adding a file.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Hold, Server, Upstream } from '../../src/model.ts';
import { guard, type Minimum } from '../../src/plan/guard.ts';
import { limitShares, type LimitView, type ShareLimits } from '../../src/plan/share-limit.ts';
import type { Sum, Weighed } from '../../src/weights/rule.ts';

type Groups = Readonly<Record<string, Readonly<Record<string, number | string>>>>;

interface GuardCase {
  /** A minute ago; absent: as `published`. */
  readonly before?: Groups;
  readonly published: Groups;
  /** `WEIGHT`, or `WEIGHT of AUTO`. */
  readonly wanted: Groups;
  /** Servers that a hold speaks of. */
  readonly held?: readonly string[];
  readonly passes?: readonly string[];
  /** Instead of the defaults. */
  readonly limits?: Partial<ShareLimits>;
  readonly minimum?: Minimum;
  readonly allowEmpty?: boolean;
  /** Absent: as `wanted`. */
  readonly expected?: Readonly<Record<string, number | string>>;
  /** `WEIGHT of GOAL`, of clusters. */
  readonly delayed?: Readonly<Record<string, string>>;
  readonly refused?: string;
  /** Words of the refusal. */
  readonly says?: string;
}

const DEFAULTS: ShareLimits = { clusterPoints: 40, upstreamPoints: 50 };
const HOLD: Hold = { id: 'h', kind: 'pin', who: 'ann', why: 'repair', since: 0 };

const folder = new URL('../cases/guard/', import.meta.url);
const files = readdirSync(folder);

function read(name: string): GuardCase {
  return parse(readFileSync(new URL(name, folder), 'utf8'));
}

function serversOf(groups: Groups): Server[] {
  return Object.entries(groups).flatMap(([from, servers]) =>
    Object.entries(servers).map(([address, text]) => {
      const [weight = 0, auto] = String(text).split(' of ').map(Number);
      return { address, from, weight, ...(auto !== undefined && { auto }) };
    }),
  );
}

function upstreamOf(servers: readonly Server[]): Upstream {
  return { app: 'shop', policy: { balance: 'smooth', whenUnhealthy: 'spread' }, servers };
}

function weighedOf({ wanted, held = [] }: GuardCase): Weighed {
  const servers = serversOf(wanted);
  const sumOf = ({ from, weight }: Server): Sum => {
    const formula = `${weight}`;
    return { from, pods: 1, ingressNodes: 1, base: 10, formula, exactShare: 0, share: 0 };
  };
  return {
    upstream: upstreamOf(servers),
    sums: new Map(servers.map((server) => [server.address, sumOf(server)])),
    reasons: new Map(),
    holds: new Map(held.map((address) => [address, HOLD])),
    ramps: new Map(),
  };
}

function viewOf(given: GuardCase, published = serversOf(given.published)): LimitView {
  return {
    limits: { ...DEFAULTS, ...given.limits },
    before: serversOf(given.before ?? given.published),
    published,
    passes: (from) => given.passes?.includes(from) ?? false,
  };
}

const textOf = ({ weight, auto }: Server): string =>
  auto === undefined ? `${weight}` : `${weight} of ${auto}`;
const textsOf = (servers: readonly Server[]) =>
  Object.fromEntries(servers.map((server) => [server.address, textOf(server)]));

test.each(files)('case guard/%s', (name) => {
  const given = read(name);
  const weighed = limitShares(weighedOf(given), viewOf(given));
  const { upstream: after, delays = new Map(), reasons } = weighed;
  const expected = given.expected ?? textsOf(serversOf(given.wanted));
  const wanted = Object.entries(expected).map(([address, text]) => [address, String(text)]);
  expect(textsOf(after.servers)).toEqual(Object.fromEntries(wanted));
  const delayed = [...delays].map(([from, { weight, of }]) => [from, `${weight} of ${of}`]);
  expect(Object.fromEntries(delayed)).toEqual(given.delayed ?? {});
  expect([...reasons.values()].map(({ code }) => code)).toEqual(delayed.map(() => 'share-limited'));

  const change = { app: 'shop', before: upstreamOf(serversOf(given.published)), after, body: '' };
  const { minimum } = given;
  const { refused } = guard([change], {
    mayLose: () => given.allowEmpty === true,
    ...(minimum && { minimum: () => minimum }),
  });
  expect(refused.map(({ reason }) => reason.code)).toEqual(given.refused ? [given.refused] : []);
  expect(refused[0]?.reason.text ?? '').toContain(given.says ?? '');
});

test('what is held back once is held back again from what was published, and no further', () => {
  for (const name of files) {
    const given = read(name);
    const first = limitShares(weighedOf(given), viewOf(given)).upstream.servers;
    const again = limitShares(weighedOf(given), viewOf(given, [...first])).upstream.servers;
    expect(again, name).toEqual(first);
  }
});

test('minute after minute all of it is reached, whatever the limits', () => {
  for (const name of files) {
    for (const limits of [{}, { clusterPoints: 1 }, { clusterPoints: 1, upstreamPoints: 1 }]) {
      const given = { ...read(name), limits };
      const goal = serversOf(given.wanted);
      let servers = serversOf(given.published);
      for (let minute = 0; minute < 500; minute += 1) {
        const view = { ...viewOf(given, servers), before: servers };
        servers = [...limitShares(weighedOf(given), view).upstream.servers];
      }
      expect(textsOf(servers), name).toEqual(textsOf(goal));
    }
  }
});

test('a cluster that is held back says so with its numbers, and each server’s sum too', () => {
  const given = read('small-explodes.yaml');
  const { reasons, sums } = limitShares(weighedOf(given), viewOf(given));
  expect(reasons.get('west')?.text).toContain(
    'west had 1 % of the requests a minute ago and has 41 % for now',
  );
  expect(reasons.get('west')?.text).toContain('may gain 40 points or double');
  expect(sums.get('10.2.0.1:80')?.formula).toBe('10000; held back by the guard: 688 of 10000');
  expect(sums.get('10.2.0.1:80')?.share).toBeCloseTo(0.41, 3);
});
