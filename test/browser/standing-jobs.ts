// A page over a controller in memory that runs jobs: objects of three clusters that they write, and an edge
// that acknowledges.

import type { ApiParts } from '../../src/api/server.ts';
import type { JobKind } from '../../src/jobs/kind.ts';
import { planFanout } from '../../src/fanout/plan/plan.ts';
import { USUAL } from '../../src/fanout/plan/world.ts';
import { until } from '../controlplane/until.ts';
import { ordersOf, stream } from '../jobs/fleet.ts';
import { MemoryObjects } from '../jobs/memory-objects.ts';
import { openStanding } from './standing.ts';

const SHOP = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'prod', name: 'shop' };
const NAMES = ['east', 'north', 'south', 'west'];
/** Its pods never become ready. */
export const BAD = 'bad';

/** `kinds`: more of them. */
export async function openWorking(
  more: Partial<ApiParts> = {},
  kinds: readonly JobKind<never>[] = [],
) {
  const objects = new Map(NAMES.map((name) => [name, new MemoryObjects(name)]));
  const standing = await openStanding({ apps: 4, clusters: 4 }, more, {
    objects,
    kinds: () => kinds as readonly JobKind[],
  });
  const { clusters, call, hear, controller } = standing;
  const faces = NAMES.map((name) => ({ name, ready: true, labels: {}, zones: [], taints: [] }));
  const world = { clusters: faces.map((cluster) => ({ cluster, live: [] })) };
  const before = planFanout(ordersOf(stream('v1')), world, USUAL).entries;
  for (const [name, its] of objects) {
    its.badImages.add(BAD);
    const cluster = clusters.find((one) => one.name === name);
    its.onReady = (workload, pods) => {
      if (workload === 'shop') cluster?.set('shop', { pods, hosts: ['shop.example.com'] });
    };
    // The new one gets it by the fan-out.
    if (name === 'north') continue;
    for (const entry of before) {
      if (entry.object && entry.cluster === name) await its.apply(entry.object);
    }
    // Its controller has seen them.
    for (const _ of [1, 2]) await its.read(SHOP);
  }
  hear('edge-1');
  const beats = setInterval(() => hear('edge-1'), 100);
  await until('shop serves', () => controller.published()?.app('shop') !== undefined);
  return {
    ...standing,
    objects,
    /** What jobs wrote to a cluster since it was opened. */
    written: (name: string) => objects.get(name)?.writes.length ?? 0,
    stop: () => clearInterval(beats),
    /** Its id. */
    begin: async (image: string, strategy?: string): Promise<string> => {
      const files = [{ name: 'release.yaml', text: stream(image, strategy) }];
      const { status, json } = await call('POST', '/api/v1/fanouts', { files });
      if (status !== 201) throw new Error(JSON.stringify(json));
      return json.id as string;
    },
    reach: async (id: string, state: string): Promise<void> => {
      await until(`${id} is ${state}`, async () => {
        const { json } = await call('GET', `/api/v1/jobs/${id}`);
        if (json.state === state) return true;
        throw new Error(`${json.state} ${json.why}`);
      });
    },
  };
}
