// What is held and cannot be read: nothing is written over it, and everybody is told.

import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { digestOf } from '../../src/edges/digest.ts';
import { HOLDS, type Document } from '../../src/edges/document.ts';
import { openMemoryStore } from '../../src/edges/memory.ts';
import { isRefusal, type Lease, type Store } from '../../src/edges/store.ts';
import { until } from '../controlplane/until.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

const LATER = '{"holds":[{"kind":"later"}]}';

function holdsOf(version: number, body: string, term = 1): Document {
  const stamp = { term, version };
  return { app: HOLDS, stamp, owner: 'controller', digest: digestOf(body), body };
}

/** Runs with what another version has left in the store, which counts its calls. */
async function start() {
  const store = openMemoryStore(systemClock.now);
  const known: { lease?: Lease; reads: number; commits: number } = { reads: 0, commits: 0 };
  const counted: Store = {
    ...store,
    async takeTerm(...args) {
      const lease = await store.takeTerm(...args);
      if (!isRefusal(lease)) known.lease = lease;
      return lease;
    },
    async read() {
      known.reads += 1;
      return store.read();
    },
    async commit(...args) {
      known.commits += 1;
      return store.commit(...args);
    },
    // As an edge that was asked, and holds it above Redis.
    seed: async (lease, documents) =>
      store.seed(lease, [...documents, ...(known.reads < 3 ? [holdsOf(1, LATER)] : [])]),
  };
  const east = new MemoryCluster('east');
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  east.set('shop', { pods: 1 });
  const opened = await openApi({ clusters: [east], store: { ...store, ...counted } });
  const phase = () => opened.controller.leader().phase;
  await until('it says so', () => phase().includes('holds are unreadable'));
  return { ...opened, known, store, phase };
}

test('nothing is written, and the phase names the place', async () => {
  const { hold, call, known, controller, phase } = await start();
  expect(phase()).toContain('holds[0].id: missing');
  const { status, json } = await hold({ kind: 'drain', app: 'shop' });
  expect([status, json.code]).toEqual([503, 'holds-unreadable']);
  expect(
    (await call('POST', '/api/v1/holds?dryRun=true', { kind: 'drain', app: 'a', why: 'x' })).json
      .code,
  ).toBe('holds-unreadable');
  expect([known.commits, controller.published()?.app('shop')]).toEqual([0, undefined]);
  expect(controller.apps()).not.toContain(HOLDS);
});

test('it is read again, and the rounds go on once it can be', async () => {
  const { store, known, weights } = await start();
  const before = known.reads;
  await until('it is read again', () => known.reads > before + 1);
  if (!known.lease) throw new Error('a term was taken');
  const { term } = known.lease;
  const { version } = await store.version();
  await store.seed(known.lease, [holdsOf(version + 1, '{"holds":[]}', term)]);
  await until('rounds go on', () => weights() === '10');
});
