// Faults of an edge, by scenario. Which test holds which scenario: test/contract/README.md, "Faults".
import { createServer, type Server, type ServerResponse } from 'node:http';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
} from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { startEdge, type TestEdge } from './edge.ts';
import { openLanes, WORKER_HEADER, type Lane } from './lanes.ts';
import { bodyOf, leadRedis, type Leader } from './leader.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

const fresh = openClient({ fresh: true });
let redis: TestRedis;
let leader: Leader;
let servers: TestServers;
let edge: TestEdge | undefined;
let [a, b, c] = ['', '', ''];
const opened: (Server | TcpServer)[] = [];

beforeAll(async () => {
  servers = await startServers(3);
  [a = '', b = '', c = ''] = servers.addresses;
  redis = await startRedis();
  leader = leadRedis(redis.url);
  await leader.take(100);
});

afterEach(async () => {
  await edge?.close();
  edge = undefined;
  for (const server of opened.splice(0)) {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  }
});

afterAll(async () => {
  leader?.close();
  await fresh.close();
  await redis?.close();
  await servers?.close();
});

async function open(server: Server | TcpServer): Promise<string> {
  opened.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(options: object): Promise<TestEdge> {
  edge = await startEdge({ redisUrl: redis.url, ...options });
  return edge;
}

/** Ends when the edge acknowledges: from then on every worker sees it. */
async function publish(at: TestEdge, app: string, weights: Record<string, number> | undefined) {
  const { mark } = await leader.commit({ [app]: weights && bodyOf(app, weights) });
  await until('published', async () => (await at.state()).mark?.version === mark.version);
  return mark;
}

const requestsAt = (i: number): number => servers.list[i]?.requests() ?? 0;

test('a retry while a server is being drained never goes to weight 0', async () => {
  const at = await start({ workers: 1 });
  for (let round = 0; round < 20; round++) {
    const held: ServerResponse[] = [];
    const breaking = await open(createServer((_, response) => held.push(response)));
    await publish(at, 'shop', { [breaking]: 1000, [b]: 1, [c]: 1 });
    const answers: Promise<{ body: string }>[] = [];
    // Its share is not every request: the others answer at once.
    await until('one is held', async () => {
      const answer = fresh.get(at.url, 'shop.example');
      answers.push(answer);
      await Promise.race([answer, until('it is held', () => held.length > 0)]);
      return held.length > 0;
    });
    const atB = requestsAt(1);
    await publish(at, 'shop', { [breaking]: 1000, [b]: 0, [c]: 1 });
    for (const response of held) response.socket?.destroy();
    expect(await answers.at(-1)).toMatchObject({ status: 200, body: c });
    expect(requestsAt(1)).toBe(atB);
  }
});

test('a server, or a whole app, that is removed and added again is served at once, and marks are kept', async () => {
  const at = await start({ workers: 1 });
  let tried = 0;
  const broken = await open(
    createTcpServer((socket) => {
      tried += 1;
      socket.on('error', () => {}).destroy();
    }),
  );
  // No request fails; a retried one may go to either.
  const servesBoth = async () => {
    const seen = await fresh.load(at.url, 'shop.example', 100);
    expect([...seen.keys()].sort()).toEqual([a, b].sort());
  };
  const whole = { [a]: 1, [b]: 1, [broken]: 2 };
  await publish(at, 'shop', whole);
  await servesBoth();
  for (const without of [{ [a]: 1 }, undefined]) {
    const before = tried;
    await publish(at, 'shop', without);
    await publish(at, 'shop', whole);
    await servesBoth();
    // Forgotten marks would cost two failures before it is left alone again.
    expect(tried - before).toBeLessThan(2);
  }
});

test('a killed worker: requests in flight in it are counted apart, and no other fails', async () => {
  const at = await start({ workers: 2, location: WORKER_HEADER });
  const held: ServerResponse[] = [];
  const address = await open(
    createServer(({ headers }, response) => {
      if (headers.host === 'slow.example') held.push(response);
      else response.end('0');
    }),
  );
  await publish(at, 'slow', { [address]: 1 });
  await publish(at, 'quick', { [address]: 1 });
  const lanes: [number, Lane][] = [];
  for (let i = 0; i < 5; i++) lanes.push(...(await openLanes(at.url, 'quick.example', 2)));
  const [victim = 0] = at.pids().workers;
  const asked = lanes.map(async ([worker, lane]) => {
    const outcome = await lane.ask('slow.example').then(
      () => 'served',
      () => 'lost',
    );
    return { worker, outcome };
  });
  await until('all are in flight', () => held.length === lanes.length);
  process.kill(victim, 'SIGKILL');
  // New requests, while those of the dead worker are not even known to be lost.
  expect(await fresh.load(at.url, 'quick.example', 200)).toEqual(new Map([['0', 200]]));
  for (const response of held) response.end('1');
  const outcomes = await Promise.all(asked);
  const lost = outcomes.filter(({ outcome }) => outcome === 'lost');
  expect(lost).toHaveLength(5);
  expect(new Set(lost.map(({ worker }) => worker))).toEqual(new Set([victim]));
  for (const [, lane] of lanes) lane.close();
});

test('weight 0 and back: 503, then 200, in every worker at once', async () => {
  const at = await start({ workers: 4, location: WORKER_HEADER });
  const address = await open(createServer((_, response) => response.end('0')));
  await publish(at, 'shop', { [address]: 1 });
  const lanes = await openLanes(at.url, 'shop.example', 4);
  await publish(at, 'shop', { [address]: 0 });
  for (const lane of lanes.values())
    await expect(lane.ask('shop.example')).rejects.toThrow(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 1/);
  await publish(at, 'shop', { [address]: 1 });
  for (const [worker, lane] of lanes)
    expect(await lane.ask('shop.example')).toEqual({ server: '0', worker });
  for (const lane of lanes.values()) lane.close();
});
