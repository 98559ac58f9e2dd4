// The API over a whole controller in memory: a memory cluster and a memory store, no edges.

import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { buildApi } from '../../src/api/server.ts';
import { systemClock } from '../../src/clock.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import type { Controller } from '../../src/controller.ts';
import type { MemoryStore } from '../../src/edges/memory.ts';
import { collectStatistics } from '../../src/edges/statistics.ts';
import { joinVms } from '../../src/inventory/vms.ts';
import { until } from '../controlplane/until.ts';
import { openAtLoopback } from './access.ts';
import { NO_MIGRATIONS } from './no-migrations.ts';
import { controllerInMemory } from './memory-controller.ts';

const stop = new AbortController();
const cluster = new MemoryCluster('east');
const footprint = (pods: number) => ({ pods, routed: true, hosts: ['shop.example.com'] }) as const;
let controller: Controller;
let store: MemoryStore;
const statistics = collectStatistics();
let api: ReturnType<typeof buildApi>;
let running: Promise<void>;
const counted: string[] = [];

beforeAll(async () => {
  cluster.setNodes([{ name: 'n1', address: '10.0.0.1:80' }]);
  cluster.set('shop', footprint(7));
  const parts = controllerInMemory({ clusters: [cluster] });
  ({ controller, store } = parts);
  api = buildApi({
    migrations: NO_MIGRATIONS,
    access: openAtLoopback('admin'),
    answered: (route, code) => counted.push(`${route} ${code}`),
    controller,
    sources: () => [],
    vms: joinVms([]),
    book: parts.book,
    statistics,
    beat: (edge, text) => store.beat(edge, text),
    edges: store,
    notes: store.notes,
    history: store.history,
    clock: systemClock,
    ready: () => ({ ready: false, why: 'no state from Redis yet' }),
    environment: 'test',
    metrics: async () => ({ type: 'text/plain', text: 'ballast_leader 1\n' }),
    wall: () => new Date(0),
    random: () => 0.5,
    forgottenHours: () => 24,
    signal: stop.signal,
  });
  running = controller.run(stop.signal);
  await until('shop is published', async () => controller.published()?.app('shop') !== undefined);
});
afterAll(async () => {
  stop.abort();
  await running;
  await api.close();
});

const get = (url: string, headers: Record<string, string> = {}) => api.inject({ url, headers });

test('an app shows its sum and shares', async () => {
  const app = (await get('/api/v1/apps/shop')).json();
  expect(app).toMatchObject({
    name: 'shop',
    hosts: ['shop.example.com'],
    clusters: [{ name: 'east', pods: 7, weight: 70, formula: '7 pods * 10 / 1 ingress node = 70' }],
    servers: [{ address: '10.0.0.1:80', weight: 70, share: 1, exactShare: 1 }],
  });
});

test('the age of a cluster is that of the question, not of the last round', async () => {
  cluster.setStatus({ state: 'fresh', ageSeconds: 77 });
  const { clusters } = (await get('/api/v1/apps/shop')).json<{
    clusters: { ageSeconds: number }[];
  }>();
  expect(clusters[0]?.ageSeconds).toBe(77);
});

test('a server says at which edges it is unhealthy', async () => {
  const servers = async () =>
    (await get('/api/v1/apps/shop')).json<{ servers: object[] }>().servers;
  expect((await servers())[0]).not.toHaveProperty('unhealthyAt');
  const unhealthy = [{ address: '10.0.0.1:80' }];
  statistics.add('edge-1', systemClock.now(), { start: 'a', counts: [], unhealthy });
  expect(await servers()).toMatchObject([{ address: '10.0.0.1:80', unhealthyAt: ['edge-1'] }]);
});

test('unknown apps, upstreams and routes are problems with their code', async () => {
  for (const [url, code] of [
    ['/api/v1/apps/nope', 'app-unknown'],
    ['/api/v1/upstreams/nope', 'upstream-unknown'],
    ['/api/v1/nope', 'not-found'],
  ] as const) {
    const reply = await get(url);
    expect([reply.statusCode, reply.headers['content-type']]).toEqual([
      404,
      expect.stringContaining('application/problem+json'),
    ]);
    expect(reply.json()).toMatchObject({ code, type: `urn:ballast:error:${code}` });
  }
});

test('a write to a route that is only read is 405 and names what is allowed', async () => {
  const reply = await api.inject({ method: 'DELETE', url: '/api/v1/upstreams/shop' });
  expect([reply.statusCode, reply.headers['allow']]).toEqual([405, 'GET, HEAD']);
});

test.each(['OPTIONS', 'TRACE', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'] as const)(
  '%s on a route that is only read is 405, whatever its body',
  async (method) => {
    for (const url of ['/api/v1/apps', '/api/v1/upstreams/shop?x=1', '/livez']) {
      for (const payload of ['{', '{}', '']) {
        const headers = { 'content-type': payload === '' ? 'strange/type' : 'application/json' };
        const reply = await api.inject({ method: method as 'POST', url, payload, headers });
        expect([reply.statusCode, reply.headers['allow']]).toEqual([405, 'GET, HEAD']);
        expect(reply.json()).toMatchObject({ code: 'method-not-allowed' });
      }
    }
  },
);

test('a route that only takes a POST says so', async () => {
  const reply = await get('/api/v1/edges/edge-1/heartbeat');
  expect([reply.statusCode, reply.headers['allow']]).toEqual([405, 'POST']);
});

test.each([
  '/api/v1/apps/%ZZ',
  `/api/v1/apps/${'a'.repeat(64)}`,
  `/api/v1/apps/${'a'.repeat(200)}`,
])('%s is a problem', async (url) => {
  const reply = await get(url);
  expect(reply.statusCode).toBeGreaterThanOrEqual(400);
  expect(reply.statusCode).toBeLessThan(500);
  expect(reply.headers['content-type']).toContain('application/problem+json');
  expect(reply.json()).toHaveProperty('act');
});

test('what is no HTTP is a problem', async () => {
  const { port } = new URL(await api.listen({ host: '127.0.0.1', port: 0 }));
  const socket = connect(Number(port), '127.0.0.1');
  socket.end('NONSENSE /livez HTTP/1.1\r\nhost: a\r\n\r\n');
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ code: 'request-invalid' });
});

test.each([
  '/api/v1/apps?foo=1',
  '/api/v1/apps/shop?foo=1',
  '/api/v1/clusters?foo=1',
  '/api/v1/edges?foo=1',
  '/api/v1/upstreams?foo=1',
  '/api/v1/upstreams/shop?foo=1',
  '/api/v1/weights?wait=1s&foo=1',
  '/api/v1/documents?foo=1',
  '/api/v1/documents/manifest?foo=1',
])('%s: a key of the query that nobody knows is named', async (url) => {
  const reply = await get(url);
  expect(reply.statusCode).toBe(400);
  expect(reply.json<{ detail: string }>().detail).toContain('querystring/foo is not known here');
});

test('answers are counted by route and code, whatever the path', async () => {
  counted.length = 0;
  for (const url of ['/api/v1/apps/shop', '/api/v1/apps/x', '/api/v1/apps/y', '/nothing'])
    await get(url);
  await until('all are counted', () => counted.length === 4);
  expect(counted).toEqual([
    '/api/v1/apps/:app 200',
    '/api/v1/apps/:app 404',
    '/api/v1/apps/:app 404',
    'none 404',
  ]);
});

test('not ready says why', async () => {
  const reply = await get('/readyz');
  expect(reply.statusCode).toBe(503);
  expect(reply.json()).toMatchObject({ code: 'not-ready', detail: 'no state from Redis yet' });
});

test('weights: the same tag is 304, and a long poll ends with the next commit', async () => {
  const first = await get('/api/v1/weights');
  const tag = String(first.headers['etag']);
  expect(first.json()).toMatchObject({
    upstreams: { shop: [{ address: '10.0.0.1:80', weight: 70 }] },
  });
  expect((await get('/api/v1/weights', { 'if-none-match': tag })).statusCode).toBe(304);
  const waiting = get('/api/v1/weights?wait=30s', { 'if-none-match': tag });
  cluster.set('shop', footprint(8));
  const next = await waiting;
  expect(next.json()).toMatchObject({ upstreams: { shop: [{ weight: 80 }] } });
  expect(next.headers['etag']).not.toBe(tag);
});

test('weights: many that wait are answered by one writing', async () => {
  const tag = String((await get('/api/v1/weights')).headers['etag']);
  const stringify = vi.spyOn(JSON, 'stringify');
  onTestFinished(() => stringify.mockRestore());
  const waiting = Array.from({ length: 20 }, () =>
    get('/api/v1/weights?wait=30s', { 'if-none-match': tag }),
  );
  cluster.set('shop', footprint(11));
  const answers = await Promise.all(waiting);
  expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  expect(answers[0]?.json()).toMatchObject({ upstreams: { shop: [{ weight: 110 }] } });
  expect(answers[0]?.headers['content-type']).toBe('application/json; charset=utf-8');
  const written = stringify.mock.calls.filter(([value]) =>
    Object.hasOwn(Object(value), 'upstreams'),
  );
  expect(written).toHaveLength(1);
});

test.each([
  (tag: string) => `W/${tag}`,
  (tag: string) => `"9-9", W/"8-8" ,W/${tag}`,
  (tag: string) => `${tag},"9-9"`,
  () => '*',
])('weights: the tag is found weak, in a list, and by a star (%#)', async (write) => {
  const tag = String((await get('/api/v1/weights')).headers['etag']);
  const headers = { 'if-none-match': write(tag) };
  expect((await get('/api/v1/weights', headers)).statusCode).toBe(304);
  expect((await get('/api/v1/weights', { 'if-none-match': '"0-0", "x' })).statusCode).toBe(200);
});

test('weights: a long poll waits by a tag that a proxy made weak', async () => {
  const tag = String((await get('/api/v1/weights')).headers['etag']);
  const waiting = get('/api/v1/weights?wait=30s', { 'if-none-match': `W/${tag}` });
  cluster.set('shop', footprint(9));
  expect((await waiting).json()).toMatchObject({ upstreams: { shop: [{ weight: 90 }] } });
});

test('a wrong wait is a problem that names it', async () => {
  const reply = await get('/api/v1/weights?wait=99s');
  expect(reply.statusCode).toBe(400);
  expect(reply.json()).toMatchObject({ code: 'request-invalid' });
});
