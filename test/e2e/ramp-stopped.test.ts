// A cluster that comes back broken: what the edges count keeps it at its first step.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { startFleet, type Fleet } from './fleet.ts';
import { untilHeld, weightsAt } from './held.ts';
import { underLoad } from './under-load.ts';

const HOST = 'shop.example.com';
let fleet: Fleet;

// Long enough for every edge to count what tells, though it soon leaves a dead server alone.
beforeAll(async () => {
  fleet = await startFleet(32, 'redis', { weights: { ramp: { seconds: 12 } } });
});
afterAll(async () => {
  await fleet.close();
});

interface Explained {
  readonly clusters: readonly {
    readonly reason?: { readonly code: string; readonly text: string };
  }[];
}

test('it stays at its step with the figures, and no request fails', async () => {
  const [east, west] = fleet.clusters;
  east?.setApp({ name: 'shop', pods: 20, hosts: [HOST], ingress: true });
  const weights = (first: readonly number[], second: readonly number[] = []) =>
    untilHeld(fleet.edges, {
      app: 'shop',
      weights: Object.fromEntries(
        [first, second].flatMap((list, cluster) =>
          list.map((weight, node) => [fleet.address(cluster + 1, node + 1), weight]),
        ),
      ),
      why: () => fleet.ballast.log().slice(-2000),
    });
  await weights([100, 100]);
  await underLoad(fleet.edges, HOST, async () => {
    await fleet.breakIngress(2);
    west?.setApp({ name: 'shop', pods: 10, hosts: [HOST], ingress: true });
    await weights([100, 100], [12, 12]);
    const reason = await until(
      'it is stopped',
      async () => {
        const { clusters } = await fleet.ballast.get<Explained>('/api/v1/apps/shop');
        const why = clusters[1]?.reason;
        return why?.code === 'ramp-stopped' ? why : undefined;
      },
      40_000,
    );
    expect(reason.text).toContain('requests failed there in the last minute');
    // How many steps it took until enough was counted is the machine's speed.
    for (const edge of fleet.edges) {
      const weight = (await weightsAt(edge, 'shop'))[fleet.address(2, 1)];
      expect(weight).toBeGreaterThan(0);
      expect(weight).toBeLessThan(50);
    }
  });
});
