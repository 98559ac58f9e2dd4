// A Debian of a test's own: a whole root file system, unpacked from one that is made once on a machine.
//
// In: the packages below. Out: a folder, and means to run programs in it as if it were the machine: by
// chroot, with /dev and /proc in a mount namespace of the program's own, on this machine's network.
// On failure: what mmdebstrap or the program said. Nothing is left, however the test ends.
// Needs root, and for the first time the machine's own Debian mirror.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../controlplane/build.ts';
import { startKeeper } from '../controlplane/keeper.ts';
import { until } from '../controlplane/until.ts';

const run = promisify(execFile);

/** What the tests of this folder ask of it: an edge's nginx, what Node is linked with, systemd. One root
 *  for all of them, because making it takes a minute. */
const PACKAGES = [
  ...['nginx', 'libnginx-mod-http-lua', 'lua-resty-core', 'lua-nginx-redis'],
  ...['libatomic1', 'libstdc++6', 'systemd', 'procps'],
];

export interface Said {
  readonly code: number;
  /** Both outputs. */
  readonly text: string;
}

export interface CleanRoot {
  readonly folder: string;
  /** A shell script inside; throws with its output where it fails. */
  sh(script: string): Promise<string>;
  /** The same, failing or not. */
  tried(script: string): Promise<Said>;
  /** A program of this machine that sees the folder's /dev and /proc: `rpm --root`. */
  beside(command: string, args: readonly string[]): Promise<Said>;
  /** Inside, and not waited for. */
  start(command: string, args: readonly string[]): ChildProcess;
  /** Ends one of `start` and waits for it. */
  stop(child: ChildProcess, signal?: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

export async function openCleanRoot(): Promise<CleanRoot> {
  if (process.getuid?.() !== 0) throw new Error('clean roots need root: chroot and mount');
  const archive = await archiveOf();
  const home = await mkdtemp(join(tmpdir(), 'ballast-root-'));
  const folder = join(home, 'root');
  const keeper = startKeeper(home);
  await mkdir(folder);
  await run('tar', ['-C', folder, '--numeric-owner', '-xf', archive]);

  const isolated = (command: string, args: readonly string[]): string[] => [
    '--mount',
    'sh',
    '-c',
    'mount --rbind /dev "$0/dev" && mount --rbind /proc "$0/proc" && exec "$@"',
    folder,
    command,
    ...args,
  ];
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/',
    LC_ALL: 'C',
    DEBIAN_FRONTEND: 'noninteractive',
  };

  async function beside(command: string, args: readonly string[]): Promise<Said> {
    const child = spawn('unshare', isolated(command, args), { env, stdio: 'pipe' });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (text += data.toString()));
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject).once('close', (ended) => resolve(ended ?? -1));
    });
    return { code, text };
  }

  const tried = (script: string): Promise<Said> => beside('chroot', [folder, 'sh', '-ec', script]);

  function start(command: string, args: readonly string[]): ChildProcess {
    const inside = isolated('chroot', [folder, command, ...args]);
    const child = spawn('unshare', inside, { env, stdio: 'ignore', detached: true });
    child.unref();
    if (child.pid !== undefined) keeper.add(-child.pid);
    return child;
  }

  async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    child.kill(signal);
    await until('it ends', () => child.exitCode !== null || child.signalCode !== null);
    if (child.pid !== undefined) keeper.drop(-child.pid);
  }

  return {
    folder,
    async sh(script) {
      const { code, text } = await tried(script);
      if (code !== 0) throw new Error(`${script}\nended with ${code}:\n${text.slice(-4000)}`);
      return text;
    },
    tried,
    beside,
    start,
    stop,
    async close() {
      await rm(home, { recursive: true, force: true, maxRetries: 10 });
      keeper.close();
    },
  };
}

/** Made once, aside and renamed, from the sources that this machine's apt has. */
async function archiveOf(): Promise<string> {
  const { stdout } = await run('sh', ['-c', '. /etc/os-release; echo "$VERSION_CODENAME"']);
  const suite = stdout.trim();
  const key = createHash('sha256').update(JSON.stringify([suite, process.arch, PACKAGES]));
  const cache = join(dirname(cacheFolder()), 'deploy');
  const archive = join(cache, `root-${key.digest('hex').slice(0, 16)}.tar`);
  if (existsSync(archive)) return archive;
  await mkdir(cache, { recursive: true });
  const aside = await mkdtemp(join(cache, 'making-'));
  console.log(`a Debian with ${PACKAGES.join(', ')} is being made (once on a machine)`);
  try {
    const made = join(aside, 'root.tar');
    const args = ['--quiet', '--variant=minbase', '--mode=root', `--include=${PACKAGES.join(',')}`];
    await run('mmdebstrap', [...args, suite, made, ...sources()], { maxBuffer: 1 << 26 });
    await rename(made, archive);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return archive;
}

function sources(): string[] {
  const folder = '/etc/apt/sources.list.d';
  const more = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return ['/etc/apt/sources.list', ...more].filter(
    (file) => existsSync(file) && /\.(list|sources)$/.test(file),
  );
}
