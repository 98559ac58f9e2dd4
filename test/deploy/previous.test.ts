// The previous version and this one together, both ways: an edge of each under one controller, which is
// upgraded and then taken back under load. No registry holds a previous version yet, so it is a commit.
import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findFreePort } from '../controlplane/ports.ts';
import { startBallast, type TestBallast } from '../e2e/ballast.ts';
import { until } from '../controlplane/until.ts';
import { untilHeld } from '../e2e/held.ts';
import { underLoad } from '../e2e/under-load.ts';
import { startEdge, type TestEdge } from '../lua/edge.ts';
import { startRedis, type TestRedis } from '../lua/redis.ts';
import { SimulatedCluster } from '../simulated/cluster.ts';
import { IngressFleet } from '../simulated/ingress-node.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const HOST = 'shop.example.com';
const ADDRESSES = ['127.98.1.1', '127.98.1.2'];

let folder: string;
let old: string;
let redis: TestRedis;
let cluster: SimulatedCluster;
let standIn: IngressFleet;
let edges: readonly TestEdge[] = [];
let port = 0;
let config: object;
const controllers: TestBallast[] = [];

/** Its checkout, with the packages of this one. */
async function unpackPrevious(): Promise<string> {
  const file = await readFile(join(ROOT, 'deploy', 'previous.json'), 'utf8');
  const { commit } = JSON.parse(file) as { commit: string };
  const place = join(folder, 'previous');
  await mkdir(place);
  const script = 'git archive "$0" | tar -x -C "$1"';
  await run('bash', ['-o', 'pipefail', '-c', script, commit, place], { cwd: ROOT });
  await symlink(join(ROOT, 'node_modules'), join(place, 'node_modules'));
  return place;
}

const startOldEdge: typeof startEdge = async (options) =>
  ((await import(join(old, 'test/lua/edge.ts'))) as { startEdge: typeof startEdge }).startEdge(
    options,
  );

async function startController(version: 'old' | 'new'): Promise<TestBallast> {
  const own = await mkdtemp(join(folder, `${version}-`));
  const from =
    version === 'new' ? { startBallast } : await import(join(old, 'test/e2e/ballast.ts'));
  const ballast = await (from as { startBallast: typeof startBallast }).startBallast(own, config);
  controllers.push(ballast);
  return ballast;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-previous-'));
  old = await unpackPrevious();
  redis = await startRedis({ persistence: 'aof' });
  cluster = new SimulatedCluster({ name: 'east' });
  await cluster.start();
  port = await findFreePort(ADDRESSES);
  for (const [index, address] of ADDRESSES.entries())
    cluster.setIngressNode({ name: `east-${index + 1}`, address });
  cluster.setApp({ name: 'shop', pods: 4, hosts: [HOST] });
  const { insideUrl, ca, token } = cluster.api;
  standIn = new IngressFleet({ cluster: 'east', api: { url: insideUrl, ca, token }, port });
  await standIn.start();
  const kubeconfig = join(folder, 'east.kubeconfig');
  await writeFile(kubeconfig, cluster.api.kubeconfig());
  const common = { environment: 'both', redisUrl: redis.url };
  edges = [
    await startOldEdge({ ...common, name: 'old-edge' }),
    await startEdge({ ...common, name: 'new-edge' }),
  ];
  config = {
    environment: 'both',
    redis: { url: redis.url },
    // The version before renews it once a second: who stands by must not find it over.
    leader: { leaseSeconds: 5 },
    weights: { ramp: { seconds: 0 } },
    clusters: [
      {
        name: 'east',
        kubeconfig: { path: kubeconfig },
        ingress: {
          nodes: 'ingress=true',
          pods: { namespace: 'ingress', selector: 'app=ingress' },
          port,
        },
      },
    ],
    apps: { discover: { services: 'ballast.io/app' } },
    edges: edges.map(({ name, control }) => ({ name, control })),
    api: { listen: '127.0.0.1:0', loopback: 'admin' },
  };
});

afterAll(async () => {
  for (const controller of controllers) await controller.kill('SIGKILL');
  for (const edge of edges) await edge.close();
  await standIn?.close();
  await cluster?.stop();
  await redis?.close();
  await rm(folder, { recursive: true, force: true });
});

const leads = async (ballast: TestBallast): Promise<boolean> =>
  (await (await fetch(`${ballast.url}/metrics`)).text()).includes('\nballast_leader 1\n');

/** Both edges come to have exactly what the rule says. */
async function scaled(pods: number): Promise<void> {
  cluster.scale('shop', pods);
  const each = Math.floor((pods * 10) / ADDRESSES.length);
  const weights = Object.fromEntries(ADDRESSES.map((ip) => [`${ip}:${port}`, each]));
  await untilHeld(edges, { app: 'shop', weights, why: () => controllers.at(-1)?.log() ?? '' });
}

it('is a version that differs', async () => {
  const [before, now] = await Promise.all(
    [old, ROOT].map(async (root) => (await run('ls', [join(root, 'lua', 'redis')])).stdout),
  );
  expect(before).not.toBe(now);
});

it('an old and a new edge follow the old controller, the new one, and the old one again', async () => {
  const first = await startController('old');
  await scaled(6);
  await underLoad(edges, HOST, async () => {
    const upgraded = await startController('new');
    await scaled(8);
    expect(await leads(first)).toBe(true);
    await first.kill('SIGTERM');
    await scaled(11);
    expect(await leads(upgraded)).toBe(true);

    const back = await startController('old');
    await upgraded.kill('SIGTERM');
    await scaled(5);
    expect(await leads(back)).toBe(true);
    await back.kill('SIGTERM');
  });
});

it('holds that the new controller wrote are obeyed by the old one, and the other way round', async () => {
  const drained = Object.fromEntries(ADDRESSES.map((ip) => [`${ip}:${port}`, 7]));
  const pin = { kind: 'pin', app: 'shop', cluster: 'east', weight: 14, why: 'interop' };
  for (const order of [
    ['new', 'old'],
    ['old', 'new'],
  ] as const) {
    const writer = await startController(order[0]);
    await scaled(6);
    const { status } = await writer.send('POST', '/api/v1/holds', { ...pin, id: order[0] });
    expect(status).toBe(201);
    await writer.kill('SIGTERM');
    const reader = await startController(order[1]);
    const why = (): string => reader.log();
    await until('it leads', () => leads(reader));
    cluster.scale('shop', 9);
    await untilHeld(edges, { app: 'shop', weights: drained, why });
    expect((await reader.send('DELETE', `/api/v1/holds/${order[0]}`)).status).toBe(200);
    await scaled(9);
    await reader.kill('SIGTERM');
  }
});

it('each edge restarts from what it has saved, whoever published it', async () => {
  const before = await Promise.all(edges.map((edge) => edge.state()));
  await redis.kill();
  for (const [index, edge] of edges.entries()) {
    await edge.restart('SIGQUIT');
    expect((await edge.state()).documents).toBe(before[index]?.documents);
  }
});
