// Nothing is deleted but what was proved, and only in one place.

import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ClusterWriter } from '../../src/clusters/cluster-writer.ts';
import { removeProved, unlessUid } from '../../src/clusters/removal.ts';
import { MemoryObjects } from '../jobs/memory-objects.ts';

const SHOP = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'prod', name: 'shop' };

async function withShop() {
  const cluster = new MemoryObjects('east');
  const { name, namespace, ...type } = SHOP;
  const made = await cluster.apply({ ...type, metadata: { name, namespace } });
  if (!made.ok) throw new Error(made.text);
  return { cluster, uid: String(made.object.metadata['uid']) };
}

test('what is proved goes, and what it was comes back', async () => {
  const { cluster, uid } = await withShop();
  const removed = await removeProved(cluster, SHOP, unlessUid(uid));
  expect(removed).toMatchObject({ ok: true, was: 'removing', before: { metadata: { uid } } });
  expect(await cluster.read(SHOP)).toBeUndefined();
  expect(await removeProved(cluster, SHOP, unlessUid(uid))).toEqual({ ok: true, was: 'absent' });
});

test('another of that name stays, and one of which no UID is known', async () => {
  const { cluster } = await withShop();
  for (const uid of ['other', '']) {
    const text = 'ConfigMap prod/shop is another one now';
    const removed = await removeProved(cluster, SHOP, unlessUid(uid));
    expect(removed).toEqual({ ok: false, code: 'doubted', text });
  }
  expect(await cluster.read(SHOP)).toBeDefined();
});

test('what changes between the look and the deletion stays', async () => {
  const { cluster, uid } = await withShop();
  const meddling: Pick<ClusterWriter, 'read' | 'remove'> = {
    read: (ref) => cluster.read(ref),
    async remove(ref, expect) {
      await cluster.fence(SHOP, 7);
      return cluster.remove(ref, expect);
    },
  };
  const removed = await removeProved(meddling, SHOP, unlessUid(uid));
  expect(removed).toMatchObject({ ok: false, code: 'moved' });
  expect(await cluster.read(SHOP)).toBeDefined();
});

test('nobody else calls for a deletion', () => {
  const root = new URL('../../src/', import.meta.url).pathname;
  const callers = globSync('**/*.ts', { cwd: root }).filter((file) =>
    /\.remove\(\w/.test(readFileSync(root + file, 'utf8')),
  );
  // The others pass on what is said to a writer.
  expect(callers.toSorted()).toEqual([
    'clusters/removal.ts',
    'clusters/writer-scope.ts',
    'fanout/live/opening-writer.ts',
  ]);
});
