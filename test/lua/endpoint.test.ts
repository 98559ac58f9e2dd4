import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readEdgeState } from '../../src/edges/edge-state.ts';
import { until } from '../controlplane/until.ts';
import { startEdge, type TestEdge } from './edge.ts';
import { bodyOf, documentOf, leadRedis, sha1, type Leader } from './leader.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

interface Bodies {
  readonly good: readonly {
    readonly app?: string;
    readonly body: string;
    readonly digest: string;
  }[];
  readonly bad: readonly { readonly name: string; readonly body: string }[];
}
const bodies = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'contract', 'bodies.json'), 'utf8'),
) as Bodies;

const client = openClient({ fresh: true });
let redis: TestRedis;
let leader: Leader;
let edge: TestEdge;
let servers: TestServers;
let a = '';

beforeAll(async () => {
  servers = await startServers(1);
  [a = ''] = servers.addresses;
  redis = await startRedis({ persistence: 'aof' });
  leader = leadRedis(redis.url);
  await leader.take(100);
  edge = await startEdge({ redisUrl: redis.url });
});

afterAll(async () => {
  leader?.close();
  await client.close();
  await edge?.close();
  await redis?.close();
  await servers?.close();
});

const stampOf = (json: unknown) => {
  const { term, version } = json as { term: number; version: number };
  return { term, version };
};

const caughtUp = (version: number): Promise<unknown> =>
  until('caught up', async () => (await edge.state()).mark?.version === version);

test.each(bodies.bad)(
  'a bad body ($name) is refused by PUT, validate and push',
  async ({ body }) => {
    const before = await leader.redis.get(leader.key('version'));
    for (const [method, path] of [
      ['PUT', '/v1/upstreams/a'],
      ['POST', '/v1/validate'],
    ] as const) {
      const { status, json } = await edge.call(method, path, body);
      expect([status, json]).toEqual([
        400,
        { code: 'bad', detail: expect.stringMatching(/^(app|body|hosts|policy|servers)\b.*: ./) },
      ]);
    }
    const document = documentOf('a', { term: 100, version: 1 }, body);
    const { json } = await edge.call('POST', '/v1/upstreams', { term: 100, documents: [document] });
    expect(json).toMatchObject({
      verdicts: [{ app: 'a', code: 'bad', detail: expect.stringMatching(/: ./) }],
    });
    expect((await edge.call('GET', '/v1/upstreams/a')).status).toBe(404);
    expect(await leader.redis.get(leader.key('version'))).toBe(before);
  },
);

let goodVersion = 1;

test.each(bodies.good)('a good body is taken as it is ($digest)', async ({ app, body, digest }) => {
  const name = app ?? (JSON.parse(body) as { app: string }).app;
  // Several are bodies of one app: each is newer than the last.
  goodVersion += 1;
  const document = documentOf(name, { term: 100, version: goodVersion }, body);
  const { json } = await edge.call('POST', '/v1/upstreams', { term: 100, documents: [document] });
  expect(json).toMatchObject({ verdicts: [{ app: name, code: 'applied', digest }] });
  const gathered = await edge.call('POST', '/v1/gather', { term: 100, apps: [name] });
  expect(gathered.json).toMatchObject({ documents: [document] });
  if (app !== undefined) return;
  expect((await edge.call('POST', '/v1/validate', body)).json).toMatchObject({ digest });
});

test('validate answers the shares', async () => {
  const body = bodyOf('any', { '10.0.0.1:80': 30, '10.0.0.2:80': 10, '10.0.0.3:80': 0 });
  expect((await edge.call('POST', '/v1/validate', body)).json).toEqual({
    digest: sha1(body),
    shares: { '10.0.0.1:80': 0.75, '10.0.0.2:80': 0.25, '10.0.0.3:80': 0 },
  });
});

test('PUT makes any form canonical, commits it, and applies it by the answer', async () => {
  const body = {
    servers: [{ weight: 5, from: 'vm', address: a }],
    policy: { whenUnhealthy: 'spread', balance: 'smooth' },
    hosts: ['z.example', 'own.example'],
    app: 'own',
  };
  const { status, json } = await edge.call(
    'PUT',
    '/v1/upstreams/own',
    JSON.stringify(body, null, 2),
  );
  const canonical = bodyOf('own', { [a]: 5 }, ['own.example', 'z.example']).replace('east', 'vm');
  expect(status).toBe(200);
  expect(json).toMatchObject({ app: 'own', term: 100, digest: sha1(canonical) });
  expect(await client.load(edge.url, 'own.example', 40)).toEqual(new Map([[a, 40]]));
  expect(await leader.redis.hget(leader.key('upstreams'), 'own')).toBe(canonical);
  const line = await leader.redis.hget(leader.key('manifest'), 'own');
  const { version } = json as { version: number };
  expect(line).toBe(`100 ${version} ${sha1(canonical)} endpoint`);
  expect((await edge.state()).mark).toEqual({ term: 100, version });
  expect((await edge.call('GET', '/v1/upstreams/own')).json).toEqual({
    ...(JSON.parse(canonical) as object),
    ...{ term: 100, version, digest: sha1(canonical), owner: 'endpoint' },
  });
});

test('PUT applies by itself, where the poll brings nothing', async () => {
  await leader.redis.call('ACL', 'SETUSER', 'default', '-xrange');
  try {
    await until('the poll fails', async () => !(await edge.state()).redis.ok);
    const { status } = await edge.call('PUT', '/v1/upstreams/own', bodyOf('own', { [a]: 7 }));
    expect(status).toBe(200);
    const { json } = await edge.call('GET', '/v1/upstreams/own');
    expect(json).toMatchObject({ servers: [{ address: a, weight: 7 }] });
    expect((await edge.state()).mark).toMatchObject(stampOf(json));
  } finally {
    await leader.redis.call('ACL', 'SETUSER', 'default', '+xrange');
  }
});

test('DELETE leaves a tombstone; what is not there is 404', async () => {
  await edge.call('PUT', '/v1/upstreams/brief', bodyOf('brief', { [a]: 1 }));
  const { status, json } = await edge.call('DELETE', '/v1/upstreams/brief');
  expect([status, json]).toMatchObject([200, { app: 'brief', digest: '-' }]);
  expect((await edge.call('GET', '/v1/upstreams/brief')).status).toBe(404);
  expect((await client.get(edge.url, 'brief.example')).status).toBe(404);
  expect((await edge.call('DELETE', '/v1/upstreams/brief')).json).toMatchObject({
    code: 'nothing-to-delete',
  });
  expect((await edge.call('DELETE', '/v1/upstreams/never')).status).toBe(404);
});

test('an app of the controller is refused, and the holds API named', async () => {
  const { mark } = await leader.commit({ theirs: bodyOf('theirs', { [a]: 1 }) });
  await caughtUp(mark.version);
  for (const method of ['PUT', 'DELETE']) {
    const body = method === 'PUT' ? bodyOf('theirs', { [a]: 2 }) : undefined;
    const { status, json } = await edge.call(method, '/v1/upstreams/theirs', body);
    expect([status, json]).toEqual([
      409,
      { code: 'owned-by-controller', detail: expect.stringContaining('/api/v1/holds') },
    ]);
  }
});

test('an app of the controller that Redis has lost is the controller’s all the same', async () => {
  const { mark } = await leader.commit({ lost: bodyOf('lost', { [a]: 1 }) });
  await caughtUp(mark.version);
  await leader.redis.hdel(leader.key('manifest'), 'lost');
  await leader.redis.hdel(leader.key('upstreams'), 'lost');
  for (const method of ['PUT', 'DELETE']) {
    const body = method === 'PUT' ? bodyOf('lost', { [a]: 2 }) : undefined;
    const { status, json } = await edge.call(method, '/v1/upstreams/lost', body);
    expect([status, json]).toMatchObject([409, { code: 'owned-by-controller' }]);
  }
  expect((await client.get(edge.url, 'lost.example')).status).toBe(200);
});

test('a reserved name, another name than the path, and a name that is none are refused', async () => {
  const body = bodyOf('one', { [a]: 1 });
  expect(await edge.call('PUT', '/v1/upstreams/two', body)).toMatchObject({ status: 400 });
  expect(await edge.call('DELETE', '/v1/upstreams/_holds')).toMatchObject({ status: 400 });
  expect(await edge.call('DELETE', '/v1/upstreams/a%20b')).toMatchObject({ status: 400 });
  expect(await edge.call('POST', '/v1/nothing')).toMatchObject({ status: 404 });
});

test('PUT takes no host from another app, and crossing commits end alike on every edge', async () => {
  const hosts = ['mine.example'];
  await leader.commit({ mine: bodyOf('mine', { [a]: 1 }, hosts) });
  const { status, json } = await edge.call(
    'PUT',
    '/v1/upstreams/thief',
    bodyOf('thief', { [a]: 1 }, ['free.example', ...hosts]),
  );
  expect([status, json]).toMatchObject([409, { code: 'host-taken' }]);
  expect((json as { detail: string }).detail).toContain('mine.example belongs to mine');
  expect((await edge.call('GET', '/v1/upstreams/thief')).status).toBe(404);

  // What no script accepts, but two commits that cross can make: the endpoint's came first.
  const put = await edge.call(
    'PUT',
    '/v1/upstreams/early',
    bodyOf('early', { [a]: 1 }, ['x.example']),
  );
  expect(put.status).toBe(200);
  const { mark } = await leader.commit({
    late: bodyOf('late', { '127.0.0.1:1': 1 }, ['x.example']),
  });
  await caughtUp(mark.version);
  const fresh = await startEdge({ redisUrl: redis.url, name: 'fresh' });
  try {
    await until('it follows', async () => (await fresh.state()).mark?.version === mark.version);
    for (const one of [edge, fresh]) {
      const { json: metrics } = await one.call('GET', '/metrics');
      expect(metrics).toContain('host="x.example",app="early",kept_by="late"');
    }
  } finally {
    await fresh.close();
  }
});

test('without a leader, after a restart of Redis and with Redis away PUT is 503 with its code', async () => {
  const put = async () => {
    const body = bodyOf('later', { [a]: 1 });
    const { status, json } = await edge.call('PUT', '/v1/upstreams/later', body);
    return [status, (json as { code: string }).code];
  };
  await redis.restart();
  expect(await put()).toEqual([503, 'redis-changed']);
  await redis.kill();
  expect(await put()).toEqual([503, 'redis-unavailable']);
  await redis.restart({ empty: true });
  expect(await put()).toEqual([503, 'no-leader']);
  expect((await edge.call('GET', '/v1/upstreams/later')).status).toBe(404);
  await leader.take(90);
  expect(await put()).toEqual([503, 'redis-changed']);
  await leader.take(110);
  expect(await put()).toEqual([200, undefined]);
});

test('the controller reads the state, and nothing of it is lost on the way', async () => {
  const wire = await edge.state();
  const state = readEdgeState(wire);
  expect(state).toMatchObject({
    name: 'edge-1',
    start: wire.start,
    control: edge.control,
    highest: wire.highest,
    mark: wire.mark,
  });
  expect(state?.workers).toHaveLength(2);
});

test('metrics are text in Prometheus form', async () => {
  const { json } = await edge.call('GET', '/metrics');
  const lines = String(json).trimEnd().split('\n');
  const label = '[a-z_]+="(?:[^"\\\\]|\\\\.)*"';
  const sample = RegExp(`^([a-z_]+)(?:\\{${label}(?:,${label})*\\})? [\\d.e+-]+$`);
  // Each family once, with its type, before its samples.
  const kinds = new Map<string, string>();
  let family = '';
  for (const line of lines.filter((one) => !one.startsWith('# HELP '))) {
    const [, name = '', kind = ''] = /^# TYPE (\S+) (counter|gauge|summary)$/.exec(line) ?? [];
    if (name === '') {
      const suffix = kinds.get(family) === 'summary' ? '_(?:sum|count)' : '';
      expect(sample.exec(line)?.[1]).toMatch(RegExp(`^${family}${suffix}$`));
      continue;
    }
    expect([kinds.has(name), kind === 'counter']).toEqual([false, name.endsWith('_total')]);
    kinds.set(name, kind);
    family = name;
  }
  expect(lines.filter((line) => line.startsWith('# HELP ')).length).toBe(kinds.size);
  expect(json).toContain('ballast_edge_requests_total{app="own",server=');
  expect(json).toMatch(/ballast_edge_applied_version\{pid="\d+"\} \d+/);
});

test('tokens: each call needs its kind, a stronger one may do what a weaker may', async () => {
  const tokens = { read: 'r'.repeat(20), write: 'w'.repeat(20), push: 'p'.repeat(20) };
  const guarded = await startEdge({ redisUrl: redis.url, name: 'guarded', tokens });
  try {
    const status = async (method: string, path: string, token?: string) => {
      const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }) };
      return (await fetch(`${guarded.control}${path}`, { method, headers })).status;
    };
    const calls = [
      ['GET', '/v1/state', 'read'],
      ['GET', '/metrics', 'read'],
      ['GET', '/ready', 'read'],
      ['DELETE', '/v1/upstreams/none', 'write'],
      ['POST', '/v1/upstreams', 'push'],
      ['POST', '/v1/gather', 'push'],
    ] as const;
    const order = ['read', 'write', 'push'] as const;
    for (const [method, path, need] of calls) {
      expect(await status(method, path)).toBe(401);
      expect(await status(method, path, 'x'.repeat(20))).toBe(401);
      for (const kind of order) {
        const enough = order.indexOf(kind) >= order.indexOf(need);
        const seen = await status(method, path, tokens[kind]);
        expect([path, kind, seen === 401 || seen === 403]).toEqual([path, kind, !enough]);
      }
    }
  } finally {
    await guarded.close();
  }
});

test('without tokens only loopback is served, and no web page', async () => {
  const outside = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  const page = await fetch(`${edge.control}/v1/state`, { headers: { origin: 'http://evil' } });
  expect(page.status).toBe(403);
  if (outside === undefined) return;
  const open = await startEdge({
    redisUrl: redis.url,
    name: 'open',
    http: `server { listen ${outside}:29145; location / { content_by_lua_block { ballast.control() } } }`,
  });
  try {
    const { status } = await fetch(`http://${outside}:29145/v1/state`);
    expect(status).toBe(403);
  } finally {
    await open.close();
  }
});

test('a body that ends early changes nothing', async () => {
  const { port } = new URL(edge.control);
  const before = (await edge.state()).documents;
  await new Promise<void>((resolve) => {
    const socket = createConnection(Number(port), '127.0.0.1', () => {
      socket.end('POST /v1/upstreams HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"term":1');
    });
    socket.on('close', () => resolve());
    socket.resume();
  });
  expect((await edge.state()).documents).toBe(before);
});
