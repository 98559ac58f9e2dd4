// An update storm: 100,000 random updates under traffic. Afterwards memory is what it was half way,
// every worker is at the last version, and the last weights are what is held and served.
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { startEdge, type TestEdge } from './edge.ts';
import { bodyOf, documentOf, leadRedis, sha1 } from './leader.ts';
import { startRedis } from './redis.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

const UPDATES_A_PUSH = 500;
const PUSHES = 200;
const APPS = 40;
const TERM = 100;

const client = openClient({ fresh: true });
let servers: TestServers;
let edge: TestEdge;

beforeAll(async () => {
  servers = await startServers(4);
  const redis = await startRedis();
  const leader = leadRedis(redis.url);
  try {
    await leader.take(TERM);
    edge = await startEdge({
      redisUrl: redis.url,
      memory: '4m',
      location: 'add_header X-Worker $pid always;',
      locations: `location /heap { content_by_lua_file ${join(import.meta.dirname, 'heap.lua')}; }`,
    });
    await until('first mark', async () => (await edge.state()).mark !== null);
  } finally {
    // From here on pushes alone move the mark.
    leader.close();
    await redis.close();
  }
});

afterAll(async () => {
  await client.close();
  await edge?.close();
  await servers?.close();
});

/** Every app's picker is in every worker, before memory is looked at: the kernel gives most new
 *  connections to one of them. */
async function touchAll(): Promise<void> {
  for (let i = 0; i < APPS; i++) {
    const met = new Set<unknown>();
    await until('every worker has served the app', async () => {
      const ask = async () => {
        const headers = { host: `app-${i}.example`, connection: 'close' };
        const reply = await request(edge.url, { headers });
        await reply.body.dump();
        return reply.headers['x-worker'];
      };
      for (const worker of await Promise.all([ask(), ask(), ask(), ask()])) met.add(worker);
      return met.size >= 2;
    });
  }
}

/** The Lua heap of each worker, and the free shared memory. */
async function memory(): Promise<{ heaps: number; free: number }> {
  const heaps = new Map<string, number>();
  await until('every worker tells its heap', async () => {
    const reply = await fetch(`${edge.url}/heap`, { headers: { connection: 'close' } });
    heaps.set(reply.headers.get('x-worker') ?? '', Number(await reply.text()));
    return heaps.size === 2;
  });
  const { json } = await edge.call('GET', '/metrics');
  const free = /free_bytes\{dict="ballast"\} (\d+)/.exec(String(json))?.[1];
  return { heaps: [...heaps.values()].reduce((a, b) => a + b, 0), free: Number(free) };
}

test('100,000 random updates leave memory flat and every worker at the last version', async () => {
  // A fixed sequence, so that a failure can be repeated.
  let seed = 20_240_607;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  const held = new Map<string, string>();
  let version = (await edge.state()).mark?.version ?? 0;

  async function push(): Promise<void> {
    const base = { term: TERM, version };
    const mark = { term: TERM, version: version + UPDATES_A_PUSH };
    const documents = Array.from({ length: UPDATES_A_PUSH }, () => {
      version += 1;
      const app = `app-${random(APPS)}`;
      const weights = servers.addresses.map((address) => [address, random(300)] as const);
      const isDeleted = random(50) === 0;
      const body = isDeleted ? undefined : bodyOf(app, Object.fromEntries(weights));
      held.set(app, body === undefined ? '-' : sha1(body));
      return documentOf(app, { term: TERM, version }, body);
    });
    const { status } = await edge.call('POST', '/v1/upstreams', {
      term: TERM,
      base,
      mark,
      documents,
    });
    expect(status).toBe(200);
  }

  async function storm(pushes: number): Promise<void> {
    for (let i = 0; i < pushes; i++) {
      const app = `app-${random(APPS)}.example`;
      await Promise.all([push(), client.load(edge.url, app, 10)]);
    }
    await touchAll();
  }

  await storm(PUSHES / 2);
  const half = await memory();
  await storm(PUSHES / 2);
  const end = await memory();
  expect(end.heaps / half.heaps).toBeLessThan(1.1);
  expect(end.free).toBeGreaterThan(half.free - 65_536);

  const last = { term: TERM, version };
  await until('every worker is at the last version', async () => {
    const { workers } = await edge.state();
    return workers.length === 2 && workers.every(({ mark }) => mark?.version === version);
  });
  const state = await edge.state();
  expect(state).toMatchObject({ mark: last, refused: [] });
  const { json } = await edge.call('GET', '/v1/upstreams');
  const { items } = json as { items: { app: string; digest: string }[] };
  expect(new Map(items.map(({ app, digest }) => [app, digest]))).toEqual(held);
  const alive = [...held.values()].filter((digest) => digest !== '-');
  expect(state.documents).toBe(alive.length);
});

test('apps that were deleted leave nothing in the workers, though nobody asks for them any more', async () => {
  const apps = Array.from({ length: 500 }, (_, i) => `gone-${i}`);
  let version = 10_000_000;
  const push = async (bodies: readonly (string | undefined)[]): Promise<void> => {
    const documents = bodies.map((body, i) => {
      version += 1;
      return documentOf(apps[i] ?? '', { term: TERM, version }, body);
    });
    const { json } = await edge.call('POST', '/v1/upstreams', { term: TERM, documents });
    const { verdicts } = json as { verdicts: { code: string }[] };
    expect(verdicts.filter(({ code }) => code !== 'applied')).toEqual([]);
  };
  const weights = (i: number) =>
    servers.addresses.map((address, k) => [address, 1 + ((i * 7 + k * 3) % 200)] as const);
  const bodies = (balance: string) =>
    apps.map((app, i) => bodyOf(app, Object.fromEntries(weights(i))).replace('smooth', balance));
  const removeAll = () => push(apps.map(() => undefined));
  // What the largest push needs stays allocated.
  await push(bodies('smooth'));
  await removeAll();
  const before = (await memory()).heaps;
  for (const balance of ['smooth', 'least']) {
    await push(bodies(balance));
    for (const app of apps) await client.load(edge.url, `${app}.example`, 2, 2);
  }
  const held = (await memory()).heaps;
  expect(held - before).toBeGreaterThan(200_000);
  await removeAll();
  // Tables that were so large stay so, empty, and names are in lists of what there is: a quarter.
  await until('let go', async () => (await memory()).heaps - before < (held - before) / 2, 60_000);
}, 120_000);
