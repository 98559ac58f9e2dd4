// The image: its Dockerfile carried out in a clean Debian (no base image can be pulled here), then run as
// a container runs it: as nobody, on a root that nobody can write, with nothing else in it.
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { startKeeper, type Keeper } from '../controlplane/keeper.ts';
import { until } from '../controlplane/until.ts';
import { startRedis, type TestRedis } from '../lua/redis.ts';
import { SimulatedCluster } from '../simulated/cluster.ts';
import { openCleanRoot, type CleanRoot } from './clean-root.ts';
import { carryOut, type Image } from './dockerfile.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DOCKERFILE = join(ROOT, 'deploy', 'image', 'Dockerfile');

let home: string;
let debian: CleanRoot;
let image: Image;
let text: string;

/** As `node:26-bookworm-slim`: Debian, Node, and the library that this Node asks for. */
async function nodeBase(): Promise<string> {
  debian = await openCleanRoot();
  await copyFile(process.execPath, join(debian.folder, 'usr/local/bin/node'));
  return debian.folder;
}

/** Packages come by this machine's npm, whatever registry and authority it has; the rest runs inside. */
async function shell(folder: string, script: string): Promise<void> {
  const [, workdir = '', install] = /^cd (\S+) && (npm ci .*)$/.exec(script) ?? [];
  if (install === undefined) await debian.sh(script);
  else await promisify(execFile)('sh', ['-c', install], { cwd: join(folder, workdir) });
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'ballast-image-'));
  await chmod(home, 0o711);
  text = await readFile(DOCKERFILE, 'utf8');
  image = await carryOut(text, {
    context: ROOT,
    async base(name) {
      if (name.startsWith('node:')) return nodeBase();
      expect(name).toBe('scratch');
      await mkdir(join(home, 'image'));
      return join(home, 'image');
    },
    shell,
  });
});

afterAll(async () => {
  await debian?.close();
  await rm(home, { recursive: true, force: true });
});

it('is of the Node that the tests run on', () => {
  expect(text).toContain(`FROM node:${process.versions.node.split('.')[0]}-`);
});

it('has Node, its libraries, the bundle, and no shell', async () => {
  const entries = await readdir(image.folder, { recursive: true, withFileTypes: true });
  const programs = entries.filter((entry) => entry.isFile() && /\/s?bin$/.test(entry.parentPath));
  expect(programs.map(({ name }) => name)).toEqual(['node']);
  const tops = await readdir(image.folder);
  expect(tops.filter((name) => !/^lib(64)?$/.test(name)).sort()).toEqual(['etc', 'opt', 'usr']);
  expect(await readdir(join(image.folder, 'opt/ballast'))).toContain('THIRD-PARTY');
  const size = execFileSync('du', ['-sm', image.folder], { encoding: 'utf8' }).split('\t')[0];
  console.log(`image: ${size} MB`);
});

it('takes from the checkout only what .dockerignore lets in', async () => {
  const ignore = await readFile(`${DOCKERFILE}.dockerignore`, 'utf8');
  const let_in = ignore.split('\n').filter((line) => line.startsWith('!'));
  const copied = [...text.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap((match) =>
    (match[1] ?? '').split(' '),
  );
  expect(let_in.map((line) => line.slice(1)).sort()).toEqual(copied.sort());
});

it('its unit for a VM is one that systemd takes, and leaves little open', async () => {
  const unit = await readFile(join(ROOT, 'deploy', 'systemd', 'ballast.service'), 'utf8');
  const users = await readFile(join(ROOT, 'deploy', 'systemd', 'ballast.sysusers'), 'utf8');
  await mkdir(join(debian.folder, 'etc/systemd/system'), { recursive: true });
  await writeFile(join(debian.folder, 'etc/systemd/system/ballast.service'), unit);
  // Where README says: systemd-sysusers passes over files of another ending.
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const place = /`deploy\/systemd\/ballast\.sysusers` as `([^`]+)`/.exec(readme)?.[1] ?? '';
  await mkdir(dirname(join(debian.folder, place)), { recursive: true });
  await writeFile(join(debian.folder, place), users);
  await debian.sh(
    'ln -sf /image/usr/bin/node /usr/bin/node; ln -sfn /image/opt/ballast /opt/ballast',
  );
  expect(await debian.sh('systemd-sysusers; id -un ballast')).toContain('ballast');
  const { code, text: faults } = await debian.tried('systemd-analyze verify ballast.service');
  expect([code, faults]).toEqual([0, '']);
  const start = /^ExecStart=(\S+) (\S+)/m.exec(unit);
  await debian.sh(`test -x ${start?.[1]} && test -r ${start?.[2]}`);
  await debian.sh('systemd-analyze security --offline=true --threshold=15 ballast.service');
});

let keeper: Keeper;
let redis: TestRedis;
let cluster: SimulatedCluster;
let child: ChildProcess;

it('runs as nobody on a root that cannot be written', async () => {
  keeper = startKeeper('');
  redis = await startRedis();
  cluster = new SimulatedCluster({ name: 'east' });
  try {
    await cluster.start();
    cluster.setIngressNode({ name: 'east-1', address: '127.9.2.1' });
    cluster.setApp({ name: 'shop', pods: 3, hosts: ['shop.example.com'] });
    const etc = join(image.folder, 'etc/ballast');
    await writeFile(join(etc, 'east.kubeconfig'), cluster.api.kubeconfig());
    const ingress = { nodes: 'ingress=true', port: 80 };
    const config = {
      environment: 'image',
      redis: { url: redis.url },
      clusters: [{ name: 'east', kubeconfig: { path: 'east.kubeconfig' }, ingress }],
      apps: { discover: { services: 'ballast.io/app' } },
      api: { listen: '127.0.0.1:0', loopback: 'admin' },
    };
    await writeFile(join(etc, 'ballast.yaml'), stringify(config));
    let log = '';
    const script =
      'user=$1; shift; mount --rbind "$0" "$0" && mount -o remount,bind,ro "$0" && exec chroot --userspec="$user" --groups= "$0" "$@"';
    const args = [image.folder, image.user, ...image.entrypoint, ...image.cmd];
    child = spawn('unshare', ['--mount', 'sh', '-c', script, ...args], {
      env: image.env,
      stdio: 'pipe',
    });
    const began = performance.now();
    if (child.pid !== undefined) keeper.add(child.pid);
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data: Buffer) => (log += data.toString()));
    const url = await until('it listens', () => {
      if (child.exitCode !== null) throw new Error(log);
      return /"url":"([^"]+)"/.exec(log)?.[1];
    });
    console.log(`image: listens after ${(performance.now() - began).toFixed(0)} ms`);
    await until('shop is published', async () => {
      const reply = await fetch(`${url}/api/v1/upstreams/shop`);
      return reply.status === 200 && (await reply.text()).includes('"weight":30');
    });
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
    console.log(`image: ${Math.round(Number(kilobytes) / 1000)} MB of memory with one app`);
    expect(/^Uid:\s+(.*)$/m.exec(status)?.[1]).toBe('65532\t65532\t65532\t65532');
    expect(/^Groups:(.*)$/m.exec(status)?.[1]?.trim()).toBe('');
    const mounts = await readFile(`/proc/${child.pid}/mountinfo`, 'utf8');
    const root = mounts.split('\n').find((line) => line.split(' ')[4] === '/');
    expect(root?.split(' ')[5]?.split(',')[0]).toBe('ro');
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
  } finally {
    child?.kill('SIGKILL');
    keeper.close();
    await cluster.stop();
    await redis.close();
  }
});
