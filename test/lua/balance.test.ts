// What the policies of an app do to real requests: hash, least, and who is tried after a failure.
import { createServer, type ServerResponse } from 'node:http';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { listenOnFreePort } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';
import { startEdge, type TestEdge } from './edge.ts';
import { startLedRedis, type LedRedis } from './leader.ts';
import { startServers, type TestServers } from './servers.ts';

const agent = new Agent({ connections: 64, pipelining: 0 });
let led: LedRedis;
let edge: TestEdge;
let servers: TestServers;
let addresses: readonly string[] = [];

beforeAll(async () => {
  led = await startLedRedis();
});

afterAll(async () => {
  await Promise.all([agent.close(), led.close()]);
});

beforeEach(async () => {
  servers = await startServers(6);
  addresses = servers.addresses;
});

afterEach(async () => {
  await edge?.close();
  await servers.close();
});

const smooth = { balance: 'smooth', whenUnhealthy: 'spread' };
const least = { balance: 'least', whenUnhealthy: 'spread' };
const hash = { balance: 'hash', key: 'arg_user', whenUnhealthy: 'spread' };

/** Weights by address, each with its cluster where that is not east. */
function bodyOf(policy: object, weights: readonly (readonly [string, number, string?])[]): string {
  const list = [...weights].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({
    app: 'shop',
    hosts: ['shop.example'],
    policy,
    servers: list.map(([address, weight, from = 'east']) => ({ address, from, weight })),
  });
}

async function publish(body: string): Promise<void> {
  await led.leader.publish(edge, { shop: body });
}

async function get(path = '/', url = edge.url) {
  const headers = { host: 'shop.example', connection: 'close' };
  const reply = await request(`${url}${path}`, { dispatcher: agent, headers });
  const tried = String(reply.headers['x-tried'] ?? '').split(', ');
  return { status: reply.statusCode, body: await reply.body.text(), tried };
}

async function ownersOf(users: number, url = edge.url): Promise<string[]> {
  const owners: string[] = [];
  for (let i = 0; i < users; i++) owners.push((await get(`/?user=${i}`, url)).body);
  return owners;
}

const countOf = (list: readonly string[], address: string | undefined) =>
  list.filter((one) => one === address).length;

test('hash: a key has one server, in every worker, on every edge and after a restart', async () => {
  edge = await startEdge({ redisUrl: led.redis.url, workers: 2 });
  const second = await startEdge({ redisUrl: led.redis.url, workers: 2, name: 'edge-2' });
  try {
    await publish(
      bodyOf(
        hash,
        addresses.map((one) => [one, 10]),
      ),
    );
    const owners = await ownersOf(100);
    expect(new Set(owners).size).toBe(6);
    await until('published there too', async () => (await get('/', second.url)).status === 200);
    for (let i = 0; i < 4; i++) expect(await ownersOf(100)).toEqual(owners);
    expect(await ownersOf(100, second.url)).toEqual(owners);
    await edge.restart();
    expect(await ownersOf(100)).toEqual(owners);
  } finally {
    await second.close();
  }
});

test('hash: shares are those of the weights; only keys of a server that leaves or comes move', async () => {
  edge = await startEdge({ redisUrl: led.redis.url, workers: 1 });
  const weights: [string, number][] = addresses.map((one, i) => [one, i === 0 ? 50 : 10]);
  await publish(bodyOf(hash, weights));
  const before = await ownersOf(2000);
  // 2,000 keys: 5 standard deviations of the sample.
  expect(Math.abs(countOf(before, addresses[0]) / 2000 - 0.5)).toBeLessThan(0.056);
  const drained = weights.map(([one, weight], i): [string, number] => [one, i === 2 ? 0 : weight]);
  await publish(bodyOf(hash, drained));
  const after = await ownersOf(2000);
  expect(countOf(after, addresses[2])).toBe(0);
  const moved = before.filter((owner, i) => owner !== after[i]);
  expect(new Set(moved)).toEqual(new Set([addresses[2]]));
  await publish(bodyOf(hash, weights));
  expect(await ownersOf(2000)).toEqual(before);
});

test('hash: requests without the key go round smoothly', async () => {
  edge = await startEdge({ redisUrl: led.redis.url, workers: 1 });
  await publish(
    bodyOf(hash, [
      [addresses[0] ?? '', 3],
      [addresses[1] ?? '', 1],
    ]),
  );
  const seen: string[] = [];
  for (let i = 0; i < 80; i++) seen.push((await get(i % 2 ? '/' : '/?user=')).body);
  expect(countOf(seen, addresses[0])).toBe(60);
});

test('hash: a dead server costs no request, and moves its own keys only, each to one server', async () => {
  edge = await startEdge({ redisUrl: led.redis.url, workers: 1 });
  await publish(
    bodyOf(
      hash,
      addresses.map((one) => [one, 10]),
    ),
  );
  const before = await ownersOf(200);
  await servers.list[3]?.die();
  const after = await ownersOf(200);
  expect(countOf(after, addresses[3])).toBe(0);
  expect(new Set(before.filter((owner, i) => owner !== after[i]))).toEqual(new Set([addresses[3]]));
  expect(await ownersOf(200)).toEqual(after);
  // As if it had been taken out.
  await publish(
    bodyOf(
      hash,
      addresses.map((one, i) => [one, i === 3 ? 0 : 10]),
    ),
  );
  expect(await ownersOf(200)).toEqual(after);
});

// A server that answers when it is told to.
async function startSlow() {
  const waiting: ServerResponse[] = [];
  const server = createServer((_, response) => void waiting.push(response));
  const port = await listenOnFreePort(server);
  return {
    address: `127.0.0.1:${port}`,
    waiting: () => waiting.length,
    answer: () => waiting.splice(0).forEach((response) => void response.end('slow')),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function holding(slow: { waiting(): number }, count: number): Promise<Promise<unknown>[]> {
  const held: Promise<unknown>[] = [];
  for (let i = 0; i < 50 && slow.waiting() < count; i++) {
    const before = slow.waiting();
    const reply = get();
    const first = await Promise.race([
      reply.then(() => 'answered'),
      until('held', () => Promise.resolve(slow.waiting() > before)).then(() => 'held'),
    ]);
    if (first === 'held') held.push(reply);
  }
  return held;
}

test('least: a server that is busy gets no more until it has the fewest under way for its weight', async () => {
  edge = await startEdge({ redisUrl: led.redis.url, workers: 1 });
  const slow = await startSlow();
  try {
    const quick = addresses[0] ?? '';
    await publish(
      bodyOf(least, [
        [slow.address, 1],
        [quick, 1],
      ]),
    );
    const held = await holding(slow, 1);
    const busy: string[] = [];
    for (let i = 0; i < 50; i++) busy.push((await get()).body);
    expect(countOf(busy, quick)).toBe(50);
    // A document in between: what is under way is still counted.
    await publish(
      bodyOf(least, [
        [slow.address, 2],
        [quick, 2],
        [addresses[1] ?? '', 0],
      ]),
    );
    for (let i = 0; i < 50; i++) expect((await get()).body).toBe(quick);
    slow.answer();
    await Promise.all(held);
    // Idle again: each in turn.
    const again = await holding(slow, 1);
    expect(slow.waiting()).toBe(1);
    slow.answer();
    await Promise.all(again);
  } finally {
    await slow.close();
  }
});

test('least: requests that failed, or that their client gave up, are under way no more', async () => {
  edge = await startEdge({ redisUrl: led.redis.url, workers: 1 });
  const slow = await startSlow();
  try {
    await publish(bodyOf(least, [[slow.address, 1]]));
    for (let i = 0; i < 5; i++) {
      const stop = new AbortController();
      const headers = { host: 'shop.example' };
      const reply = request(edge.url, { dispatcher: agent, headers, signal: stop.signal });
      await until('held', () => Promise.resolve(slow.waiting() === i + 1));
      stop.abort();
      await expect(reply).rejects.toThrow();
    }
    const quick = addresses[0] ?? '';
    await publish(
      bodyOf(least, [
        ['127.0.0.1:1', 1],
        [slow.address, 1],
        [quick, 1],
      ]),
    );
    // The dead one is tried and left; neither it nor the five aborted count. So each gets a turn.
    for (let i = 0; i < 4; i++) {
      const held = await holding(slow, 1);
      expect(slow.waiting()).toBeGreaterThan(0);
      slow.answer();
      await Promise.all(held);
    }
  } finally {
    await slow.close();
  }
});

test('least: subrequests, which no log phase ends, are not counted', async () => {
  edge = await startEdge({
    redisUrl: led.redis.url,
    workers: 1,
    location: 'mirror /copy;',
    locations: `location = /copy { internal; proxy_pass http://ballast; }
      location /plain { proxy_pass http://ballast; }`,
  });
  const [a = '', b = ''] = addresses;
  await publish(bodyOf(least, [[a, 1]]));
  for (let i = 0; i < 20; i++) await get();
  await until('copied', () => Promise.resolve(servers.list[0]?.requests() === 40));
  await publish(
    bodyOf(least, [
      [a, 1],
      [b, 1],
    ]),
  );
  for (let i = 0; i < 20; i++) await get('/plain');
  expect(servers.list[1]?.requests()).toBe(10);
});

test('least: idle servers share by weight', async () => {
  edge = await startEdge({ redisUrl: led.redis.url, workers: 1 });
  const [a = '', b = '', c = ''] = addresses;
  await publish(
    bodyOf(least, [
      [a, 5],
      [b, 3],
      [c, 0],
    ]),
  );
  const seen: string[] = [];
  for (let i = 0; i < 80; i++) seen.push((await get()).body);
  expect([a, b, c].map((one) => countOf(seen, one))).toEqual([50, 30, 0]);
});

test('a change of the balance keeps what servers are owed', async () => {
  edge = await startEdge({ redisUrl: led.redis.url, workers: 1 });
  const [a = '', b = '', c = ''] = addresses;
  const seen: string[] = [];
  for (let i = 0; i < 60; i++) {
    await publish(
      bodyOf([smooth, least, hash][i % 3] ?? smooth, [
        [a, 7],
        [b, 3],
        [c, 1],
      ]),
    );
    for (let k = 0; k < 3; k++) seen.push((await get()).body);
  }
  for (const [one, weight] of [
    [a, 7],
    [b, 3],
    [c, 1],
  ] as const)
    expect(Math.abs(countOf(seen, one) - (180 * weight) / 11)).toBeLessThan(3);
});

test.each([
  ['smooth', smooth],
  ['hash', hash],
  ['least', least],
])('%s: retries try each server once, another cluster last, none at 0', async (_, policy) => {
  edge = await startEdge({
    redisUrl: led.redis.url,
    workers: 1,
    location: 'add_header X-Tried $upstream_addr always;',
  });
  const firsts = new Set<number>();
  for (let round = 1; round <= 10; round++) {
    // Addresses of their own, so that no mark of an earlier round says which to leave.
    const dead = (i: number) => `127.9.${round}.${i}:1`;
    const east = [1, 2, 3].map(dead);
    const west = [4, 5, 6].map(dead);
    await publish(
      bodyOf(policy, [
        ...east.map((one) => [one, 10] as const),
        ...west.map((one) => [one, 30, 'west'] as const),
        [dead(7), 0],
        [dead(8), 0, 'west'],
      ]),
    );
    for (let i = 0; i < 2; i++) {
      const { status, tried } = await get(`/?user=${i}`);
      expect(status).toBe(502);
      const [near, far] = east.includes(tried[0] ?? '') ? [east, west] : [west, east];
      expect(tried.slice(0, 3).sort()).toEqual(near);
      expect(tried.slice(3).sort()).toEqual(far);
      firsts.add([...east, ...west].indexOf(tried[0] ?? ''));
    }
  }
  expect(firsts.size).toBeGreaterThan(2);
});

test('a retry goes to a server of another cluster only where its own has none left', async () => {
  edge = await startEdge({
    redisUrl: led.redis.url,
    workers: 1,
    location: 'add_header X-Tried $upstream_addr always;',
  });
  const [a = '', b = '', c = ''] = addresses;
  for (let round = 1; round <= 10; round++) {
    const dead = `127.9.${round}.1:1`;
    await publish(
      bodyOf(smooth, [
        [dead, 60],
        [a, 1],
        [b, 60, 'west'],
        [c, 60, 'vm'],
      ]),
    );
    const failed = await untilTried(dead);
    expect(failed).toEqual({ status: 200, body: a, tried: [dead, a] });
  }
});

/** The first answer to a request that went to this server first. */
async function untilTried(address: string) {
  for (let i = 0; i < 20; i++) {
    const answer = await get();
    if (answer.tried[0] === address) return answer;
  }
  return undefined;
}
