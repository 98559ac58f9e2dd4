// Of all upstreams: what the guard holds back is only what rises, and never to nothing.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Server, Upstream } from '../../src/model.ts';
import { limitShares } from '../../src/plan/share-limit.ts';
import type { Weighed } from '../../src/weights/rule.ts';

const weight = fc.oneof(fc.nat(20), fc.nat(65535));
const server = fc.record({ before: weight, published: weight, wanted: weight, gone: fc.nat(9) });
const clusters = fc.array(fc.array(server, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 5,
});
const limits = fc.record({
  clusterPoints: fc.integer({ min: 1, max: 100 }),
  upstreamPoints: fc.integer({ min: 1, max: 100 }),
});

type Clusters = readonly (readonly Readonly<
  Record<'before' | 'published' | 'wanted' | 'gone', number>
>[])[];

/** One server in ten is not wanted any more, one in ten was not there before. */
function serversOf(all: Clusters, which: 'before' | 'published' | 'wanted'): Server[] {
  return all.flatMap((group, from) =>
    group.flatMap((one, index) => {
      const isThere = which === 'wanted' ? one.gone !== 1 : one.gone !== 2;
      const address = `10.${from}.0.${index}:80`;
      return isThere ? [{ address, from: `c${from}`, weight: one[which] }] : [];
    }),
  );
}

function weighedOf(servers: readonly Server[]): Weighed {
  const policy = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
  const upstream: Upstream = { app: 'shop', policy, servers };
  const [reasons, sums, holds, ramps] = [new Map(), new Map(), new Map(), new Map()];
  return { upstream, reasons, sums, holds, ramps };
}

const sumOf = (servers: readonly Server[], from?: string): number =>
  servers
    .filter((one) => from === undefined || one.from === from)
    .reduce((sum, one) => sum + one.weight, 0);

test('nobody is left out, lifted, emptied or kept from falling', () => {
  fc.assert(
    fc.property(clusters, limits, (all, most) => {
      const wanted = serversOf(all, 'wanted');
      const published = serversOf(all, 'published');
      const before = serversOf(all, 'before');
      const view = { limits: most, before, published, passes: () => false };
      const { upstream, delays = new Map() } = limitShares(weighedOf(wanted), view);
      expect(upstream.servers.map(({ address }) => address)).toEqual(
        wanted.map(({ address }) => address),
      );
      for (const [index, one] of upstream.servers.entries()) {
        const goal = wanted[index]?.weight ?? 0;
        expect(one.weight).toBeLessThanOrEqual(goal);
        expect(one.weight > 0).toBe(goal > 0);
      }
      for (const from of new Set(wanted.map((one) => one.from))) {
        const [goal, is, now] = [wanted, upstream.servers, published].map((servers) =>
          sumOf(servers, from),
        ) as [number, number, number];
        expect(is < goal).toBe(delays.has(from) && is < goal);
        if (goal <= now) expect(is).toBe(goal);
        else expect(is).toBeGreaterThanOrEqual(now);
      }
    }),
    { numRuns: 2000 },
  );
});

test('two whose limits nearly make up the whole: each lowers the other until both are within', () => {
  const serversAt = (weights: readonly number[]): Server[] =>
    weights.map((one, index) => ({
      address: `10.0.0.${index}:80`,
      from: `c${index}`,
      weight: one,
    }));
  const published = serversAt([29, 14, 22, 20]);
  const view = {
    limits: { clusterPoints: 1, upstreamPoints: 100 },
    ...{ before: published, published, passes: () => false },
  };
  const { servers } = limitShares(weighedOf(serversAt([29, 14, 2842, 2581])), view).upstream;
  const [, , third = 0, fourth = 0] = servers.map((one) => one.weight);
  // Each may double: 44 and 40 of 85, beside the others as they are, rounded up, and once for its server.
  expect(third).toBeLessThanOrEqual(Math.ceil((44 / 41) * (43 + fourth)) + 1);
  expect(fourth).toBeLessThanOrEqual(Math.ceil((40 / 45) * (43 + third)) + 1);
});

test('who rises stays within the limit, but for the rounding up of each server', () => {
  fc.assert(
    fc.property(clusters, limits, (all, { clusterPoints }) => {
      const wanted = serversOf(all, 'wanted');
      const published = serversOf(all, 'published');
      // Since a minute nothing moved, so that what is published is what was.
      const view = {
        limits: { clusterPoints, upstreamPoints: 100 },
        before: published,
        published,
        passes: () => false,
      };
      const { servers } = limitShares(weighedOf(wanted), view).upstream;
      const froms = [...new Set(wanted.map((one) => one.from))];
      const had = new Map(
        froms.map((from) => [from, Math.min(sumOf(published, from), sumOf(wanted, from))]),
      );
      const total = [...had.values()].reduce((sum, one) => sum + one, 0);
      if (total === 0) return;
      for (const from of froms) {
        const share = (had.get(from) ?? 0) / total;
        const limit = share + Math.max(share, clusterPoints / 100);
        const count = servers.filter((one) => one.from === from).length;
        const own = sumOf(servers, from);
        if (own <= (had.get(from) ?? 0)) continue;
        const rest = sumOf(servers) - own;
        // Beside the others as they are: a weight for each server and one for the cluster.
        const allowed = limit >= 1 ? Infinity : (limit / (1 - limit)) * rest + count + 1;
        expect(own).toBeLessThanOrEqual(allowed);
      }
    }),
    { numRuns: 2000 },
  );
});
