// A real Sentinel trio, its master killed under a running edge and a running store.

import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRedisStore } from '../../src/edges/redis-store.ts';
import { isHeld, isRefusal, type Store } from '../../src/edges/store.ts';
import { until } from '../controlplane/until.ts';
import { Load } from '../simulated/load.ts';
import { startEdge, type TestEdge } from './edge.ts';
import { bodyOf } from './leader.ts';
import { MASTER_NAME, startSentinels, type TestSentinels } from './sentinels.ts';
import { startServers, type TestServers } from './servers.ts';

const PASSWORD = 'of-the-data';
const HOST = 'shop.example';
let group: TestSentinels;
let servers: TestServers;
let edge: TestEdge;
let store: Store;
const states: string[] = [];
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  servers = await startServers(2);
  group = await startSentinels(PASSWORD);
  const common = { sentinels: group.sentinels, masterName: MASTER_NAME, password: PASSWORD };
  const source = { redis: { ...common, sentinelPassword: 'for-sentinels' } };
  edge = await startEdge({ source });
  store = openRedisStore({
    ...common,
    sentinelPassword: 'for-sentinels',
    environment: 'test',
    onState: (up, reason) => states.push(up ? 'up' : reason),
  });
  await until('the store answers', () => store.version());
});
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
  await store?.close();
  await edge?.close();
  await group?.close();
  await servers?.close();
});

/** What a leader does: lease, term, seeding, one round. */
async function lead(term: number, address: string): Promise<number> {
  const taken = await store.take('one', 'nowhere', 60_000);
  if (isHeld(taken)) throw new Error(`held by ${taken.heldBy}`);
  const lease = await store.takeTerm(taken, 'nowhere', 60_000, term);
  if (isRefusal(lease)) throw new Error(lease.refused);
  const above = (await store.heartbeats()).states.flatMap((state) => state.above);
  await store.seed(lease, above);
  const body = bodyOf('shop', { [address]: 1 }, [HOST]);
  const done = await store.commit(lease, {
    puts: [{ app: 'shop', owner: 'controller', body }],
    history: [],
  });
  if (isRefusal(done)) throw new Error(done.refused);
  return done.version;
}

const marked = (term: number, version: number): Promise<unknown> =>
  until(`mark ${term} ${version}`, async () => {
    const { mark } = await edge.state();
    return mark?.term === term && mark.version === version;
  });

/** A Sentinel that is behind: it names the replica as the master. */
async function startLyingSentinel(port: string): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      if (!data.toString().toUpperCase().includes('SENTINEL')) return void socket.write('+OK\r\n');
      asked += 1;
      socket.write(`*2\r\n$9\r\n127.0.0.1\r\n$${port.length}\r\n${port}\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => void server.close());
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

test('who is named as the master but is a replica is passed by, and the next Sentinel asked', async () => {
  const lying = await startLyingSentinel(group.second.split(':')[1] ?? '');
  const redis = {
    sentinels: [lying.url, ...group.sentinels],
    masterName: MASTER_NAME,
    password: PASSWORD,
    sentinelPassword: 'for-sentinels',
  };
  const other = await startEdge({ name: 'edge-2', source: { redis }, workers: 1 });
  closers.push(() => other.close());
  await until('its heartbeat stands at the master', async () =>
    (await store.heartbeats()).states.some(({ name }) => name === 'edge-2'),
  );
  expect(lying.asked()).toBeGreaterThan(0);
  await other.close();
  const reasons: string[] = [];
  const second = openRedisStore({
    ...redis,
    environment: 'test',
    onState: (up, reason) => reasons.push(up ? 'up' : reason),
  });
  closers.push(() => second.close());
  await until('the store passes it by too', () => reasons.includes('up'));
  await second.version();
});

test('edge and controller find the master, and the next one after a fail-over: marks go on, no request fails', async () => {
  const [a = '', b = ''] = servers.addresses;
  expect(await group.master()).toBe(group.first);
  await marked(100, await lead(100, a));
  const load = new Load({
    entries: [{ url: edge.url, host: HOST }],
    connections: 4,
    perSecond: 200,
  });
  load.start();
  await until('traffic flows', () => load.snapshot().answered > 50);

  const next = await group.failOver();
  expect(next).not.toBe(group.first);
  const version = await until('a term at the new master', () => lead(200, b));
  await marked(200, version);
  await until('its heartbeat stands at the new master', async () =>
    (await store.heartbeats()).states.some(
      ({ name, highest }) => name === 'edge-1' && highest === 200,
    ),
  );

  const before = load.snapshot().answered;
  await until('traffic flows on', () => load.snapshot().answered > before + 50);
  const totals = await load.stop();
  await load.close();
  expect(totals.failureTexts).toEqual([]);
  expect(totals.failures + totals.closedConnections).toBe(0);
  expect(states.at(-1)).toBe('up');
  expect(states.filter((state) => state === 'up')).toHaveLength(2);
});

test('a Sentinel group that is unknown is told by name', async () => {
  const redis = {
    sentinels: group.sentinels,
    masterName: 'nobody',
    sentinelPassword: 'for-sentinels',
  };
  const other = await startEdge({ source: { redis }, workers: 1 });
  try {
    await until('told', async () => {
      const { redis: source } = await other.state();
      return (
        source.error?.includes('no Sentinel leads to a master') &&
        source.error.includes('knows no master "nobody"')
      );
    });
  } finally {
    await other.close();
  }
});
