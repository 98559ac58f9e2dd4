// The ways to Redis: TLS, ACL users, unix socket, names, Sentinel; from the edge and from the
// controller's own client.

import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openRedisStore } from '../../src/edges/redis-store.ts';
import type { RedisPlace } from '../../src/edges/redis-connection.ts';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';
import { createCertificate } from '../simulated/certificate.ts';
import { startEdge, type TestEdge, type WireState } from './edge.ts';
import { bodyOf, leadRedis } from './leader.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

const PASSWORD = 'p@ss:word/of-the-edge';
const client = openClient();
const closers: (() => unknown)[] = [];
let folder: string;
let redis: TestRedis;
let secure: number;
let servers: TestServers;
let address = '';
let version = 0;
const file = (name: string): string => join(folder, name);

// One Redis: plain port, TLS port, unix socket; the default user without password, and `edge` with.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-ways-'));
  await chmod(folder, 0o711);
  servers = await startServers(1);
  [address = ''] = servers.addresses;
  const { cert, key } = createCertificate('redis.test');
  await writeFile(file('redis.crt'), cert);
  await writeFile(file('redis.key'), key);
  await writeFile(file('other.crt'), createCertificate('other').cert);
  await writeFile(file('password'), `${PASSWORD}\n`);
  await chmod(file('password'), 0o600);
  [secure = 0] = await freePorts(1);
  redis = await startRedis({
    args: [
      ...['--tls-port', `${secure}`, '--tls-cert-file', file('redis.crt')],
      ...['--tls-key-file', file('redis.key'), '--tls-auth-clients', 'no'],
      ...['--unixsocket', file('redis.sock'), '--unixsocketperm', '777'],
      ...['--user', 'edge', 'on', `>${PASSWORD}`, '~*', '+@all'],
    ],
  });
  const leader = leadRedis(redis.url);
  await leader.take(100);
  const { mark } = await leader.commit({ shop: bodyOf('shop', { [address]: 1 }) });
  version = mark.version;
  leader.close();
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});
afterAll(async () => {
  await redis.close();
  await servers.close();
  await client.close();
  await rm(folder, { recursive: true, force: true });
});

async function edgeBy(source: object, http = ''): Promise<TestEdge> {
  const edge = await startEdge({ source, http, workers: 1 });
  closers.push(() => edge.close());
  return edge;
}

const trust = (name = 'redis.crt'): string => `lua_ssl_trusted_certificate ${file(name)};`;

async function follows(edge: TestEdge): Promise<void> {
  await until('the edge has what Redis has', async () => {
    const { mark, redis: source } = await edge.state();
    return source.ok && source.error === undefined && mark?.version === version;
  });
  expect((await client.get(edge.url, 'shop.example')).body).toBe(address);
}

const complains = (edge: TestEdge, about: string): Promise<WireState> =>
  until(`a complaint about ${about}`, async () => {
    const state = await edge.state();
    return !state.redis.ok && state.redis.error?.includes(about) ? state : undefined;
  });

test('by unix socket', async () => {
  await follows(await edgeBy({ redis: { url: `unix:${file('redis.sock')}` } }));
});

test('by the name localhost, without a resolver', async () => {
  await follows(await edgeBy({ redis: { url: redis.url.replace('127.0.0.1', 'localhost') } }));
});

test('another name without a resolver is told, with what to do', async () => {
  const edge = await edgeBy({ redis: { url: 'redis://redis.test:6379' } });
  await complains(edge, 'redis.test: nginx has no `resolver`');
});

test('as an ACL user whose password stands in a file that only the master may read', async () => {
  const url = redis.url;
  await follows(
    await edgeBy({ redis: { url, user: 'edge', password: { file: file('password') } } }),
  );
  const inUrl = url.replace('//', `//edge:${encodeURIComponent(PASSWORD)}@`);
  await follows(await edgeBy({ redis: { url: inUrl } }));
});

test('a wrong password is told', async () => {
  const edge = await edgeBy({ redis: { url: redis.url, user: 'edge', password: 'wrong' } });
  await complains(edge, 'WRONGPASS');
});

test('by TLS, with the name of the URL or a told one', async () => {
  const url = `rediss://localhost:${secure}`;
  await follows(await edgeBy({ redis: { url } }, trust()));
  const told = { url: `rediss://127.0.0.1:${secure}`, tls: { serverName: 'localhost' } };
  await follows(await edgeBy({ redis: told }, trust()));
});

test('TLS trusts nobody unless told, no other authority, no other name', async () => {
  const url = `rediss://localhost:${secure}`;
  const hint = '`lua_ssl_trusted_certificate`';
  await complains(await edgeBy({ redis: { url } }), hint);
  await complains(await edgeBy({ redis: { url } }, trust('other.crt')), hint);
  const other = { url, tls: { serverName: 'elsewhere.test' } };
  await complains(await edgeBy({ redis: other }, trust()), 'elsewhere.test');
});

test.each([
  [{ redis: { url: 'rediss://10.0.0.1:6379' } }, 'redis.tls.serverName: is missing'],
  [{ redis: { url: 'redis://h:1', tls: { serverName: 'h' } } }, 'redis.tls: belongs to a URL'],
  [{ redis: { url: 'rediss://h:1', tls: { ca: '/x' } } }, 'redis.tls.ca: the authorities'],
  [{ redis: { url: 'http://h:1' } }, 'redis.url: '],
  [{ redis: { url: 'redis://h:70000' } }, 'redis.url: '],
  [{ redis: { url: 'redis://h', user: 'u' } }, 'redis.password: is missing'],
  [{ redis: { url: 'redis://h', password: { file: 'none' } } }, 'redis.password.file: cannot read'],
  [{ redis: { url: 'redis://h', masterName: 'm' } }, 'redis.masterName: belongs to'],
  [{ redis: { sentinels: ['redis://h'] } }, 'redis.masterName: a string expected'],
  [{ redis: { sentinels: ['redis://a', 'rediss://b'], masterName: 'm' } }, 'redis.sentinels[1]: '],
  [{ redis: { sentinels: ['redis://u:p@a'], masterName: 'm' } }, 'redis.sentinels[0]: credentials'],
  [{ redis: { url: 'redis://h' }, api: { url: 'http://h' } }, 'redis: either redis or api'],
  [{}, 'redis: either redis or api'],
  [{ api: { url: 'redis://h' } }, 'api.url: '],
  [{ api: { url: [] } }, 'api.url: at least one'],
  [{ api: { url: ['http://h', 'https://10.0.0.1'] } }, 'api.tls.serverName: is missing'],
  [{ api: { url: 'http://h', token: { file: 'none' } } }, 'api.token.file: cannot read'],
])('edge.json: %j is refused with its key', async (source, words) => {
  await expect(startEdge({ source, workers: 1 })).rejects.toThrow(words);
});

async function storeBy(place: RedisPlace): Promise<string> {
  const reasons: string[] = [];
  const store = openRedisStore({
    ...place,
    environment: 'test',
    onState: (up, reason) => reasons.push(up ? 'up' : reason),
  });
  closers.push(() => store.close());
  return until('the store tells its state', () => reasons[0]);
}

test('the controller: TLS, ACL user, unix socket', async () => {
  const ca = await readFile(file('redis.crt'), 'utf8');
  const url = `rediss://localhost:${secure}`;
  expect(await storeBy({ url, ca })).toBe('up');
  expect(await storeBy({ url: `rediss://127.0.0.1:${secure}`, ca })).toBe('up');
  expect(await storeBy({ url, ca, user: 'edge', password: PASSWORD })).toBe('up');
  expect(await storeBy({ url: `unix://${file('redis.sock')}` })).toBe('up');
  expect(await storeBy({ url })).toMatch(/self-signed certificate/);
  expect(await storeBy({ url, ca, serverName: 'elsewhere.test' })).toMatch(/elsewhere\.test/);
  expect(await storeBy({ url, ca, user: 'edge', password: 'wrong' })).toMatch(/WRONGPASS/);
});

test('the controller: who calls before there is a connection waits for it, and hears why there is none', async () => {
  const open = (place: RedisPlace) => {
    const store = openRedisStore({ ...place, environment: 'test', onState: () => undefined });
    closers.push(() => store.close());
    return store;
  };
  expect(await open({ url: redis.url }).version()).toMatchObject({ version });
  const wrong = open({ url: redis.url, user: 'edge', password: 'wrong' });
  const nobody = open({ url: `redis://127.0.0.1:${(await freePorts(1))[0]}` });
  for (let times = 0; times < 3; times += 1) {
    const error = await wrong.take('a', 'a:1', 1000).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'redis-unavailable' });
    expect(String(error)).toContain('WRONGPASS');
    await expect(wrong.version()).rejects.toThrow('WRONGPASS');
    await expect(wrong.read()).rejects.toThrow('WRONGPASS');
    await expect(nobody.version()).rejects.toThrow('ECONNREFUSED');
  }
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  closers.push(() => silent.close());
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  await expect(open({ url: `redis://127.0.0.1:${port}` }).version()).rejects.toThrow(
    'not answered',
  );
});
