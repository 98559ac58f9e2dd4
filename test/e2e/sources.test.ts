// Clusters that come, change and go while Ballast runs, seen at a real edge.

import { readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { startFolderFleet, type FolderFleet } from './folder-fleet.ts';
import { weightsAt } from './held.ts';

let fleet: FolderFleet;

beforeAll(async () => {
  fleet = await startFolderFleet();
});
afterAll(async () => {
  await fleet.close();
});

interface ClusterList {
  readonly items: readonly {
    readonly name: string;
    readonly state: string;
    readonly reason?: string;
  }[];
  readonly sources: readonly { readonly source: string; readonly trouble: readonly string[] }[];
}

const clusters = () => fleet.ballast.get<ClusterList>('/api/v1/clusters');
const path = (name: string): string => join(fleet.clusterFolder, `${name}.kubeconfig`);

/** Written aside and renamed, so that no half of it is ever read. */
async function write(name: string, text: string): Promise<void> {
  await writeFile(join(fleet.clusterFolder, '.new'), text);
  await rename(join(fleet.clusterFolder, '.new'), path(name));
}

async function settled(weights: Record<string, number>, app = 'shop'): Promise<void> {
  let last = '';
  await until(`${app} is ${JSON.stringify(weights)}`, async () => {
    const held = await weightsAt(fleet.edge, app);
    last = JSON.stringify(held);
    return last === JSON.stringify(weights);
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; held ${last}; ${fleet.ballast.log().slice(-3000)}`);
  });
}

const EAST = '10.81.0.1:80';
const WEST = '10.82.0.1:80';

test('a file more is a cluster more', async () => {
  await write('east', fleet.east.api.kubeconfig());
  await settled({ [EAST]: 50 });
  await write('west', fleet.west.api.kubeconfig());
  await settled({ [EAST]: 50, [WEST]: 30 });
});

test('a changed kubeconfig is taken in with no weight moved', async () => {
  const before = (await fleet.ballast.get<{ version: number }>('/api/v1/weights')).version;
  fleet.west.api.tokens.add('rotated');
  await write('west', fleet.west.api.kubeconfig('rotated'));
  await until('it is read', () => fleet.ballast.log().includes('kubeconfig read anew'));
  fleet.west.api.tokens.delete('token-of-west');
  expect((await fleet.ballast.get<{ version: number }>('/api/v1/weights')).version).toBe(before);
  fleet.west.scale('shop', 4);
  await settled({ [EAST]: 50, [WEST]: 40 });
});

test('a broken file is named, and its cluster goes on', async () => {
  const good = await readFile(path('west'), 'utf8');
  await write('west', 'clusters: []');
  await until('it is named', async () => (await clusters()).sources[1]?.trouble.length === 1);
  expect((await clusters()).sources[1]?.trouble[0]).toMatch(
    /west\.kubeconfig: .*last good content stays/,
  );
  fleet.west.scale('shop', 3);
  await settled({ [EAST]: 50, [WEST]: 30 });
  await write('west', good);
  await until('all is well', async () => (await clusters()).sources[1]?.trouble.length === 0);
});

test('a cluster that goes keeps its servers, says so, and others move on; a restart knows it too', async () => {
  await unlink(path('west'));
  const west = async () => (await clusters()).items.find(({ name }) => name === 'west');
  await until('it is gone', async () => (await west())?.state === 'stale');
  expect((await west())?.reason).toMatch(/no source names west any more/);
  fleet.east.scale('shop', 6);
  await settled({ [EAST]: 60, [WEST]: 30 });
  const app = await fleet.ballast.get<{ clusters: object[] }>('/api/v1/apps/shop');
  expect(app.clusters).toContainEqual(
    expect.objectContaining({
      name: 'west',
      state: 'stale',
      reason: expect.objectContaining({ code: 'cluster-removed' }),
    }),
  );

  await fleet.restartBallast();
  fleet.east.scale('shop', 7);
  await settled({ [EAST]: 70, [WEST]: 30 });
  await until('it is missed', async () => (await west())?.state === 'stale');
});

test('it comes back under another name, and takes its servers over', async () => {
  fleet.west.scale('shop', 8);
  await write('west-2', fleet.west.api.kubeconfig('rotated'));
  await settled({ [EAST]: 70, [WEST]: 80 });
  expect((await clusters()).items.map(({ name }) => name)).toEqual(['east', 'west-2']);
});

test('SIGHUP: what is wrong is said and changes nothing; an app more is looked for', async () => {
  await fleet.hangUp({ apps: { discover: { services: 'ballast.io/app' }, lists: [] } });
  await until('it is refused', () => fleet.ballast.log().includes('was not taken in'));
  await settled({ [EAST]: 70, [WEST]: 80 });

  fleet.east.setApp({ name: 'plain', pods: 2, hosts: ['plain.example.com'] });
  await fleet.hangUp({
    apps: {
      discover: { services: 'ballast.io/app' },
      list: [{ name: 'told', service: 'plain', namespace: 'prod', hosts: ['told.example.com'] }],
    },
    weights: { base: 20 },
  });
  await settled({ [EAST]: 40 }, 'told');
  await settled({ [EAST]: 140, [WEST]: 160 });
});

test('one that goes for good is drained, and has its weight again when it comes back', async () => {
  await fleet.hangUp({ guard: { removed: { afterSeconds: 1, rampSeconds: 2 } } });
  await settled({ [EAST]: 70, [WEST]: 80 });
  await unlink(path('west-2'));
  await settled({ [EAST]: 70, [WEST]: 0 });
  const holds = async () => {
    const { items } = await fleet.ballast.get<{ items: { id: string; kind: string }[] }>(
      '/api/v1/holds',
    );
    return items.map(({ id, kind }) => `${kind} ${id}`);
  };
  expect(await holds()).toEqual(['drain removed-west-2']);
  await write('west-2', fleet.west.api.kubeconfig('rotated'));
  await settled({ [EAST]: 70, [WEST]: 80 });
  expect(await holds()).toEqual([]);
});
