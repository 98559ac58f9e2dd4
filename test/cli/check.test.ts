// `ballast check` against things that are wrong one at a time: each is found where it is, with its fix, and
// nothing else is.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { redisFindings, versionFindings } from '../../src/cli/check/redis.ts';
import { startRedis } from '../lua/redis.ts';
import type { Fault } from '../simulated/faults.ts';
import { SimulatedNacos } from '../simulated/nacos.ts';
import {
  type CheckedFleet,
  type FleetConfig,
  runCheck,
  startCheckedFleet,
} from './checked-fleet.ts';

let fleet: CheckedFleet;

beforeAll(async () => {
  fleet = await startCheckedFleet(41);
});
afterAll(async () => {
  await fleet?.close();
});

interface Found {
  readonly place: string;
  readonly level: string;
  readonly code: string;
  readonly text: string;
  readonly fix: string;
}

/** Changes the good configuration, or answers how to undo what it did. */
type Wrong = (config: FleetConfig) => unknown;

async function check(wrong: Wrong, options: readonly string[] = []) {
  const config = fleet.config();
  const undo = await wrong(config);
  try {
    const { code, text, errors } = await runCheck(fleet.folder, config, ['-o', 'json', ...options]);
    expect(errors).toBe('');
    return { code, ...(JSON.parse(text) as { items: Found[]; errors: number; warnings: number }) };
  } finally {
    if (typeof undo === 'function') await undo();
  }
}

const strike =
  (fault: Fault): Wrong =>
  async () => {
    const { clear } = await fleet.east.api.fault(fault);
    return clear;
  };
const forbid = (...resources: readonly string[]): Wrong =>
  strike({ kind: 'status', code: 403, resources });

const inRedis =
  (...settings: readonly (readonly [string, string])[]): Wrong =>
  async () => {
    const redis = new Redis(fleet.redis.url);
    const set = async (pairs: typeof settings) => {
      for (const [key, value] of pairs) await redis.config('SET', key, value);
    };
    await set(settings);
    return async () => {
      await set([
        ['maxmemory-policy', 'noeviction'],
        ['maxmemory', '0'],
      ]);
      redis.disconnect();
    };
  };

/** A token of the cluster that says since when and until when it holds, in hours from now. */
const token =
  (since: number, until: number): Wrong =>
  async (config) => {
    const [iat, exp] = [since, until].map((hours) => Math.round(Date.now() / 1000 + hours * 3600));
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: 'none' })}.${part({ iat, exp })}.c2lnbmVk`;
    const { api } = fleet.east;
    api.tokens.add(text);
    await writeFile(join(fleet.folder, 'token.kubeconfig'), api.kubeconfig(text));
    for (const cluster of config.clusters) cluster.kubeconfig.path = 'token.kubeconfig';
    return () => api.tokens.delete(text);
  };

const ingressOf = (config: FleetConfig) => config.clusters[0]?.ingress ?? {};

const CASES: readonly (readonly [title: string, wrong: Wrong, expected: Partial<Found>])[] = [
  [
    'a token that ends, and that nobody has renewed',
    token(-240, 30),
    {
      place: 'cluster east',
      level: 'warning',
      code: 'credential-ending',
      text: expect.stringMatching(/^the token that it is watched by ends at 20/) as string,
    },
  ],
  [
    'a right that is needed',
    forbid('endpointslices'),
    { place: 'cluster east', level: 'error', code: 'right-missing' },
  ],
  [
    'a right that is nice to have',
    forbid('ingresses'),
    { place: 'cluster east', level: 'warning', code: 'right-missing' },
  ],
  [
    'an API server that nobody reaches',
    strike({ kind: 'refuse' }),
    { place: 'cluster east', level: 'error', code: 'cluster-unreachable' },
  ],
  [
    'a token that is not known',
    strike({ kind: 'status', code: 401 }),
    { place: 'cluster east', level: 'error', code: 'token-refused' },
  ],
  [
    'lists that fail',
    strike({ kind: 'status', code: 500, verbs: ['list', 'watch'] }),
    { place: 'cluster east', level: 'error', code: 'cluster-unready' },
  ],
  [
    'a clock that is ahead',
    strike({ kind: 'time-skew', byMs: 90_000 }),
    { place: 'cluster east', level: 'warning', code: 'clock' },
  ],
  [
    'no node with the labels',
    (config) => Object.assign(ingressOf(config), { nodes: 'role=front' }),
    { place: 'cluster east', level: 'error', code: 'nothing-selected' },
  ],
  [
    'no ingress pod with the labels',
    (config) =>
      Object.assign(ingressOf(config), { pods: { namespace: 'ingress', selector: 'app=nginx' } }),
    { place: 'cluster east', level: 'error', code: 'nothing-selected' },
  ],
  [
    'a namespace without Services',
    (config) => Object.assign(config.clusters[0] ?? {}, { namespaces: ['prod', 'prud'] }),
    { place: 'cluster east', level: 'warning', code: 'nothing-selected' },
  ],
  [
    'a label that no Service has',
    (config) => Object.assign(config.apps, { discover: { services: 'example.com/app' } }),
    { place: 'cluster east', level: 'warning', code: 'nothing-selected' },
  ],
  [
    'a port that does not answer',
    () => fleet.mute(2),
    { place: 'cluster east', level: 'warning', code: 'ingress-node-unreachable' },
  ],
  [
    'a cordoned ingress node',
    () => {
      fleet.east.setIngressNode({ name: 'east-3', address: '127.41.1.3', unschedulable: true });
      return () => fleet.east.removeNode('east-3');
    },
    { place: 'cluster east', level: 'warning', code: 'ingress-node-left-out' },
  ],
  [
    'an app in two namespaces',
    () => {
      const twin = { name: 'shop', namespace: 'twin', pods: 1, hosts: ['twin.example.com'] };
      fleet.east.setApp({ ...twin, ingress: true });
      return () => fleet.east.removeApp('shop', 'twin');
    },
    { place: 'cluster east', level: 'error', code: 'two-namespaces' },
  ],
  [
    'an app without a way in',
    () => {
      fleet.east.setApp({ name: 'dark', pods: 1 });
      return () => fleet.east.removeApp('dark');
    },
    { place: 'cluster east', level: 'warning', code: 'not-routed' },
  ],
  [
    'a Redis that throws away',
    inRedis(['maxmemory', '100mb'], ['maxmemory-policy', 'allkeys-lru']),
    { place: 'redis', level: 'error', code: 'redis-eviction' },
  ],
  [
    'a Redis that would throw away',
    inRedis(['maxmemory-policy', 'volatile-lru']),
    { place: 'redis', level: 'warning', code: 'redis-eviction' },
  ],
  [
    'a Redis that is not there',
    (config) => Object.assign(config.redis, { url: 'redis://127.0.0.1:1' }),
    { place: 'redis', level: 'error', code: 'redis-unreachable' },
  ],
  [
    'a token that is too weak',
    (config) => Object.assign(config.edges[0] ?? {}, { token: { file: 'read.token' } }),
    { place: 'edge edge-1', level: 'error', code: 'edge-token' },
  ],
  [
    'no token',
    (config) => delete config.edges[0]?.token,
    { place: 'edge edge-1', level: 'error', code: 'edge-token' },
  ],
  [
    'an edge that nobody reaches',
    (config) => Object.assign(config.edges[0] ?? {}, { control: 'http://127.0.0.1:1' }),
    { place: 'edge edge-1', level: 'error', code: 'edge-unreachable' },
  ],
  [
    'an edge of another name',
    (config) => Object.assign(config.edges[0] ?? {}, { name: 'edge-7' }),
    { place: 'edge edge-7', level: 'error', code: 'edge-name' },
  ],
  [
    'an edge of another environment',
    (config) => Object.assign(config, { environment: 'elsewhere' }),
    { place: 'edge edge-1', level: 'error', code: 'edge-environment' },
  ],
  [
    'a file of VMs that is not there',
    (config) => Object.assign(config, { vms: { file: 'none.yaml' } }),
    { place: 'vms', level: 'error', code: 'vms-unread' },
  ],
];

test('a registry that answers, one that has no service of an app, and one that refuses', async () => {
  const nacos = await new SimulatedNacos().start();
  onTestFinished(() => nacos.stop());
  nacos.set('shop-vms', [{ ip: '10.9.0.1', port: 8080 }]);
  const named = (service: string) => (config: FleetConfig) => {
    config.apps.list = [{ name: 'shop', namespace: 'prod', nacos: service }];
    config.vms = { nacos: { url: nacos.url } };
  };
  expect((await check(named('shop-vms'))).items).toEqual([]);
  const { items } = await check(named('shop-vm'));
  expect(items).toMatchObject([{ place: 'vms of nacos', code: 'nothing-selected' }]);
  expect(items[0]?.text).toBe('Nacos lists no instance of shop-vm, which is the service of shop');
  nacos.account = { username: 'ballast', password: 'secret' };
  const refused = await check(named('shop-vms'));
  expect(refused.items).toMatchObject([{ place: 'vms of nacos', code: 'vms-unread' }]);
  expect(refused.code).toBe(1);
});

test('nothing is wrong: exit code 0 and a line a place', async () => {
  const { code, text } = await runCheck(fleet.folder, fleet.config());
  expect(text).toBe('redis: ok\nedge edge-1: ok\ncluster east: ok\n0 errors, 0 warnings\n');
  expect(code).toBe(0);
});

test.for(CASES)('%s', async ([, wrong, expected]) => {
  const { code, items } = await check(wrong);
  expect(items).toEqual([expect.objectContaining(expected)]);
  expect(items[0]?.fix).toMatch(/\w/);
  expect(code).toBe(expected.level === 'error' ? 1 : 0);
});

test('a missing right is named with the rule and the user', async () => {
  const { items } = await check(forbid('nodes'));
  expect(items[0]?.text).toBe('ballast may not list and watch nodes in all namespaces');
  expect(items[0]?.fix).toContain('{apiGroups: [""], resources: [nodes], verbs: [list, watch]}');
  expect(items[0]?.fix).toContain('the user ballast');
});

test('labels of Services that are all told are labels, too', async () => {
  const { items } = await check((config) => {
    config.apps.list = [{ name: 'shop', namespace: 'prod' }];
  });
  expect(items).toEqual([]);
});

test('an app that is named and nowhere, at its line', async () => {
  const { items } = await check((config) => {
    config.apps = { list: [{ name: 'till', namespace: 'prod' }] };
  });
  expect(items).toEqual([
    expect.objectContaining({
      place: expect.stringMatching(/ballast\.yaml:\d+: apps\.list\[0\]\.name$/),
      level: 'warning',
      code: 'nothing-selected',
    }),
  ]);
});

test('ingress nodes of which none can be reached: an error', async () => {
  const undo = await fleet.mute(1);
  const { items, code } = await check(() => fleet.mute(2));
  await undo();
  expect(items).toEqual([
    expect.objectContaining({ level: 'error', code: 'ingress-node-unreachable' }),
  ]);
  expect(items[0]?.text).toContain('east-1 at 127.41.1.1');
  expect(code).toBe(1);
});

test('several things at once, as text, with their fixes; warnings count with --strict', async () => {
  const { clear } = await fleet.east.api.fault({ kind: 'time-skew', byMs: -60_000 });
  const plain = await runCheck(fleet.folder, fleet.config());
  const strict = await runCheck(fleet.folder, fleet.config(), ['--strict']);
  await clear();
  expect([plain.code, strict.code]).toEqual([0, 1]);
  const lines = plain.text.split('\n');
  expect(lines[2]).toBe('cluster east:');
  expect(lines[3]).toMatch(/^ {2}warning clock: its clock is \d+ s behind this machine’s$/);
  expect(lines[4]).toMatch(/^ {10}fix: set both by NTP/);
  expect(lines[5]).toBe('0 errors, 1 warning');
});

test('a wrong configuration: exit code 2 and its line', async () => {
  await writeFile(join(fleet.folder, 'ballast.yaml'), 'environment: [1]\n');
  const { code, errors, text } = await runCheck(fleet.folder, { environment: [1] });
  expect(code).toBe(2);
  expect(errors).toContain('ballast.yaml:');
  expect(text).toBe('');
});

test('where jobs are configured Redis must lose nothing', async () => {
  const redis = await startRedis();
  const client = new Redis(redis.url);
  const codes = async () =>
    (await redisFindings({ url: redis.url }, true)).map(({ code, level }) => `${level} ${code}`);
  try {
    expect(await codes()).toEqual(['error redis-durability']);
    await client.config('SET', 'appendonly', 'yes');
    expect(await codes()).toEqual(['error redis-durability']);
    await client.config('SET', 'appendfsync', 'always');
    expect(await codes()).toEqual([]);
    expect(await redisFindings({ url: redis.url }, false)).toEqual([]);
    await client.replicaof('127.0.0.1', 1);
    expect(await codes()).toEqual(['error redis-replica']);
  } finally {
    client.disconnect();
    await redis.close();
  }
});

test('a Redis that hides its settings is not taken at its word', async () => {
  const redis = await startRedis({ persistence: 'aof', args: ['--rename-command', 'CONFIG', ''] });
  try {
    const found = await redisFindings({ url: redis.url }, true);
    expect(found).toEqual([expect.objectContaining({ code: 'redis-settings-hidden' })]);
  } finally {
    await redis.close();
  }
});

test.each([
  ['6.0.16', 1],
  ['6.2.0', 0],
  ['7.0.15', 0],
  ['5.0.3', 1],
])('Redis %s', (version, count) => {
  expect(versionFindings(new Map([['redis_version', version]]))).toHaveLength(count);
});
