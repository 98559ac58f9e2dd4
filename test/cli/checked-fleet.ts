// A fleet on which `ballast check` finds nothing, and the check as a user runs it: a simulated cluster,
// something that listens where its ingress nodes are, a real Redis, a real edge with tokens.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { findFreePort, listenAt } from '../controlplane/ports.ts';
import { startEdge, type TestEdge } from '../lua/edge.ts';
import { startRedis, type TestRedis } from '../lua/redis.ts';
import { SimulatedCluster } from '../simulated/cluster.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface CheckedFleet {
  readonly folder: string;
  readonly east: SimulatedCluster;
  readonly redis: TestRedis;
  readonly edge: TestEdge;
  /** Good as it is; a test changes its copy. */
  config(): FleetConfig;
  /** Nothing listens on the node any more; the answer undoes it. */
  mute(node: 1 | 2): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export interface FleetConfig {
  environment: string;
  redis: { url: string };
  clusters: {
    name: string;
    kubeconfig: { path: string };
    namespaces?: string[];
    ingress: Record<string, unknown>;
  }[];
  apps: { discover?: { services: string }; list?: object[] };
  vms?: object;
  edges: { name: string; control: string; token?: { file: string } }[];
}

const TOKENS = { read: 'r'.repeat(32), push: 'p'.repeat(32) };

export async function startCheckedFleet(subnet: number): Promise<CheckedFleet> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-check-'));
  const addresses = [`127.${subnet}.1.1`, `127.${subnet}.1.2`] as const;
  const port = await findFreePort(addresses);
  const open = async (address: string): Promise<() => Promise<void>> => {
    const server = createServer((socket) => socket.destroy());
    await listenAt(server, port, address);
    return async () => {
      server.close();
      await once(server, 'close');
    };
  };
  const listeners = await Promise.all(addresses.map(open));
  const east = await new SimulatedCluster({ name: 'east' }).start();
  east.setIngressNode({ name: 'east-1', address: addresses[0] });
  east.setIngressNode({ name: 'east-2', address: addresses[1] });
  east.setApp({ name: 'shop', pods: 2, hosts: ['shop.example.com'], ingress: true });
  await writeFile(join(folder, 'east.kubeconfig'), east.api.kubeconfig());
  await writeFile(join(folder, 'push.token'), `${TOKENS.push}\n`);
  await writeFile(join(folder, 'read.token'), `${TOKENS.read}\n`);
  const redis = await startRedis();
  const edge = await startEdge({
    name: 'edge-1',
    environment: 'checked',
    redisUrl: redis.url,
    tokens: TOKENS,
  });
  return {
    folder,
    east,
    redis,
    edge,
    config: () => ({
      environment: 'checked',
      redis: { url: redis.url },
      clusters: [
        {
          name: 'east',
          kubeconfig: { path: 'east.kubeconfig' },
          ingress: {
            nodes: 'ingress=true',
            pods: { namespace: 'ingress', selector: 'app=ingress' },
            port,
          },
        },
      ],
      apps: { discover: { services: 'ballast.io/app' } },
      edges: [{ name: edge.name, control: edge.control, token: { file: 'push.token' } }],
    }),
    async mute(node) {
      await listeners[node - 1]?.();
      return async () => {
        listeners[node - 1] = await open(addresses[node - 1] ?? '');
      };
    },
    async close() {
      for (const end of listeners) await end();
      await edge.close();
      await redis.close();
      await east.stop();
      await rm(folder, { recursive: true });
    },
  };
}

export interface Checked {
  readonly code: number | null;
  readonly text: string;
  readonly errors: string;
}

/** `ballast check` with this configuration, and whatever else stands behind it. */
export async function runCheck(
  folder: string,
  config: object,
  options: readonly string[] = [],
): Promise<Checked> {
  const file = join(folder, 'ballast.yaml');
  await writeFile(file, stringify(config));
  const child = spawn(process.execPath, [MAIN, 'check', '--config', file, ...options], {
    stdio: 'pipe',
  });
  let text = '';
  let errors = '';
  child.stdout.on('data', (data: Buffer) => (text += data.toString()));
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text, errors };
}
