// README's "Two clusters and an edge", carried out on two real control planes: a program of its own,
// because it runs in a network namespace where Redis, nginx and the API may have their usual ports.
// Prints what the commands print.
//
// In: README; the control plane's binaries, built already, for there is no way out of the namespace.
// Out: exit code 0, and the output. On failure: the command that failed, with what it said.
import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { build } from '../controlplane/build.ts';
import { type ControlPlane, startCluster } from '../controlplane/cluster.ts';
import { startKeeper } from '../controlplane/keeper.ts';
import { app, ingressClass, ingressController, namespace, node } from '../controlplane/objects.ts';
import { until } from '../controlplane/until.ts';
import { startRedis } from '../lua/redis.ts';
import { IngressFleet } from '../simulated/ingress-node.ts';
import { openCleanRoot } from './clean-root.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);
const PODS = { east: 6, west: 2 } as const;
const HOST = 'shop.example.com';

const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
const section = readme.split('\n## Two clusters and an edge\n')[1]?.split('\n## ')[0] ?? '';
const blocks = [...section.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(
  ([, kind = '', text = '']) => ({
    kind,
    text,
  }),
);
const only = (kind: string): string => blocks.find((block) => block.kind === kind)?.text ?? '';
const [rights = '', install = '', start = '', use = ''] = blocks
  .filter(({ kind }) => kind === 'sh')
  .map(({ text }) => text);

const folder = await mkdtemp(join(tmpdir(), 'ballast-first-'));
const keeper = startKeeper(folder);
const redis = await startRedis({ port: 6379 });
const CHECKOUT = ['deploy', 'src', 'lua', 'nginx', 'package.json', 'LICENSE', 'node_modules'];
for (const name of [...CHECKOUT, 'package-lock.json'])
  await symlink(join(ROOT, name), join(folder, name));

const closing: (() => Promise<unknown>)[] = [];

/** As a platform team has it: the app behind a Service and an Ingress, and who may do everything. */
async function startGiven(name: keyof typeof PODS, address: string): Promise<ControlPlane> {
  const plane = await startCluster({ name });
  closing.push(() => plane.close());
  await plane.admin.create(node({ name: `${name}-1`, address, ingress: true }));
  const shop = { name: 'shop', namespace: 'prod', replicas: PODS[name], host: HOST };
  const objects = [namespace('prod'), ingressClass(), ...ingressController(), ...app(shop)];
  await plane.admin.apply(...objects);
  await copyFile(plane.adminKubeconfig, join(folder, `${name}-admin.kubeconfig`));
  const api = { url: plane.url, ca: plane.ca, token: plane.adminToken };
  const standIn = new IngressFleet({ cluster: name, api, port: 30080 });
  closing.push(() => standIn.close());
  await standIn.start();
  await until(`the ingress node of ${name} listens`, () => standIn.nodes()[0]?.state === 'open');
  return plane;
}

/** What was made may watch and nothing else; running it again changes nothing but the token. */
async function expectReader(env: NodeJS.ProcessEnv): Promise<void> {
  const kubectl = async (...args: string[]): Promise<string> =>
    (await run('kubectl', ['--kubeconfig', 'east.kubeconfig', ...args], { cwd: folder, env }))
      .stdout;
  const may = (...what: string[]): Promise<string> =>
    kubectl('auth', 'can-i', ...what).catch((error: { stdout: string }) => error.stdout);
  const asked = [
    await may('watch', 'nodes'),
    await may('list', 'services', '-A'),
    await may('get', 'secrets', '-A'),
    await may('delete', 'pods', '-A'),
  ];
  const { users, contexts } = parse(await readFile(join(folder, 'east.kubeconfig'), 'utf8')) as {
    users: { name: string }[];
    contexts: unknown[];
  };
  await run('sh', ['-ec', rights], { cwd: folder, env });
  console.log(`rights: ${asked.map((word) => word.trim()).join(' ')}`);
  console.log(`users: ${users.map(({ name }) => name).join(' ')} of ${contexts.length}`);
}

const debian = await openCleanRoot();
try {
  const [east] = await Promise.all([
    startGiven('east', '127.9.1.1'),
    startGiven('west', '127.9.2.1'),
  ]);
  const { kubectl } = await build(['kubectl']);
  const env = { PATH: `${kubectl}:${process.env['PATH'] ?? ''}`, HOME: folder };
  await run('sh', ['-ec', rights], { cwd: folder, env });
  // The machine of the edge is a clean Debian: what is built here is installed there.
  const [packaging = '', apt = ''] = install.trim().split('\n');
  await run('sh', ['-ec', packaging], { cwd: folder });
  const { stdout: deb } = await run('sh', ['-c', 'ls dist/*.deb'], { cwd: folder });
  await debian.sh('mkdir -p /srv/dist');
  await copyFile(join(folder, deb.trim()), join(debian.folder, 'srv/dist', basename(deb.trim())));
  await debian.sh(`cd /srv && ${apt.replace('install', 'install -y')}`);
  const nginx = debian.start('nginx', ['-g', 'daemon off;']);
  await writeFile(join(debian.folder, 'etc/ballast/edge.json'), only('json'));
  await writeFile(join(debian.folder, 'etc/nginx/conf.d/ballast.conf'), only('nginx'));
  await until('nginx runs', () => debian.sh('test -s /run/nginx.pid').then(() => true));
  const told = /then `(nginx -t && [^`]*)`/.exec(section)?.[1] ?? 'false';
  await debian.sh(told);

  await writeFile(join(folder, 'ballast.yaml'), only('yaml'));
  // Both blocks are typed into one shell.
  const [ballast = ''] = start.split('\n');
  const controller = spawn('bash', ['-ec', `${start}wait`], {
    cwd: folder,
    env,
    stdio: 'pipe',
    detached: true,
  });
  if (controller.pid !== undefined) keeper.add(-controller.pid);
  let log = '';
  for (const stream of [controller.stdout, controller.stderr])
    stream.on('data', (data: Buffer) => (log += data.toString()));
  await until('it says that it is ready', () => {
    if (controller.exitCode !== null) throw new Error(log);
    return log.includes('"msg":"ready"');
  });
  // A person takes longer than this to type the next line.
  await until('both clusters are published', async () => {
    const { servers } = (await (
      await fetch('http://127.0.0.1:8080/api/v1/upstreams/shop')
    ).json()) as { servers?: unknown[] };
    return servers?.length === 2;
  });
  const said = await run('bash', ['-exc', `${ballast}\n${use}`], { cwd: folder, env });
  console.log(log.split('\n').slice(0, 8).join('\n'));
  console.log(said.stdout);
  await expectReader(env);
  // It follows: the last command once more, after a change that nobody tells it of.
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' };
  await east.admin.scale({ ...deployment, metadata: { name: 'shop', namespace: 'prod' } }, 9);
  const explain = ['-ec', `${ballast}\nballast app explain shop`];
  const after = await until('the change is published', async () => {
    const { stdout } = await run('bash', explain, { cwd: folder, env });
    return stdout.includes('9 pods * 10') ? stdout : undefined;
  });
  console.log(`after a change:\n${after}`);
  if (controller.pid !== undefined) process.kill(-controller.pid, 'SIGTERM');
  await until('it ends', () => controller.exitCode !== null || controller.signalCode !== null);
  await debian.stop(nginx, 'SIGQUIT');
} finally {
  for (const close of closing.toReversed()) await close();
  await redis.close();
  await debian.close();
  await rm(folder, { recursive: true, force: true });
  keeper.close();
}
