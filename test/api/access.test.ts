// Who may call which route: every route, every role, every scope.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Role } from '../../src/api/access/caller.ts';
import { guardRoutes } from '../../src/api/access/gate.ts';
import { systemClock } from '../../src/clock.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import Fastify from 'fastify';
import { until } from '../controlplane/until.ts';
import { accessBy, listText, openAtLoopback, tokenOf, writeList, type ListFile } from './access.ts';
import { closeAll, openApi } from './open-api.ts';

let list: ListFile;
afterEach(closeAll);
afterAll(() => list.remove());
beforeAll(async () => {
  list = await writeList(
    listText({
      viewer: { roles: ['viewer'] },
      operator: { roles: ['operator'] },
      migrator: { roles: ['migrator'] },
      admin: { roles: ['admin'] },
      edge: { roles: ['edge'], edges: ['edge-1'] },
      shop: { roles: ['operator'], apps: ['sh*'] },
      east: { roles: ['operator'], clusters: ['east'] },
      both: { roles: ['operator'], apps: ['shop'], clusters: ['east'] },
    }),
  );
});

async function start(own: Parameters<typeof accessBy>[0] = {}) {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  west.setNodes([{ name: 'w1', address: '10.2.0.1:80' }]);
  for (const cluster of [east, west]) {
    cluster.set('shop', { pods: 8 });
    cluster.set('news', { pods: 2 });
  }
  const access = accessBy({ tokens: list.tokens, ...own });
  const opened = await openApi({ clusters: [east, west] }, { access });
  await until('it leads', () => opened.controller.published()?.app('news') !== undefined);
  const as = (name: string, method: 'GET' | 'POST' | 'DELETE', url: string, body?: object) =>
    opened.call(method, url, body, { authorization: `Bearer ${tokenOf(name)}` });
  return { ...opened, as };
}

const BEAT = {
  name: 'edge-1',
  environment: 'test',
  start: 's',
  beat: 1,
  highest: 0,
  mark: null,
  saved: null,
  workers: [],
  refused: [],
  compared: 0,
  above: [],
  documents: 0,
  source: 'api',
};
const FANOUT = { files: [{ name: 'a.yaml', text: '' }] };
const DRAIN = { kind: 'drain', app: 'shop', cluster: 'east', why: 'x' };

interface Wanted {
  readonly needs: Role | 'nothing';
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly route: string;
  readonly body?: object;
}

/** Least role of each route; what else is let in follows from it. */
const NEEDS: readonly Wanted[] = [
  { needs: 'nothing', method: 'GET', route: '/' },
  { needs: 'nothing', method: 'GET', route: '/assets/:file' },
  { needs: 'nothing', method: 'GET', route: '/livez' },
  { needs: 'nothing', method: 'GET', route: '/readyz' },
  { needs: 'nothing', method: 'GET', route: '/api/v1/openapi.json' },
  { needs: 'nothing', method: 'GET', route: '/api/v1/docs' },
  { needs: 'viewer', method: 'GET', route: '/metrics' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/caller' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/apps' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/apps/:app' },
  { needs: 'admin', method: 'DELETE', route: '/api/v1/apps/:app' },
  { needs: 'admin', method: 'POST', route: '/api/v1/apps/:app/adopt' },
  {
    needs: 'operator',
    method: 'POST',
    route: '/api/v1/apps/:app/revert',
    body: { version: 1, why: 'x' },
  },
  { needs: 'viewer', method: 'GET', route: '/api/v1/history' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/audit' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/clusters' },
  { needs: 'admin', method: 'DELETE', route: '/api/v1/clusters/:cluster' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/vms' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/edges' },
  { needs: 'admin', method: 'DELETE', route: '/api/v1/edges/:name' },
  { needs: 'admin', method: 'POST', route: '/api/v1/edges/confirm', body: { edges: [] } },
  { needs: 'edge', method: 'POST', route: '/api/v1/edges/:name/heartbeat', body: BEAT },
  { needs: 'viewer', method: 'GET', route: '/api/v1/upstreams' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/upstreams/:app' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/weights' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/weights/upsync/:app' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/pollers' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/events' },
  { needs: 'edge', method: 'GET', route: '/api/v1/documents' },
  { needs: 'edge', method: 'GET', route: '/api/v1/documents/manifest' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/holds' },
  { needs: 'operator', method: 'POST', route: '/api/v1/holds', body: DRAIN },
  { needs: 'viewer', method: 'GET', route: '/api/v1/holds/:id' },
  { needs: 'operator', method: 'DELETE', route: '/api/v1/holds/:id' },
  {
    needs: 'migrator',
    method: 'POST',
    route: '/api/v1/migrations/plan',
    body: { apps: ['shop'], from: 'east', to: 'west' },
  },
  {
    needs: 'migrator',
    method: 'POST',
    route: '/api/v1/migrations',
    body: { apps: ['shop'], from: 'east', to: 'west' },
  },
  { needs: 'migrator', method: 'POST', route: '/api/v1/migrations/rehearse' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/migrations/rehearsal' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/migrations/debts' },
  { needs: 'migrator', method: 'GET', route: '/api/v1/migrations/debts/:id' },
  {
    needs: 'migrator',
    method: 'POST',
    route: '/api/v1/migrations/debts/:id/consent',
    body: { digest: 'x' },
  },
  {
    needs: 'migrator',
    method: 'POST',
    route: '/api/v1/migrations/debts/:id/settle',
    body: { why: 'x', confirm: 'east' },
  },
  { needs: 'viewer', method: 'GET', route: '/api/v1/jobs' },
  { needs: 'viewer', method: 'GET', route: '/api/v1/jobs/:id' },
  ...['pause', 'resume', 'abort', 'retry', 'skip', 'approve'].map(
    (word): Wanted => ({ needs: 'migrator', method: 'POST', route: `/api/v1/jobs/:id/${word}` }),
  ),
  { needs: 'migrator', method: 'POST', route: '/api/v1/fanouts', body: FANOUT },
];
const LET_IN: Readonly<Record<Role | 'nothing', readonly string[]>> = {
  nothing: ['', 'viewer', 'operator', 'migrator', 'admin', 'edge'],
  viewer: ['viewer', 'operator', 'migrator', 'admin'],
  operator: ['operator', 'admin'],
  migrator: ['migrator', 'admin'],
  admin: ['admin'],
  edge: ['edge', 'admin'],
};
const IN_PATH: Readonly<Record<string, string>> = {
  ':app': 'shop',
  ':cluster': 'east',
  ':name': 'edge-1',
  ':id': 'none',
  ':file': 'none',
};

test('the table names every route', async () => {
  const { api } = await start();
  await api.ready();
  const path: string[] = [];
  const routes = api
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part = '', methods = ''] = /^([│├└─ ]*)(\S+) \((.*)\)/.exec(line) ?? [];
      path.splice(Math.floor(indent.length / 4) - 1, Infinity, part);
      const named = methods.split(', ').filter((method) => method !== '' && method !== 'HEAD');
      return named.map((method) => `${method} ${path.join('')}`);
    });
  expect(routes.toSorted()).toEqual(
    NEEDS.map(({ method, route }) => `${method} ${route}`).toSorted(),
  );
});

test.each(NEEDS)('$needs: $method $route', async ({ needs, method, route, body }) => {
  const { as, call, controller } = await start();
  const url = route.replace(/:\w+/g, (part) => IN_PATH[part] ?? part);
  const version = () => controller.published()?.mark.version;
  for (const role of ['viewer', 'operator', 'migrator', 'admin', 'edge']) {
    // It would not end; events.test.ts has those who are let in.
    if (route === '/api/v1/events' && LET_IN[needs].includes(role)) continue;
    const before = version();
    const { status, json } = await as(role, method, url, body);
    if (LET_IN[needs].includes(role)) {
      expect(status === 401 || status === 403, `${role} ${status}`).toBe(false);
    } else {
      expect([role, status, json.code]).toEqual([role, 403, 'role-missing']);
      expect(version()).toBe(before);
    }
  }
  const { status } = await call(method, url, body);
  expect(status === 401).toBe(needs !== 'nothing');
});

test('a route that names no role ends the start', () => {
  const api = Fastify();
  guardRoutes(api, openAtLoopback('admin'));
  expect(() => api.get('/new', () => '')).toThrow('GET /new names no role');
});

test('no token, another scheme, a wrong one, a short one: 401 with the way to log in', async () => {
  const { api } = await start();
  for (const [authorization, code] of [
    [undefined, 'token-missing'],
    ['Basic YTpi', 'token-unknown'],
    ['Bearer', 'token-unknown'],
    [`Bearer ${tokenOf('nobody')}`, 'token-unknown'],
    ['Bearer short', 'token-unknown'],
  ] as const) {
    const headers = { ...(authorization !== undefined && { authorization }) };
    const reply = await api.inject({ url: '/api/v1/apps', headers });
    expect([reply.statusCode, reply.json<{ code: string }>().code]).toEqual([401, code]);
    expect(reply.headers['www-authenticate']).toMatch(/^Bearer/);
  }
});

test('a body is not read before the caller is known', async () => {
  const { api } = await start();
  const reply = await api.inject({ method: 'POST', url: '/api/v1/holds', payload: '{' });
  expect(reply.statusCode).toBe(401);
});

test('who calls too often without a good token waits, others do not', async () => {
  const state = { now: 0 };
  const clock = { ...systemClock, now: () => state.now };
  const { api } = await start({ clock });
  const call = async (name: string, remoteAddress = '10.9.9.9') => {
    const headers = { authorization: `Bearer ${tokenOf(name)}` };
    const reply = await api.inject({ url: '/api/v1/apps', headers, remoteAddress });
    return [reply.statusCode, reply.headers['retry-after'], reply.json().code];
  };
  expect(await call('viewer')).toEqual([200, undefined, undefined]);
  for (let index = 0; index < 10; index += 1) expect((await call('guess'))[0]).toBe(401);
  expect(await call('guess')).toEqual([429, '6', 'too-many-tries']);
  // A good one that was not seen before looks like a guess; one that was is let in.
  expect((await call('operator'))[0]).toBe(429);
  expect((await call('viewer'))[0]).toBe(200);
  expect((await call('operator', '10.9.9.8'))[0]).toBe(200);
  state.now += 6001;
  expect((await call('guess'))[0]).toBe(401);
  expect((await call('guess'))[0]).toBe(429);
});

test('one IPv6 network is one place', async () => {
  const { api } = await start();
  const call = async (remoteAddress: string) => {
    const headers = { authorization: `Bearer ${tokenOf('guess')}` };
    return (await api.inject({ url: '/api/v1/apps', headers, remoteAddress })).statusCode;
  };
  for (let index = 0; index < 10; index += 1) await call(`2001:db8:0:1::${index}`);
  expect(await call('2001:db8:0:1:ffff::1')).toBe(429);
  expect(await call('2001:db8:0:2::1')).toBe(401);
});

test('what is not of the scope is not there for a reader', async () => {
  const { as } = await start();
  const names = async (url: string) => {
    const { items } = (await as('shop', 'GET', url)).json;
    return (items as { name?: string; app?: string }[]).map(({ name, app }) => name ?? app);
  };
  expect(await names('/api/v1/apps')).toEqual(['shop']);
  expect(await names('/api/v1/upstreams')).toEqual(['shop']);
  expect(Object.keys((await as('shop', 'GET', '/api/v1/weights')).json.upstreams)).toEqual([
    'shop',
  ]);
  for (const url of ['/api/v1/apps/news', '/api/v1/upstreams/news']) {
    expect((await as('shop', 'GET', url)).json.code).toBe('app-unknown');
  }
  await as('admin', 'POST', '/api/v1/holds', { ...DRAIN, id: 'a' });
  await as('admin', 'POST', '/api/v1/holds', { ...DRAIN, app: 'news', id: 'b' });
  const { items } = (await as('shop', 'GET', '/api/v1/holds')).json;
  expect(items).toMatchObject([{ id: 'a' }]);
  expect((await as('shop', 'GET', '/api/v1/holds/b')).json.code).toBe('hold-unknown');
  expect(new Set(await names('/api/v1/history'))).toEqual(new Set(['shop']));
  expect(await names('/api/v1/history?app=news')).toEqual([]);
  for (const url of ['/metrics', '/api/v1/audit']) {
    expect((await as('shop', 'GET', url)).json.code).toBe('out-of-scope');
  }
  const clusters = (await as('east', 'GET', '/api/v1/clusters')).json.items;
  expect(clusters).toMatchObject([{ name: 'east' }]);
});

test.each([
  ['shop', { app: 'shop' }, 201],
  ['shop', { app: 'shop', cluster: 'west' }, 201],
  ['shop', { app: 'news', cluster: 'west' }, 404],
  ['shop', { cluster: 'west' }, 403],
  ['shop', { server: '10.1.0.1:80' }, 403],
  ['east', { cluster: 'east' }, 201],
  ['east', { app: 'news', cluster: 'east' }, 201],
  ['east', { app: 'shop' }, 403],
  ['east', { app: 'shop', cluster: 'west' }, 404],
  ['both', { app: 'news', cluster: 'east' }, 404],
  ['both', { app: 'shop', cluster: 'east' }, 201],
  ['both', { app: 'shop' }, 403],
  ['both', { cluster: 'east' }, 403],
] as const)('%s holds %j: %i', async (name, scope, expected) => {
  const { as, controller } = await start();
  const hold = { kind: 'freeze', why: 'x', ...scope };
  const { status, json } = await as(name, 'POST', '/api/v1/holds', hold);
  expect(status).toBe(expected);
  if (expected === 403) expect(json.code).toBe('out-of-scope');
  if (expected === 404) expect(json.code).toMatch(/^(app|cluster)-unknown$/);
  expect(controller.published()?.held.holds).toHaveLength(expected === 201 ? 1 : 0);
});

test('a hold of others is not there for who does not see it, and is lifted by who may hold it', async () => {
  const { as, controller } = await start();
  await as('admin', 'POST', '/api/v1/holds', { ...DRAIN, app: 'news', id: 'theirs' });
  await as('admin', 'POST', '/api/v1/holds', { ...DRAIN, cluster: 'west', id: 'seen' });
  const tell = async (name: string, method: 'GET' | 'POST' | 'DELETE', id: string) => {
    const own = { kind: 'freeze', app: 'shop', cluster: 'east', why: 'x', lift: [id] };
    const url = method === 'POST' ? '/api/v1/holds' : `/api/v1/holds/${id}`;
    const { status, json } = await as(name, method, url, method === 'POST' ? own : undefined);
    return [status, json.code, json.detail?.replace(/^.*?: /, '')];
  };
  const missing = [404, 'hold-unknown', 'no hold theirs'];
  expect(await tell('shop', 'GET', 'theirs')).toEqual(missing);
  expect(await tell('shop', 'POST', 'theirs')).toEqual(missing);
  expect(await tell('shop', 'DELETE', 'theirs')).toEqual(missing);
  // Word for word as of one that is nowhere.
  expect(await tell('shop', 'DELETE', 'nowhere')).toEqual([404, 'hold-unknown', 'no hold nowhere']);
  // What is seen and may not be lifted is another matter.
  expect((await tell('east', 'GET', 'seen'))[0]).toBe(200);
  expect((await tell('east', 'DELETE', 'seen')).slice(0, 2)).toEqual([403, 'out-of-scope']);
  expect((await tell('east', 'POST', 'seen')).slice(0, 2)).toEqual([403, 'out-of-scope']);
  expect(controller.published()?.held.holds).toHaveLength(2);
  expect((await as('operator', 'DELETE', '/api/v1/holds/theirs')).status).toBe(200);
});

test('an edge brings its own heartbeat alone', async () => {
  const { as } = await start();
  expect((await as('edge', 'POST', '/api/v1/edges/edge-1/heartbeat', BEAT)).status).toBe(204);
  const other = { ...BEAT, name: 'edge-2' };
  const { status, json } = await as('edge', 'POST', '/api/v1/edges/edge-2/heartbeat', other);
  expect([status, json.code]).toEqual([403, 'out-of-scope']);
});

test('an app goes back by who may hold all of it, and lifts only what is theirs to lift', async () => {
  const { as, controller } = await start();
  const version = controller.published()?.app('shop')?.stamp.version;
  const revert = async (name: string, app: string, lift: readonly string[] = []) => {
    const asked = { version, why: 'x', lift };
    return (await as(name, 'POST', `/api/v1/apps/${app}/revert`, asked)).status;
  };
  expect([await revert('shop', 'news'), await revert('east', 'shop')]).toEqual([404, 403]);
  await as('admin', 'POST', '/api/v1/holds', { ...DRAIN, app: 'news', id: 'theirs' });
  expect(await revert('shop', 'shop', ['theirs'])).toBe(404);
  expect(controller.published()?.held.holds).toHaveLength(1);
  expect(await revert('shop', 'shop')).toBe(201);
});

test('history, audit and the hold name who wrote, and who was denied', async () => {
  const { as, controller } = await start();
  await as('operator', 'POST', '/api/v1/holds', DRAIN);
  await as('viewer', 'POST', '/api/v1/holds', DRAIN);
  await as('nobody', 'POST', '/api/v1/holds', DRAIN);
  expect(controller.published()?.held.holds).toMatchObject([{ who: 'operator' }]);
  const items = async (url: string) => (await as('viewer', 'GET', url)).json.items;
  expect(await items('/api/v1/history?limit=1')).toMatchObject([{ actor: 'operator' }]);
  const words = await items('/api/v1/audit');
  expect(words).toMatchObject([
    { actor: 'viewer', text: 'POST /api/v1/holds', refused: { code: 'role-missing' } },
    {
      actor: 'operator',
      text: expect.stringMatching(/^drain h-\w+ of app shop, cluster east: x$/),
    },
  ]);
  expect(words).toHaveLength(2);
});

test('without a token this machine has the role that is configured, and no other caller', async () => {
  const { api } = await start({ loopback: 'viewer' });
  const status = async (headers: Record<string, string>, remoteAddress = '127.0.0.1') =>
    (await api.inject({ url: '/api/v1/apps', headers, remoteAddress })).statusCode;
  expect(await status({})).toBe(200);
  expect(await status({}, '::1')).toBe(200);
  expect(await status({}, '10.0.0.7')).toBe(401);
  expect(await status({ 'x-forwarded-for': '10.0.0.7' })).toBe(401);
  expect(await status({ host: 'evil.example' })).toBe(403);
  expect(await status({ host: 'localhost:8080', origin: 'http://localhost:8080' })).toBe(200);
  expect(await status({ host: 'localhost:8080', origin: 'http://localhost:3000' })).toBe(403);
  const write = await api.inject({ method: 'POST', url: '/api/v1/holds', payload: DRAIN });
  expect(write.json()).toMatchObject({ code: 'role-missing' });
});
