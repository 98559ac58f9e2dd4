// What an edge counts: times, failures, requests under way over all workers, and what has no room.
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { startEdge, type EdgeOptions, type TestEdge } from './edge.ts';
import { bodyOf, startLedRedis, type LedRedis } from './leader.ts';
import { openClient, startServers } from './servers.ts';

const agent = new Agent({ connections: 64, pipelining: 0 });
const client = openClient({ fresh: true });
let led: LedRedis;
let edge: TestEdge;
const open: Server[] = [];

beforeAll(async () => {
  led = await startLedRedis();
});

afterAll(async () => {
  await Promise.all([agent.destroy(), client.close(), led.close()]);
});

afterEach(async () => {
  await edge?.close();
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Answers when it is told to; `waiting` are those it has not answered. */
async function startPatient() {
  const waiting: ServerResponse[] = [];
  const server = createServer((_, response) => waiting.push(response));
  open.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answer = (count: number, status = 200) => {
    for (const response of waiting.splice(0, count)) response.writeHead(status).end('done');
  };
  return { address, waiting, answer };
}

async function publish(bodies: Readonly<Record<string, string>>): Promise<void> {
  await led.leader.publish(edge, bodies);
}

const start = async (options: EdgeOptions = {}) =>
  (edge = await startEdge({ redisUrl: led.redis.url, ...options }));

interface Counts {
  readonly requests: number;
  readonly failures: number;
  readonly answers: number;
  readonly seconds: number;
  readonly inFlight?: number;
}

interface Stats {
  readonly apps: Readonly<Record<string, Readonly<Record<string, Counts>>>>;
  readonly other: Counts;
  readonly complete: boolean;
  readonly markAgeSeconds: number;
  readonly memory: Readonly<Record<string, { free: number; capacity: number }>>;
}

const stats = async () => (await edge.call('GET', '/v1/stats')).json as Stats;

async function countsOf(address: string, app = 'shop'): Promise<Counts> {
  const { apps, complete } = await stats();
  expect(complete).toBe(true);
  return apps[app]?.[address] ?? { requests: 0, failures: 0, answers: 0, seconds: 0, inFlight: 0 };
}

function send(host = 'shop.example'): Promise<number> {
  const headers = { host, connection: 'close' };
  return request(edge.url, { dispatcher: agent, headers }).then(async (reply) => {
    await reply.body.dump();
    return reply.statusCode;
  });
}

test('requests under way are told for all workers at once, and are 0 exactly when there are none', async () => {
  await start({ workers: 4 });
  const server = await startPatient();
  await publish({ shop: bodyOf('shop', { [server.address]: 10 }) });
  expect((await countsOf(server.address)).inFlight).toBe(0);
  const sent = Array.from({ length: 24 }, () => send());
  await until('all are there', () => Promise.resolve(server.waiting.length === 24));
  // The first word counts: a drain that believed a 0 too early would cut requests.
  expect(await countsOf(server.address)).toMatchObject({ requests: 24, answers: 0, inFlight: 24 });
  server.answer(10);
  await until('ten have ended', async () => (await countsOf(server.address)).inFlight === 14);
  // Drained, and gone from the document: what is under way is told all the same.
  await publish({ shop: bodyOf('shop', { [server.address]: 0 }) });
  expect((await countsOf(server.address)).inFlight).toBe(14);
  await publish({ shop: bodyOf('shop', {}) });
  expect((await countsOf(server.address)).inFlight).toBe(14);
  server.answer(14);
  await Promise.all(sent);
  await until('none is left', async () => (await countsOf(server.address)).inFlight === 0);
  const metrics = String((await edge.call('GET', '/metrics')).json);
  const labels = `{app="shop",server="${server.address}"}`;
  expect(metrics).toContain(`\nballast_edge_in_flight${labels} 0\n`);
  expect(metrics).toContain(`\nballast_edge_response_seconds_count${labels} 24\n`);
});

test('a reload: requests of old workers are under way until they end; a killed worker has none', async () => {
  await start({ workers: 2 });
  const server = await startPatient();
  await publish({ shop: bodyOf('shop', { [server.address]: 10 }) });
  const sent = Array.from({ length: 8 }, () => send());
  await until('all are there', () => Promise.resolve(server.waiting.length === 8));
  const old = edge.pids().workers;
  await edge.reload();
  // nginx tells them a moment after the new ones run. One without any request is gone at once.
  const title = (pid: number) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  await until('the old ones end', async () =>
    (await Promise.all(old.map(title))).every((text) => text === '' || text.includes('shutting')),
  );
  expect((await countsOf(server.address)).inFlight).toBe(8);
  server.answer(3);
  await until('three have ended', async () => (await countsOf(server.address)).inFlight === 5);
  server.answer(5);
  await Promise.all(sent);
  await until('they have ended', async () => (await countsOf(server.address)).inFlight === 0);
  expect(await countsOf(server.address)).toMatchObject({ requests: 8, answers: 8 });
  const lost = Array.from({ length: 8 }, () => send().catch(() => 0));
  await until('all are there', () => Promise.resolve(server.waiting.length === 8));
  const before = edge.pids().workers;
  for (const pid of before) process.kill(pid, 'SIGKILL');
  await Promise.all(lost);
  await until('new workers', async () => {
    const now = new Set((await edge.state()).workers.map(({ pid }) => pid));
    return now.size === 2 && before.every((pid) => !now.has(pid));
  });
  expect((await countsOf(server.address)).inFlight).toBe(0);
});

test('times of answers add up; failures are counted once each, retries and last attempts', async () => {
  await start({ workers: 1, location: 'proxy_next_upstream error http_503;' });
  const [slow, bad] = [await startPatient(), await startPatient()];
  await publish({ shop: bodyOf('shop', { [slow.address]: 10 }) });
  const began = performance.now();
  const one = send();
  await until('it is there', () => Promise.resolve(slow.waiting.length === 1));
  await new Promise((resolve) => void setTimeout(resolve, 120));
  slow.answer(1);
  expect(await one).toBe(200);
  const took = (performance.now() - began) / 1000;
  const { answers, seconds } = await until('counted', async () => {
    const counts = await countsOf(slow.address);
    return counts.answers === 1 ? counts : undefined;
  });
  expect(answers).toBe(1);
  expect(seconds).toBeGreaterThan(0.1);
  expect(seconds).toBeLessThanOrEqual(took + 0.005);
  // Both fail: one by a retry, one as the last.
  await publish({ shop: bodyOf('shop', { [slow.address]: 10, [bad.address]: 10 }) });
  const two = send();
  await until('tried', () => Promise.resolve(slow.waiting.length + bad.waiting.length === 1));
  for (const server of [slow, bad]) server.answer(1, 503);
  await until('tried again', () => Promise.resolve(slow.waiting.length + bad.waiting.length === 1));
  for (const server of [slow, bad]) server.answer(1, 503);
  expect(await two).toBe(503);
  await until('failures', async () => (await countsOf(bad.address)).failures === 1);
  expect(await countsOf(slow.address)).toMatchObject({ requests: 2, failures: 1, answers: 1 });
  expect(await countsOf(bad.address)).toMatchObject({ requests: 1, failures: 1, inFlight: 0 });
});

test('where Ballast itself answers after a failed attempt, that failure is counted once', async () => {
  await start({ workers: 1 });
  const server = await startPatient();
  const spare = await startPatient();
  await publish({ shop: bodyOf('shop', { [server.address]: 10, [spare.address]: 1 }) });
  const sent = send();
  await until('it is there', () =>
    Promise.resolve(server.waiting.length + spare.waiting.length === 1),
  );
  const [tried, response] = server.waiting[0]
    ? [server.address, server.waiting[0]]
    : [spare.address, spare.waiting[0]];
  // Meanwhile nobody may take it any more.
  await publish({ shop: bodyOf('shop', { [server.address]: 0, [spare.address]: 0 }) });
  response?.destroy();
  expect(await sent).toBe(503);
  await until('it is over', async () => (await countsOf(tried)).failures > 0);
  expect(await countsOf(tried)).toMatchObject({ requests: 1, failures: 1, inFlight: 0 });
});

test('`statistics: false`: requests are counted, nothing at their end', async () => {
  await start({ statistics: false });
  const servers = await startServers(1);
  const address = servers.addresses[0] ?? '';
  await publish({ shop: bodyOf('shop', { [address]: 10 }) });
  await client.load(edge.url, 'shop.example', 20);
  expect(await countsOf(address)).toEqual({ requests: 20, failures: 0, answers: 0, seconds: 0 });
  await servers.close();
});

test('counts that are brought over in slices are exact, whatever comes in between', async () => {
  const flush = `location /flush { content_by_lua_block {
    require('ballast.stats').flush(function() ngx.sleep(0.001) end)
    ngx.say('done')
  } }`;
  await start({ workers: 1, locations: flush });
  const servers = await startServers(2);
  const names = Array.from({ length: 40 }, (_, i) => `app-${i}`);
  const body = (app: string) =>
    bodyOf(app, Object.fromEntries(servers.addresses.map((address) => [address, 1])));
  const bodies = Object.fromEntries(names.map((app) => [app, body(app)]));
  await publish(bodies);
  let running = true;
  const sending = (async () => {
    for (let turn = 0; turn < 6; turn++)
      for (const app of names)
        expect((await client.get(edge.url, `${app}.example`)).status).toBe(200);
    running = false;
  })();
  // Two at a time, and the census' own.
  while (running) {
    const flushes = ['', ''].map(() => client.get(`${edge.url}/flush`, 'any.example'));
    await stats();
    expect((await Promise.all(flushes)).map((reply) => reply.body)).toEqual(['done\n', 'done\n']);
  }
  await sending;
  const { apps } = await stats();
  for (const app of names) {
    const rows = Object.values(apps[app] ?? {});
    expect(rows.map(({ requests, inFlight }) => [requests, inFlight])).toEqual([
      [3, 0],
      [3, 0],
    ]);
  }
  await servers.close();
});

test('memory and the age of the mark are told; what finds no room is counted as other', async () => {
  await start({ statisticsMemory: '128k' });
  const servers = await startServers(1);
  const address = servers.addresses[0] ?? '';
  const names = Array.from({ length: 600 }, (_, i) => `app-${i}`);
  const bodies = Object.fromEntries(names.map((app) => [app, bodyOf(app, { [address]: 1 })]));
  await publish(bodies);
  for (const app of names) await client.get(edge.url, `${app}.example`);
  const { apps, other, memory, markAgeSeconds } = await stats();
  const own = Object.values(apps).reduce((sum, row) => sum + (row[address]?.requests ?? 0), 0);
  expect(own).toBeGreaterThan(100);
  expect(other.requests).toBeGreaterThan(0);
  expect(own + other.requests).toBe(600);
  expect(memory['ballast_stats']?.capacity).toBe(131_072);
  expect(memory['ballast']?.free).toBeGreaterThan(1_000_000);
  expect(markAgeSeconds).toBeLessThan(600);
  const metrics = String((await edge.call('GET', '/metrics')).json);
  expect(metrics).toContain('ballast_edge_requests_total{app="_other",server="_other"}');
  await servers.close();
});

test('rows of servers that no document names are let go, but not while they are counted', async () => {
  const look = `location = /look { content_by_lua_block {
    require('ballast.rows').look(function() end)
    ngx.say(ngx.shared.ballast_stats:get('rows'))
  } }`;
  await start({ workers: 1, locations: look });
  const servers = await startServers(2);
  const [first = '', second = ''] = servers.addresses;
  await publish({ shop: bodyOf('shop', { [first]: 10, [second]: 10 }) });
  await client.load(edge.url, 'shop.example', 20);
  await countsOf(first);
  await client.get(`${edge.url}/look`, 'any.example');
  await publish({ shop: bodyOf('shop', { [second]: 10 }) });
  await client.get(`${edge.url}/look`, 'any.example');
  expect(Object.keys((await stats()).apps['shop'] ?? {}).sort()).toEqual([first, second]);
  await client.get(`${edge.url}/look`, 'any.example');
  expect((await stats()).apps['shop']).toEqual({
    [second]: expect.objectContaining({ requests: 10 }) as unknown,
  });
  // It comes back, and begins at 0.
  await publish({ shop: bodyOf('shop', { [first]: 10 }) });
  await client.load(edge.url, 'shop.example', 5);
  expect(await countsOf(first)).toMatchObject({ requests: 5 });
  // In the slot that was its own, or another's: there are not ever more of them.
  expect((await client.get(`${edge.url}/look`, 'any.example')).body).toBe('2\n');
  await servers.close();
});

test('25,000 servers have counts of their own, and requests are answered while these are told', async () => {
  const fill = `location /fill { content_by_lua_block {
    local rows = require('ballast.rows')
    for n = 1, 25000 do
      local name = 'app-' .. n % 2500 .. ' 10.' .. n % 250 .. '.' .. math.floor(n / 250) .. '.1:80'
      if rows.add(name, 3, 1, 2, 500) then return ngx.exit(500) end
    end
    ngx.say('done')
  } }`;
  await start({ workers: 1, locations: fill });
  const servers = await startServers(1);
  await publish({ shop: bodyOf('shop', { [servers.addresses[0] ?? '']: 10 }) });
  expect(await client.get(`${edge.url}/fill`, 'any.example')).toMatchObject({ body: 'done\n' });
  for (const path of ['/v1/stats', '/metrics']) {
    let [told, answered] = ['', 0];
    const telling = edge.call('GET', path).then(({ json }) => {
      told = typeof json === 'string' ? json : JSON.stringify(json);
    });
    for (; told === ''; answered++) await client.get(edge.url, 'shop.example');
    await telling;
    expect(answered).toBeGreaterThan(10);
    if (path === '/metrics') {
      const lines = told
        .split('\n')
        .filter((line) => line.startsWith('ballast_edge_requests_total{'));
      expect(lines.length).toBe(25_001);
      continue;
    }
    const { apps, other } = JSON.parse(told) as Stats;
    expect(Object.values(apps).flatMap((row) => Object.keys(row)).length).toBeGreaterThan(24_999);
    expect(apps['app-7']?.['10.7.0.1:80']).toEqual({
      ...{ requests: 3, failures: 1, answers: 2, seconds: 0.5, inFlight: 0 },
    });
    expect(other.requests).toBe(0);
  }
  await servers.close();
});
