// The bundle, far from this checkout and its packages: the controller runs from it, and every command.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { startRedis, type TestRedis } from '../lua/redis.ts';
import { until } from '../controlplane/until.ts';
import { SimulatedCluster } from '../simulated/cluster.ts';

const run = promisify(execFile);
const BUNDLER = join(import.meta.dirname, '..', '..', 'deploy', 'image', 'bundle.mjs');

let folder: string;
let main: string;

/** Nothing of ours in the environment: no PATH to other programs, no home, no packages. */
const bare = { env: {} };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-bundle-'));
  await run(process.execPath, [BUNDLER, join(folder, 'ballast')]);
  main = join(folder, 'ballast', 'lib', 'ballast', 'main.mjs');
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

async function sizeOf(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = files.map(async (file) => (await stat(join(file.parentPath, file.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

describe('the bundle', () => {
  it('is small, and has the licences of what is in it', async () => {
    const size = await sizeOf(join(folder, 'ballast'));
    console.log(`bundle: ${(size / 1e6).toFixed(1)} MB`);
    expect(size).toBeLessThan(8e6);
    const licences = await readFile(join(folder, 'ballast', 'THIRD-PARTY'), 'utf8');
    for (const name of ['@kubernetes/client-node', 'fastify', 'ioredis'])
      expect(licences).toMatch(new RegExp(`^${name} \\d`, 'm'));
  });

  it('says which one it is', async () => {
    const { stdout } = await run(process.execPath, [main, 'version'], bare);
    expect(stdout).toBe(`ballast 0.1.0, Node ${process.version}\n`);
  });

  it('says what it does not have', async () => {
    const failed = await run(process.execPath, [main], bare).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('ballast run') });
  });

  it('makes no bundle where something is', async () => {
    const failed = await run(process.execPath, [BUNDLER, folder]).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 1, stderr: `bundle: ${folder} is not empty\n` });
  });
});

describe('the controller from the bundle', () => {
  let redis: TestRedis;
  let cluster: SimulatedCluster;
  let child: ReturnType<typeof spawn> | undefined;
  let url = '';
  let log = '';

  const get = async (path: string): Promise<{ status: number; text: string }> => {
    const reply = await fetch(`${url}${path}`);
    return { status: reply.status, text: await reply.text() };
  };

  beforeAll(async () => {
    redis = await startRedis();
    cluster = new SimulatedCluster({ name: 'east' });
    await cluster.start();
    cluster.setIngressNode({ name: 'east-1', address: '127.9.1.1' });
    cluster.setApp({ name: 'shop', namespace: 'prod', pods: 3, hosts: ['shop.example.com'] });
    await writeFile(join(folder, 'east.kubeconfig'), cluster.api.kubeconfig());
    const config = {
      environment: 'bundle',
      redis: { url: redis.url },
      clusters: [
        {
          name: 'east',
          kubeconfig: { path: 'east.kubeconfig' },
          ingress: { nodes: 'ingress=true', port: 80 },
        },
      ],
      apps: { discover: { services: 'ballast.io/app' } },
      api: { listen: '127.0.0.1:0', loopback: 'admin' },
    };
    await writeFile(join(folder, 'ballast.yaml'), stringify(config));
    const began = performance.now();
    child = spawn(process.execPath, [main, 'run', '--config', join(folder, 'ballast.yaml')], {
      ...bare,
      cwd: folder,
      stdio: 'pipe',
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data: Buffer) => (log += data.toString()));
    url = await until('it listens', () => {
      if (child?.exitCode !== null) throw new Error(log);
      return /"url":"([^"]+)"/.exec(log)?.[1];
    });
    console.log(`bundle: listens after ${(performance.now() - began).toFixed(0)} ms`);
  });

  afterAll(async () => {
    if (child && child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await cluster?.stop();
    await redis?.close();
  });

  it('weighs a cluster and commits to Redis', async () => {
    await until('it is ready', async () => (await get('/readyz')).status === 200);
    const upstream = await until('shop is published', async () => {
      const { status, text } = await get('/api/v1/upstreams/shop');
      return status === 200 ? (JSON.parse(text) as { readonly servers: unknown }) : undefined;
    });
    expect(upstream.servers).toEqual([{ address: '127.9.1.1:80', from: 'east', weight: 30 }]);
  });

  it.each(['/livez', '/metrics', '/api/v1/openapi.json', '/api/v1/docs', '/api/v1/history'])(
    'answers %s',
    async (path) => {
      expect((await get(path)).status).toBe(200);
    },
  );

  it('has the page, with all that it loads', async () => {
    const page = await get('/');
    const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
    expect(loaded.length).toBeGreaterThan(1);
    for (const path of loaded) {
      const { pathname } = new URL(path, `${url}/`);
      expect([path, (await get(pathname)).status]).toEqual([path, 200]);
    }
  });

  it('is asked and checked by its commands', async () => {
    const env = { env: { BALLAST_SERVER: url } };
    const { stdout } = await run(process.execPath, [main, 'app', 'explain', 'shop'], env);
    expect(stdout).toContain('3 pods');
    const config = join(folder, 'ballast.yaml');
    // Nothing listens at the ingress node: found out by connecting, as all of this is.
    const check = (await run(
      process.execPath,
      [main, 'check', '--config', config, '-o', 'json'],
      bare,
    ).catch((error: unknown) => error)) as { readonly stdout: string };
    const { items } = JSON.parse(check.stdout) as { items: { readonly code: string }[] };
    expect(items.map(({ code }) => code)).toEqual(['ingress-node-unreachable']);
  });

  it('ends by SIGTERM, with nothing said that nobody expected', async () => {
    child?.kill('SIGTERM');
    const [code] = (await once(child as NonNullable<typeof child>, 'exit')) as [number];
    expect(code).toBe(0);
    expect(log).not.toMatch(/"level":[56]0|Warning/);
  });
});
