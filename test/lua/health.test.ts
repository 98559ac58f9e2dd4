// What probes, panic, rejection and slow start do to real requests.
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openEdgeLink } from '../../src/edges/edge-link.ts';
import { until } from '../controlplane/until.ts';
import { createCertificate } from '../simulated/certificate.ts';
import { startEdge, type EdgeOptions, type TestEdge } from './edge.ts';
import { startLedRedis, type LedRedis } from './leader.ts';
import { openClient, startServers } from './servers.ts';

const client = openClient({ fresh: true });
let led: LedRedis;
let edge: TestEdge;
const open: Server[] = [];
const folders: string[] = [];

beforeAll(async () => {
  led = await startLedRedis();
});

afterAll(async () => {
  await Promise.all([client.close(), led.close()]);
});

afterEach(async () => {
  await edge?.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that says itself whether it is healthy, and what it was asked. */
class Probed {
  healthy = true;
  /** Hosts of the probes, in their order. */
  readonly probes: string[] = [];
  readonly names: (string | false)[] = [];
  address = '';
}

async function startProbed(tls?: { cert: string; key: string }, ip = '127.0.0.1') {
  const probed = new Probed();
  const answer: Parameters<typeof createServer>[1] = (message, response) => {
    if (message.url === '/health?deep=1') {
      probed.probes.push(message.headers.host ?? '');
      if (tls) probed.names.push((message.socket as TLSSocket).servername ?? false);
      response.statusCode = probed.healthy ? 204 : 500;
    }
    response.end(message.url === '/' ? probed.address : '');
  };
  const server = tls ? createTlsServer(tls, answer) : createServer(answer);
  open.push(server as Server);
  await new Promise<void>((resolve) => void server.listen(0, ip, resolve));
  probed.address = `${ip === '::1' ? '[::1]' : ip}:${(server.address() as AddressInfo).port}`;
  return probed;
}

async function startSeveral(count: number): Promise<Probed[]> {
  const list = await Promise.all(Array.from({ length: count }, () => startProbed()));
  return list.sort((a, b) => (a.address < b.address ? -1 : 1));
}

const health = { fall: 2, intervalSeconds: 1, path: '/health?deep=1', rise: 2, timeoutSeconds: 1 };
const probing = { balance: 'smooth', health, whenUnhealthy: 'spread' };

/** As a canonical body has its keys. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(
    keys.map((key) => [key, sorted((value as Record<string, unknown>)[key])]),
  );
}

async function publish(weights: Readonly<Record<string, number>>, policy: object, app = 'shop') {
  const servers = Object.keys(weights)
    .sort()
    .map((address) => ({ address, from: 'east', weight: weights[address] }));
  const body = JSON.stringify({ app, hosts: [`${app}.example`], policy: sorted(policy), servers });
  await led.leader.publish(edge, { [app]: body });
  expect((await edge.state()).refused).toEqual([]);
}

const evenly = (list: readonly Probed[], weight = 10) =>
  Object.fromEntries(list.map(({ address }) => [address, weight]));

const seen = (count = 60, app = 'shop') => client.load(edge.url, `${app}.example`, count);

interface Item {
  readonly address: string;
  readonly healthy: boolean;
  readonly sinceSeconds?: number;
  readonly error?: string;
  readonly probe: object;
}

async function items(): Promise<readonly Item[]> {
  return ((await edge.call('GET', '/v1/health')).json as { items: Item[] }).items;
}

async function untilHealth(server: Probed, healthy: boolean): Promise<Item> {
  return until(`${server.address} is ${healthy ? 'healthy' : 'unhealthy'}`, async () =>
    (await items()).find((item) => item.address === server.address && item.healthy === healthy),
  );
}

const start = async (options: EdgeOptions = {}) =>
  (edge = await startEdge({ redisUrl: led.redis.url, ...options }));

test('a server that fails its probes gets no request, and gets them again when it answers', async () => {
  await start();
  const servers = await startSeveral(3);
  const [first] = servers as [Probed];
  await publish(evenly(servers), probing);
  expect((await seen()).size).toBe(3);
  expect(await items()).toEqual(
    servers.map(({ address }) => ({ address, healthy: true, probe: health })),
  );
  first.healthy = false;
  const item = await untilHealth(first, false);
  expect(item.error).toBe('status 500');
  expect(item.sinceSeconds).toBeLessThan(60);
  // Each worker, from the first request on.
  expect([...(await seen()).keys()]).not.toContain(first.address);
  const metrics = String((await edge.call('GET', '/metrics')).json);
  expect(metrics).toContain('\nballast_edge_unhealthy 1\n');
  expect(metrics).toContain('\nballast_edge_probes 3\n');
  expect(metrics).toContain(`ballast_edge_server_healthy{server="${first.address}",`);
  // As the controller reads it.
  const link = openEdgeLink({ name: 'edge-1', control: edge.control });
  const { address } = first;
  expect(await link.counts()).toMatchObject({
    unhealthy: [{ address, path: health.path, https: false }],
  });
  await link.close();
  first.healthy = true;
  await untilHealth(first, true);
  expect((await seen()).get(first.address)).toBeGreaterThan(10);
});

test('health is kept when weights change, the server leaves and returns, nginx reloads or starts again', async () => {
  await start();
  const servers = await startSeveral(3);
  const [first, ...others] = servers as [Probed, ...Probed[]];
  await publish(evenly(servers), probing);
  first.healthy = false;
  await untilHealth(first, false);
  await publish(evenly(servers, 20), probing);
  expect([...(await seen()).keys()]).not.toContain(first.address);
  await publish(evenly(others), probing);
  await publish(evenly(servers), probing);
  expect([...(await seen()).keys()]).not.toContain(first.address);
  await edge.reload();
  expect([...(await seen()).keys()]).not.toContain(first.address);
  // Another worker probes now.
  const before = first.probes.length;
  await until('probed after the reload', () => Promise.resolve(first.probes.length > before + 1));
  expect([...(await seen()).keys()]).not.toContain(first.address);
  const file = join(edge.stateDir, 'health');
  const text = (): Promise<string> => readFile(file, 'utf8').catch(() => '');
  await until('on disk', async () => (await text()).includes(first.address));
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await edge.restart(signal);
    expect([...(await seen()).keys()]).not.toContain(first.address);
  }
  expect((await untilHealth(first, false)).error).toBe('status 500');
  first.healthy = true;
  await untilHealth(first, true);
  expect((await seen()).get(first.address)).toBeGreaterThan(10);
  await until('off the disk', async () => {
    const now = await text();
    return now !== '' && !now.includes(first.address);
  });
});

test('a damaged file of health is not believed, and told; an old one and another run’s neither', async () => {
  await start({ workers: 1 });
  const servers = await startSeveral(2);
  const [first, second] = servers as [Probed, Probed];
  await publish(evenly(servers), { ...probing, health: { ...health, intervalSeconds: 2 } });
  first.healthy = false;
  await untilHealth(first, false);
  const file = join(edge.stateDir, 'health');
  const text = (): Promise<string> => readFile(file, 'utf8').catch(() => '');
  await until('on disk', async () => (await text()).includes(first.address));
  const whole = await text();
  await edge.stop();
  await writeFile(file, whole.replace(first.address, second.address));
  await edge.start();
  expect(await edge.errorLog()).toContain('health is damaged');
  expect((await seen(40)).size).toBe(2);
  await untilHealth(first, false);
  await until('on disk again', async () => (await text()).includes(first.address));
  const [, head = '', ...rows] = (await text()).split('\n');
  const [run = '', time = ''] = head.split(' ');
  const forge = (...words: string[]): Promise<void> => {
    const body = [words.join(' '), ...rows].join('\n');
    return writeFile(file, `${createHash('sha1').update(body).digest('hex')}\n${body}`);
  };
  for (const [words, size] of [
    [[run, (Number(time) - 700).toFixed(3)], 2],
    [['another-run', time], 2],
    [[run, time], 1],
  ] as const) {
    await edge.stop();
    await forge(...words);
    await edge.start();
    expect((await seen(40)).size).toBe(size);
  }
});

test('apps that ask the same of a server share its probe, by one worker; Host is the address or `host`', async () => {
  await start({ workers: 4 });
  const [server] = (await startSeveral(1)) as [Probed];
  await publish(evenly([server]), probing);
  await publish(evenly([server], 30), probing, 'other');
  const named = { ...health, host: 'ready.example' };
  await publish(evenly([server]), { ...probing, health: named }, 'third');
  expect((await items()).length).toBe(2);
  // Counted against each other, not against a clock: both have one interval.
  const count = (host: string) => server.probes.filter((one) => one === host).length;
  await until('probed', () => Promise.resolve(count('ready.example') >= 6));
  expect(count(server.address)).toBeGreaterThan(3);
  expect(count(server.address)).toBeLessThan(10);
});

test('all unhealthy: `spread` uses all above 0, `reject` answers 503; weight 0 gets nothing', async () => {
  await start();
  const servers = await startSeveral(3);
  const [first, second, idle] = servers as [Probed, Probed, Probed];
  const weights = { [first.address]: 10, [second.address]: 10, [idle.address]: 0 };
  await publish(weights, probing);
  first.healthy = second.healthy = false;
  await untilHealth(first, false);
  await untilHealth(second, false);
  expect([...(await seen()).keys()].sort()).toEqual([first.address, second.address]);
  await publish(weights, { ...probing, whenUnhealthy: 'reject' });
  const refused = await client.get(edge.url, 'shop.example');
  expect(refused).toMatchObject({ status: 503, retryAfter: '1' });
  expect(refused.body).toBe('Every server of this app is unhealthy.\n');
  expect([...(await seen()).keys()]).toEqual(['status 503']);
  second.healthy = true;
  await untilHealth(second, true);
  expect([...(await seen()).keys()]).toEqual([second.address]);
});

test('less than `panic` percent of the weight healthy: health is not looked at', async () => {
  await start();
  const servers = await startSeveral(3);
  const [first, second] = servers as [Probed, Probed];
  await publish(evenly(servers), { ...probing, panic: 50 });
  first.healthy = false;
  await untilHealth(first, false);
  expect((await seen()).size).toBe(2);
  second.healthy = false;
  await untilHealth(second, false);
  expect((await seen()).size).toBe(3);
});

test('a probe by TLS sends the name and verifies the certificate for it', async () => {
  const { cert, key } = createCertificate('probed');
  const [right, plain] = [await startProbed({ cert, key }), await startProbed()] as const;
  // nginx' workers read it too.
  const folder = await mkdtemp(join(tmpdir(), 'ballast-probed-'));
  await chmod(folder, 0o755);
  folders.push(folder);
  const ca = join(folder, 'probed.crt');
  await writeFile(ca, cert);
  await start({ http: `lua_ssl_trusted_certificate ${ca};` });
  const named = (host: string) => ({ ...probing, health: { ...health, host, https: true } });
  await publish(evenly([right, plain]), named('localhost'));
  expect((await untilHealth(plain, false)).error).toContain('TLS');
  await until('probed', () => Promise.resolve(right.names.length > 0));
  expect(right.names[0]).toBe('localhost');
  expect((await untilHealth(right, true)).sinceSeconds).toBeUndefined();
  await publish(evenly([right]), named('another.example'), 'other');
  const failed = await until('refused', async () =>
    (await items()).find((item) => item.address === right.address && !item.healthy),
  );
  expect(failed.error).toContain('certificate');
});

test('a server that is silent or gone is unhealthy', async () => {
  await start();
  const { list } = await startServers(1);
  const silent = createServer(() => {});
  open.push(silent);
  await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
  const quiet = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const dead = list[0]?.address ?? '';
  await list[0]?.die();
  await publish({ [quiet]: 10, [dead]: 10 }, probing);
  const errors = await until('both are unhealthy', async () => {
    const found = await items();
    if (found.some(({ healthy }) => healthy)) return undefined;
    return new Map(found.map(({ address, error }) => [address, error]));
  });
  expect(errors.get(quiet)).toBe('answer: timeout');
  expect(errors.get(dead)).toContain('connect: connection refused');
});

test('an IPv6 server is probed, by its address as Host', async () => {
  await start();
  const server = await startProbed(undefined, '::1');
  await publish(evenly([server]), probing);
  await until('probed', () => Promise.resolve(server.probes.length > 0));
  expect(server.probes[0]).toBe(server.address);
  server.healthy = false;
  await untilHealth(server, false);
  server.healthy = true;
  await untilHealth(server, true);
});

const slow = { balance: 'smooth', slowStart: { seconds: 600 }, whenUnhealthy: 'spread' };

test('slow start: a new server begins at a tenth; not one of a new upstream, nor after a restart', async () => {
  await start();
  const servers = await startSeveral(3);
  const [first, ...others] = servers as [Probed, ...Probed[]];
  await publish(evenly(others), slow);
  expect((await seen(200)).get(others[0]?.address ?? '')).toBeGreaterThan(90);
  await publish(evenly(servers), slow);
  const share = async () => (await seen(420)).get(first.address) ?? 0;
  // 1 of 21, in each of two workers.
  const early = await share();
  expect(early).toBeGreaterThanOrEqual(18);
  expect(early).toBeLessThanOrEqual(24);
  // Kept over a reload and a change of weights.
  await edge.reload();
  await publish(evenly(servers, 30), slow);
  expect(await share()).toBeLessThanOrEqual(26);
  await edge.restart();
  expect(await share()).toBeGreaterThan(130);
});

test('slow start: a server rises while no document changes, and one that is healthy again too', async () => {
  await start();
  const servers = await startSeveral(2);
  const [first, second] = servers as [Probed, Probed];
  const policy = { ...probing, slowStart: { seconds: 8 } };
  await publish(evenly(servers), policy);
  first.healthy = false;
  await untilHealth(first, false);
  expect([...(await seen()).keys()]).toEqual([second.address]);
  first.healthy = true;
  await untilHealth(first, true);
  const early = (await seen(100)).get(first.address) ?? 0;
  expect(early).toBeGreaterThan(0);
  expect(early).toBeLessThan(40);
  await until('it has its whole share', async () => {
    const share = (await seen(100)).get(first.address) ?? 0;
    return share >= 49 && share <= 51;
  });
});
