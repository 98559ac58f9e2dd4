// An edge that is gone is waited for until a person retires it.

import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { openMemoryStore, type MemoryStore as Store } from '../../src/edges/memory.ts';
import { openEdgeBook } from '../../src/edges/edge-book.ts';
import { readEdgeState } from '../../src/edges/edge-state.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { metricsText } from '../telemetry/metrics-text.ts';
import { until } from '../controlplane/until.ts';
import { openAtLoopback } from './access.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

const SILENT = Number.NEGATIVE_INFINITY;

/** Of edge-9 there is one heartbeat, heard then: from when there is a leader, or from before (`store`). */
async function start(heardAt: number, more: Parameters<typeof openApi>[1] = {}, store?: Store) {
  const east = new MemoryCluster('east');
  east.setNodes([1, 2].map((n) => ({ name: `e${n}`, address: `10.1.0.${n}:80` })));
  east.set('shop', { pods: 8 });
  const api = await openApi({ clusters: [east], ...(store && { store }) }, more);
  const text = (beat: number) => JSON.stringify({ name: 'edge-9', start: 'a', beat });
  const leads = (): boolean => api.controller.published()?.app('shop') !== undefined;
  if (!store) await until('it leads', leads);
  const state = readEdgeState(JSON.parse(text(1)));
  if (state) api.book.hear(state, heardAt);
  await api.store.beat('edge-9', text(1));
  const retire = (query = '?confirm=edge-9', name = 'edge-9') =>
    api.call('DELETE', `/api/v1/edges/${name}${query}`);
  const edges = async () => {
    const { items, retired } = (await api.call('GET', '/api/v1/edges')).json;
    return [items.map(({ name }: { name: string }) => name), retired];
  };
  const beats = async () => {
    const { states, retired } = await api.store.heartbeats();
    return [states.map(({ name, beat }) => `${name} ${beat}`), retired];
  };
  return {
    ...api,
    leads,
    retire,
    edges,
    beats,
    beat: (at: number) => api.store.beat('edge-9', text(at)),
  };
}

test('nothing waits for a retired edge, until it gives word again', async () => {
  const { retire, edges, hold, call, beat, book, controller } = await start(SILENT);
  const drain = (id: string) =>
    hold({ id, kind: 'drain', app: 'shop', server: '10.1.0.1:80' }, '?wait=1s');
  expect((await drain('a')).json).toMatchObject({
    acknowledged: false,
    edges: [{ name: 'edge-9', missing: expect.stringContaining('silent') }],
  });
  const all = createMetrics();
  const metrics = () => metricsText(all, { controller, book, now: systemClock.now() });
  expect(await metrics()).toContain('ballast_edge_up{edge="edge-9"} 0');
  expect(await retire()).toMatchObject({ status: 200, json: { name: 'edge-9', retired: true } });
  expect(await edges()).toEqual([[], ['edge-9']]);
  expect(await metrics()).not.toContain('edge-9');
  expect((await drain('b')).json).toMatchObject({ acknowledged: true, edges: [] });
  expect((await call('GET', '/api/v1/history?limit=1')).json.items[0].edges).toEqual([]);
  const { items } = (await call('GET', '/api/v1/audit')).json;
  expect(items).toContainEqual({
    id: expect.any(String),
    at: expect.any(String),
    actor: 'local',
    text: 'retire edge edge-9',
  });
  expect(await retire()).toMatchObject({
    status: 404,
    json: { code: 'edge-unknown', detail: expect.stringContaining('retired already') },
  });
  await beat(2);
  await until(
    'it is an edge again',
    async () => JSON.stringify(await edges()) === '[["edge-9"],[]]',
  );
});

test('an edge that gives word, or is in the configuration, is not retired', async () => {
  const own = openEdgeBook(new Map([['edge-1', undefined]]));
  const at = systemClock.now();
  const alive = await start(at - 1000, { clock: { ...systemClock, now: () => at } });
  expect(await alive.retire()).toMatchObject({
    status: 409,
    json: { code: 'edge-alive', detail: 'DELETE /api/v1/edges/edge-9: edge-9 gave word 1.0 s ago' },
  });
  expect(await alive.edges()).toEqual([['edge-9'], []]);
  const configured = await start(SILENT, { book: own });
  expect(await configured.retire('?confirm=edge-1', 'edge-1')).toMatchObject({
    status: 409,
    json: { code: 'edge-configured', detail: expect.stringContaining('edge-1') },
  });
  expect(await configured.beats()).toEqual([['edge-9 1'], []]);
});

test('word that comes between the look and the mark is stronger', async () => {
  const { retire, edges, beats } = await start(SILENT, {
    edges: {
      heartbeats: async () => ({ states: [], retired: [] }),
      async retire(...args) {
        await late.beat(2);
        return late.store.retire(...args);
      },
    },
  }).then((made) => (late = made));
  expect(await retire()).toMatchObject({ status: 409, json: { code: 'edge-alive' } });
  expect(await beats()).toEqual([['edge-9 2'], []]);
  expect((await edges())[1]).toEqual([]);
});
let late: Awaited<ReturnType<typeof start>>;

test.each([
  ['', 'edge-9', 400, 'confirm-missing'],
  ['?confirm=edge-8', 'edge-9', 400, 'confirm-missing'],
  ['?confirm=edge-9&force=true', 'edge-9', 400, 'request-invalid'],
  ['?confirm=nobody', 'nobody', 404, 'edge-unknown'],
])('DELETE %s of %s is refused', async (query, name, status, code) => {
  const { retire, beats } = await start(SILENT);
  expect(await retire(query, name)).toMatchObject({ status, json: { code } });
  expect(await beats()).toEqual([['edge-9 1'], []]);
});

test('a new term that waits for nobody but it goes on', async () => {
  const store = openMemoryStore(systemClock.now);
  await store.beat('edge-9', '{"name":"edge-9","start":"a","beat":1}');
  const { retire, controller, leads } = await start(SILENT, {}, store);
  await until('it gathers', () => controller.leader().phase.includes('no word yet from edge-9'));
  expect((await retire()).status).toBe(200);
  await until('it leads', leads);
});

test('it takes an admin', async () => {
  const { retire, beats } = await start(SILENT, { access: openAtLoopback('operator') });
  expect(await retire()).toMatchObject({ status: 403, json: { code: 'role-missing' } });
  expect(await beats()).toEqual([['edge-9 1'], []]);
});

test('a controller that stands by hears the edges, and who is retired', async () => {
  const store = openMemoryStore(systemClock.now);
  await openApi({ store, holder: 'one' });
  await until('one leads', async () => (await store.version()).version > 0);
  const { book, controller } = await openApi({ store, holder: 'two' });
  await until('the other stands by', () => controller.leader().phase.includes('standby'));
  await store.beat('edge-9', '{"name":"edge-9","start":"a","beat":1}');
  const names = () => book.views(undefined, systemClock.now()).map(({ name }) => name);
  await until('it knows the edge', () => names().join() === 'edge-9');
  await store.retire('edge-9', { start: 'a', beat: 1 }, '{}');
  await until('it knows the mark', () => names().length === 0 && book.retired().length === 1);
  expect(controller.leader().leading).toBe(false);
});

test('one that is configured again counts, though a mark is left of it', () => {
  const book = openEdgeBook(new Map([['edge-1', undefined]]));
  const state = readEdgeState({ name: 'edge-1', start: 'a', beat: 1 });
  if (state) book.hear(state, 0);
  book.read({ states: [], retired: ['edge-1', 'edge-2'] }, 0);
  expect(book.views(undefined, 0).map(({ name, status }) => [name, status])).toEqual([
    ['edge-1', 'current'],
  ]);
  expect(book.retired()).toEqual(['edge-2']);
});
