// Reload, crash, upgrade: 0 updates lost; drains and weights stay; 0 requests failed but those in flight
// in a killed process (counted apart). Requests have connections of their own: one that comes down a
// kept connection while a reload closes it fails with any nginx.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';
import { startDaemon, type Daemon } from './daemon.ts';
import { writeEdgeFiles } from './edge-files.ts';
import type { WireState } from './edge.ts';
import { bodyOf, leadRedis, type Leader } from './leader.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

const client = openClient({ fresh: true });
let servers: TestServers;
let redis: TestRedis;
let leader: Leader;
let folder = '';
let edge: Daemon;
let [url, control] = ['', ''];
let [a, b, drained] = ['', '', ''];

beforeAll(async () => {
  servers = await startServers(3);
  [a = '', b = '', drained = ''] = servers.addresses;
});

afterAll(async () => {
  await client.close();
  await servers.close();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-upgrade-'));
  redis = await startRedis();
  leader = leadRedis(redis.url);
  await leader.take(100);
  const [traffic = 0, port = 0] = await freePorts(2);
  await writeEdgeFiles(folder, { traffic, control: port }, { redisUrl: redis.url });
  edge = await startDaemon(folder);
  [url, control] = [`http://127.0.0.1:${traffic}`, `http://127.0.0.1:${port}`];
  await until('the edge answers', async () => (await state()).workers.length === 2);
});

afterEach(async () => {
  leader?.close();
  edge?.close();
  await redis?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

async function state(): Promise<WireState> {
  return (await (
    await fetch(`${control}/v1/state`, { headers: { connection: 'close' } })
  ).json()) as WireState;
}

async function publish(weights: Record<string, number>) {
  const { mark } = await leader.commit({ shop: bodyOf('shop', weights) });
  await until('applied and saved', async () => {
    const { saved, workers } = await state();
    return (
      saved?.version === mark.version &&
      workers.every((worker) => worker.mark?.version === mark.version)
    );
  });
  return mark;
}

/** Requests, each on a connection of its own, until `done`; how each ended. */
async function loadUntil(done: Promise<unknown>): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  let isDone = false;
  void done.finally(() => (isDone = true)).catch(() => {});
  const run = async (): Promise<void> => {
    while (!isDone) {
      const what = await client.get(url, 'shop.example').then(
        ({ status, body }) => (status === 200 ? body : `status ${status}`),
        () => 'connection closed',
      );
      seen.set(what, (seen.get(what) ?? 0) + 1);
    }
  };
  await Promise.all([run(), run(), run(), run()]);
  return seen;
}

const failures = (seen: Map<string, number>): string[] =>
  [...seen.keys()].filter((what) => what !== a && what !== b);

async function updates(count: number): Promise<number> {
  let last = 0;
  for (let i = 1; i <= count; i++) {
    const weights = { [a]: i, [b]: 1, [drained]: 0 };
    last = (await leader.commit({ shop: bodyOf('shop', weights) })).mark.version;
  }
  return last;
}

const reached = (version: number): Promise<unknown> =>
  until('every worker has it', async () => {
    const { mark, workers } = await state();
    return mark?.version === version && workers.every((worker) => worker.mark?.version === version);
  });

test('upgrade in place (USR2): the new program has weights and drains from its first request, no update is lost', async () => {
  const mark = await publish({ [a]: 1, [b]: 1, [drained]: 0 });
  const old = edge.master();
  const before = await state();
  const upgraded = (async () => {
    const fresh = await edge.upgrade();
    await until('new workers', () => edge.workersOf(fresh).length === 2);
    const version = await updates(50);
    await edge.end(old, 'SIGQUIT');
    await reached(version);
    return version;
  })();
  const seen = await loadUntil(upgraded);
  const version = await upgraded;
  expect(failures(seen)).toEqual([]);
  expect(seen.get(drained)).toBeUndefined();
  expect(servers.list[2]?.requests()).toBe(0);
  const after = await state();
  expect(after.mark).toEqual({ ...mark, version });
  expect(after.start).not.toBe(before.start);
  // The old program's end has not taken the sockets along: 503 and 404 are still answered.
  await leader.commit({ shop: bodyOf('shop', { [a]: 0 }) });
  await until('503', async () => (await client.get(url, 'shop.example')).status === 503);
  expect((await client.get(url, 'nobody.example')).status).toBe(404);
  // And the new one saves, once the old one has given the folder up.
  await publish({ [b]: 1 });
});

test('upgrade in place: the new program knows who is unhealthy from its first request', async () => {
  // It is well again at once, but must prove so a hundred times: only who knows leaves it out.
  let status = 500;
  const sick = createServer((_, response) => response.writeHead(status).end('sick'));
  await new Promise<void>((resolve) => sick.listen(0, '127.0.0.1', resolve));
  try {
    const address = `127.0.0.1:${(sick.address() as AddressInfo).port}`;
    const health = { fall: 1, intervalSeconds: 1, path: '/', rise: 100, timeoutSeconds: 1 };
    const body = JSON.parse(bodyOf('shop', { [a]: 1, [address]: 1 })) as { policy: object };
    const policy = { balance: 'smooth', health, whenUnhealthy: 'spread' };
    await leader.commit({ shop: JSON.stringify({ ...body, policy }) });
    const file = join(folder, 'state', 'health');
    await until('on disk', async () => (await readFile(file, 'utf8')).includes(address));
    status = 200;
    const old = edge.master();
    const fresh = await edge.upgrade();
    await until('new workers', () => edge.workersOf(fresh).length === 2);
    await edge.end(old, 'SIGQUIT');
    expect(await client.load(url, 'shop.example', 60)).toEqual(new Map([[a, 60]]));
  } finally {
    sick.closeAllConnections();
    sick.close();
  }
});

test('upgrade in place with Redis gone: the new program serves what was saved', async () => {
  const mark = await publish({ [a]: 0, [b]: 3, [drained]: 0 });
  await redis.kill();
  const old = edge.master();
  const fresh = await edge.upgrade();
  await until('new workers', () => edge.workersOf(fresh).length === 2);
  await edge.end(old, 'SIGQUIT');
  expect(await client.load(url, 'shop.example', 100)).toEqual(new Map([[b, 100]]));
  expect(await state()).toMatchObject({ mark, source: 'snapshot' });
});

test('an upgrade taken back: the old program goes on, saves, and answers 503 and 404', async () => {
  await publish({ [a]: 1 });
  const old = edge.master();
  const before = await state();
  const fresh = await edge.upgrade();
  await until('new workers', () => edge.workersOf(fresh).length === 2);
  await edge.end(fresh, 'SIGQUIT');
  await until('the old pid file', () => edge.master() === old);
  expect((await state()).start).toBe(before.start);
  await publish({ [b]: 1 });
  expect(await client.load(url, 'shop.example', 40)).toEqual(new Map([[b, 40]]));
  expect((await client.get(url, 'nobody.example')).status).toBe(404);
});

test('five reloads under traffic and updates: no update lost, no drain undone, no request failed', async () => {
  await publish({ [a]: 1, [b]: 1, [drained]: 0 });
  const reloaded = (async () => {
    let version = 0;
    for (let i = 0; i < 5; i++) {
      const before = new Set(edge.workersOf(edge.master()));
      process.kill(edge.master(), 'SIGHUP');
      version = await updates(20);
      await until('new workers', () => {
        const now = edge.workersOf(edge.master());
        return now.filter((pid) => !before.has(pid)).length === 2;
      });
    }
    await reached(version);
  })();
  const seen = await loadUntil(reloaded);
  await reloaded;
  expect(failures(seen)).toEqual([]);
  expect(seen.get(a)).toBeGreaterThan(0);
});

test('workers killed again and again: no update lost, no drain undone; only requests in flight fail', async () => {
  await publish({ [a]: 1, [b]: 1, [drained]: 0 });
  const killed = (async () => {
    let version = 0;
    for (let i = 0; i < 10; i++) {
      const workers = edge.workersOf(edge.master());
      const pid = workers[i % 2];
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      version = await updates(10);
      await until('another worker', () => {
        const now = edge.workersOf(edge.master());
        return now.length === 2 && !now.includes(pid ?? 0);
      });
    }
    await reached(version);
  })();
  const seen = await loadUntil(killed);
  await killed;
  // Counted apart: four at a time can be in flight at each kill.
  expect(seen.get('connection closed') ?? 0).toBeLessThanOrEqual(40);
  expect(failures(seen).filter((what) => what !== 'connection closed')).toEqual([]);
  expect(await readFile(join(folder, 'error.log'), 'utf8')).not.toContain('[alert] shared memory');
});
