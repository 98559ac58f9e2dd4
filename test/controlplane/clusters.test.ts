// What happens to the control planes themselves: stopped, compacted, restored from an older copy, given
// a new certificate, a token taken away, kubelets silent, thousands of pods in and out. After each the
// counts are what the API server itself says, and no document that was published meanwhile says less,
// or more, than was true before or after. Ballast is a plain user with the published role, nothing else.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { weightsAt } from '../e2e/held.ts';
import type { ControlPlane } from './cluster.ts';
import { app, deployment } from './objects.ts';
import { PublishedSoFar, type Truth } from './published.ts';
import { HOST, type RealFleet, SHOP, startRealFleet } from './spine-fleet.ts';
import { serving, stayingPodsOf } from './truth.ts';
import { until } from './until.ts';

const DEPLOYMENT = deployment({ ...SHOP, replicas: 0 });
/** With the two ingress nodes six nodes in all: two that fall silent at once are a third. */
const WORKERS = { 'east-w1': 'main', 'east-w2': 'main', 'east-w3': 'third', 'east-w4': 'third' };
const BULK = Array.from({ length: 10 }, (_, index) => `bulk-${index}`);
const MINUTES = 60_000;

let fleet: RealFleet;
let published: PublishedSoFar;
let apps: readonly string[] = ['shop'];
/** As last seen, so that each change begins where the one before ended. */
let truth: Truth = new Map();

beforeAll(async () => {
  fleet = await startRealFleet(33, WORKERS);
  published = new PublishedSoFar(fleet.redis.url, 'real');
  await fleet.east.admin.apply(...app({ ...SHOP, replicas: 30, host: HOST }));
  await fleet.west.admin.apply(...app({ ...SHOP, replicas: 10, host: HOST }));
  await fleet.settled({ east: [150, 150], west: [50, 50] });
  const before = new Map([['shop', new Map()]]);
  truth = await quiet();
  await published.expectBetween(before, truth);
  // Or all that follows would prove nothing.
  expect(published.documents).toBeGreaterThan(0);
});
afterAll(async () => {
  published?.close();
  await fleet?.close();
});

test('a whole control plane stopped: stale, its counts stay, the other one is followed', async () => {
  const { east, west } = fleet;
  await during(async () => {
    await east.stop();
    await until('east is stale', async () => (await stateOf('east')) === 'stale');
    await scaled(west, 14);
    await fleet.settled({ east: [150, 150], west: [70, 70] });
    await east.start();
  });
});

test('etcd compacted while nobody may watch: listed anew', async () => {
  const { east } = fleet;
  const before = await relistsOf('east');
  await during(async () => {
    await scaled(east, 36);
    await fleet.settled({ east: [180, 180], west: [70, 70] });
    await east.compactEtcd();
    await east.stopApiServer();
    await east.startApiServer();
    await east.restartControllers();
    await scaled(east, 40);
  });
  expect(await relistsOf('east')).toBeGreaterThan(before);
});

test('etcd restored from an older copy: what was written since never was', async () => {
  const { east } = fleet;
  let copy = '';
  await during(async () => {
    await east.stop();
    copy = await east.copyEtcd();
    await east.start();
  });
  await during(() => scaled(east, 50));
  await during(async () => {
    await east.stop();
    await east.restoreEtcd(copy);
    await east.start();
  });
  expect(podsIn('east')).toBe(40);
});

test('etcd restored, and written beyond what Ballast last saw before it looks again', async () => {
  const { east, ballast } = fleet;
  await east.stop();
  const copy = await east.copyEtcd();
  await east.start();
  await during(() => scaled(east, 46));
  await during(async () => {
    await east.stop();
    const refused = async () => (await clusterOf('east')).reason?.text.includes('refused');
    await until('east refuses Ballast', refused);
    ballast.signal('SIGSTOP');
    try {
      await east.restoreEtcd(copy);
      await east.start();
      await writeMuch(east);
    } finally {
      ballast.signal('SIGCONT');
    }
  });
  expect(podsIn('east')).toBe(40);
});

test('another certificate: read anew from its file', async () => {
  const { east } = fleet;
  await during(async () => {
    await east.replaceCertificate();
    await scaled(east, 42);
  });
});

test('the token revoked and given back: stale in between', async () => {
  const { east } = fleet;
  await during(async () => {
    await east.revokeToken('ballast');
    const stale = await until('east is stale for it', async () => {
      const { state, reason } = await clusterOf('east');
      return state === 'stale' && reason?.text.includes('401') ? reason.text : undefined;
    });
    expect(stale).toContain('401');
    await scaled(east, 44);
    await fleet.settled({ east: [210, 210], west: [70, 70] });
    await east.giveToken('ballast');
  });
});

test('one kubelet silent: its pods leave the count, its ingress pod stays', async () => {
  const { east } = fleet;
  const staying = await stayingPodsOf(east.admin, 'prod', 'shop');
  const lost = staying.filter(({ spec }) => spec?.nodeName === 'east-2').length;
  expect(lost).toBeGreaterThan(0);
  await during(async () => {
    await east.silence('mute');
    await truthBecomes(44 - lost);
  });
  expect(await stateOf('east')).toBe('fresh');
  await during(async () => {
    await east.revive('mute');
    await truthBecomes(44);
  });
});

test('a third of the kubelets silent: stale, and not a pod less', async () => {
  const { east } = fleet;
  const silent = ['east-w3', 'east-w4'];
  const staying = await stayingPodsOf(east.admin, 'prod', 'shop');
  const lost = staying.filter(({ spec }) => silent.includes(spec?.nodeName ?? '')).length;
  const documents = published.documents;
  await during(async () => {
    await east.silence('third');
    await truthBecomes(44 - lost);
    await until('east is stale', async () => (await stateOf('east')) === 'stale', 2 * MINUTES);
    await east.revive('third');
    await truthBecomes(44);
  });
  expect(published.documents).toBe(documents);
});

test('2,000 pods in and out', async () => {
  const { east } = fleet;
  apps = ['shop', ...BULK];
  for (const name of BULK) {
    const host = `${name}.example.com`;
    await east.admin.apply(...app({ name, namespace: 'prod', replicas: 0, host }));
  }
  const scaleAll = (replicas: number) => async () => {
    for (const name of BULK) {
      await east.admin.scale(deployment({ name, namespace: 'prod', replicas }), replicas);
    }
    // Each of them: what is still on its way is no quiet moment.
    for (const name of BULK) {
      const counted = async () => (await truthOf(name, east)) === replicas;
      await until(`${name} has ${replicas}`, counted, 4 * MINUTES);
    }
  };
  await during(scaleAll(200));
  const documents = published.documents;
  // Not to zero: that the last server leaves is refused, which is another test's matter.
  await during(scaleAll(1));
  expect(published.documents).toBeGreaterThan(documents);
}, 600_000);

/** Changes, waits for quiet, and compares all that was published meanwhile with before and after. */
async function during(change: () => Promise<unknown>): Promise<void> {
  const before = truth;
  await change();
  truth = await quiet();
  await published.expectBetween(before, truth);
}

/** When counts, weights and both edges say what the API servers say. Answers that. */
async function quiet(): Promise<Truth> {
  const found = new Map<string, Map<string, number>>();
  for (const name of apps) {
    const what = `${name} is as its API servers say`;
    found.set(name, await until(what, () => agreed(name), 3 * MINUTES));
  }
  return found;
}

/** Throws what differs. */
async function agreed(name: string): Promise<Map<string, number>> {
  const { clusters } = await fleet.viewOf(name);
  const truths = new Map<string, number>();
  const weights: Record<string, number> = {};
  for (const plane of [fleet.east, fleet.west]) {
    const pods = await truthOf(name, plane);
    const seen = clusters.find((cluster) => cluster.name === plane.name);
    if (seen?.state !== 'fresh' || seen.pods !== pods) {
      throw new Error(`${plane.name} has ${pods} of ${name}: ${JSON.stringify(seen)}`);
    }
    truths.set(plane.name, pods);
    if (pods === 0) continue;
    for (const one of [1, 2]) weights[fleet.address(`${plane.name}-${one}`)] = pods * 5;
  }
  for (const edge of fleet.edges) {
    const held = JSON.stringify(await weightsAt(edge, name));
    if (held !== JSON.stringify(weights)) throw new Error(`${edge.name} holds ${held} of ${name}`);
  }
  return truths;
}

async function truthBecomes(pods: number): Promise<void> {
  const arrived = async () => {
    const now = await truthOf('shop', fleet.east);
    if (now !== pods) throw new Error(`${now}`);
    return true;
  };
  await until(`the API server of east says ${pods}`, arrived, 2 * MINUTES);
}

async function scaled(plane: ControlPlane, replicas: number): Promise<void> {
  await plane.admin.scale(DEPLOYMENT, replicas);
  const arrived = async () => (await truthOf('shop', plane)) === replicas;
  await until(`${plane.name} has ${replicas}`, arrived, 2 * MINUTES);
}

async function truthOf(name: string, plane: ControlPlane): Promise<number> {
  return (await serving(plane.admin, 'prod', name)).size;
}

/** More than was written since any copy of these tests. */
async function writeMuch({ admin }: ControlPlane): Promise<void> {
  const one = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'much', namespace: 'prod' },
  };
  await admin.apply(one);
  for (let index = 0; index < 2000; index++)
    await admin.patch(one, { data: { index: `${index}` } });
}

const podsIn = (cluster: string) => truth.get('shop')?.get(cluster);

async function clusterOf(cluster: string) {
  const { clusters } = await fleet.viewOf('shop');
  const found = clusters.find(({ name }) => name === cluster);
  if (found === undefined) throw new Error(`no ${cluster}`);
  return found;
}
const stateOf = async (cluster: string) => (await clusterOf(cluster)).state;

async function relistsOf(cluster: string): Promise<number> {
  const { items } = await fleet.ballast.get<{ items: { name: string; relists: number }[] }>(
    '/api/v1/clusters',
  );
  return items.find(({ name }) => name === cluster)?.relists ?? Number.NaN;
}
