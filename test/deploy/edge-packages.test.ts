// The edge's packages, installed on a Debian beside a site of its user's: built, installed, served by,
// upgraded, refused to go, removed.
import { execFile, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';
import { bodyOf, startLedRedis, type LedRedis } from '../lua/leader.ts';
import { openCleanRoot, type CleanRoot, type Said } from './clean-root.ts';

const run = promisify(execFile);
const BUILD = join(import.meta.dirname, '..', '..', 'deploy', 'packages', 'build.sh');

/** Packages of both kinds, by version. */
async function build(folder: string, version: string): Promise<{ deb: string; rpm: string }> {
  const env = { ...process.env, BALLAST_PACKAGE_VERSION: version };
  const { stdout } = await run('sh', [BUILD, folder], { env });
  const [deb = '', rpm = ''] = stdout.trim().split('\n');
  return { deb, rpm };
}

const digest = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

let folder: string;
let root: CleanRoot;
let first: { deb: string; rpm: string };
let second: { deb: string; rpm: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-packages-'));
  first = await build(join(folder, 'first'), '0.0.1');
  second = await build(join(folder, 'second'), '0.0.2');
  root = await openCleanRoot();
  for (const file of [first.deb, second.deb])
    await copyFile(file, join(root.folder, 'srv', basename(file)));
  await root.sh('rm -f /etc/nginx/sites-enabled/default');
});

afterAll(async () => {
  await root?.close();
  await rm(folder, { recursive: true, force: true });
});

const PLACES =
  /^\/?(etc\/ballast|usr\/share\/ballast|usr\/share\/doc\/ballast-edge|var\/lib\/ballast)/;

describe('the packages', () => {
  it('are the same bytes from the same files', async () => {
    const again = await build(join(folder, 'again'), '0.0.1');
    expect(await digest(again.deb)).toBe(await digest(first.deb));
    expect(await digest(again.rpm)).toBe(await digest(first.rpm));
  });

  it('of what comes before a release are older than the release', async () => {
    const early = await build(join(folder, 'early'), '0.0.2-rc.1');
    const debOf = (file: string): Promise<{ stdout: string }> =>
      run('dpkg-deb', ['--field', file, 'Version']);
    const [{ stdout: a }, { stdout: b }] = await Promise.all([debOf(early.deb), debOf(second.deb)]);
    await run('dpkg', ['--compare-versions', a.trim(), 'lt', b.trim()]);
    const { stdout } = await run('rpm', ['-qp', '--queryformat', '%{VERSION}', early.rpm]);
    expect(stdout).toBe('0.0.2~rc.1');
  });

  it('hold the Lua files, two includes, the licence, an empty state folder, and nothing else', async () => {
    const deb = await run('sh', ['-c', 'dpkg-deb --fsys-tarfile "$0" | tar -t', first.deb]);
    const rpm = await run('rpm', ['-qlp', first.rpm]);
    const inDeb = deb.stdout.split('\n').filter((line) => line !== '' && !line.endsWith('/'));
    const files = inDeb.map((line) => line.slice(1)).sort();
    const inRpm = rpm.stdout.trim().split('\n');
    expect(inRpm.filter((line) => !PLACES.test(line))).toEqual([]);
    expect(files.filter((line) => !inRpm.includes(line))).toEqual([]);
    expect(files.filter((line) => !line.startsWith('/usr/share/ballast/lua/'))).toEqual([
      '/etc/ballast/ballast-control.conf',
      '/etc/ballast/ballast-http.conf',
      '/usr/share/doc/ballast-edge/copyright',
    ]);
    const { stdout } = await run('git', ['ls-files', 'lua'], { cwd: join(BUILD, '../../..') });
    const lua = files.filter((line) => line.startsWith('/usr/share/ballast/lua/'));
    expect(lua).toEqual(
      stdout
        .trim()
        .split('\n')
        .map((file) => `/usr/share/ballast/${file}`)
        .sort(),
    );
  });
});

interface Kind {
  install(root: CleanRoot, file: string): Promise<Said>;
  upgrade(root: CleanRoot, file: string): Promise<Said>;
  downgrade(root: CleanRoot, file: string): Promise<Said>;
  remove(root: CleanRoot): Promise<Said>;
  /** What is there still, by the package manager's word. */
  version(root: CleanRoot): Promise<string>;
}

const dpkg = (root: CleanRoot, file: string, more = ''): Promise<Said> =>
  root.tried(`apt-get install -y --no-install-recommends ${more} /srv/${basename(file)}`);

// Debian's dependencies are no rpm's, so these are not asked for.
const rpm = (root: CleanRoot, ...args: string[]): Promise<Said> =>
  root.beside('rpm', ['--root', root.folder, '--dbpath', '/var/lib/rpm', ...args]);

const KINDS: Readonly<Record<'deb' | 'rpm', Kind>> = {
  deb: {
    install: dpkg,
    upgrade: dpkg,
    downgrade: (root, file) => dpkg(root, file, '--allow-downgrades'),
    remove: (root) => root.tried('dpkg --purge ballast-edge'),
    version: (root) => root.sh("dpkg-query -W -f '${Version}' ballast-edge"),
  },
  rpm: {
    install: (root, file) => rpm(root, '--nodeps', '-i', file),
    upgrade: (root, file) => rpm(root, '--nodeps', '-U', file),
    downgrade: (root, file) => rpm(root, '--nodeps', '-U', '--oldpackage', file),
    remove: (root) => rpm(root, '-e', 'ballast-edge'),
    version: async (root) => (await rpm(root, '-q', '--qf', '%{VERSION}', 'ballast-edge')).text,
  },
};

describe.each(['deb', 'rpm'] as const)('the .%s', (name) => {
  const kind = KINDS[name];
  let nginx: ChildProcess | undefined;
  let led: LedRedis;
  let server: Server;
  let own = 0;
  let apps = 0;
  let control = 0;
  let before: string;

  const mine = async (): Promise<string> => (await fetch(`http://127.0.0.1:${own}/`)).text();
  // A connection for each: one that is kept may be closed by a reload just when it is used again.
  const shop = async (): Promise<string> =>
    (await request(`http://127.0.0.1:${apps}/`, { reset: true })).body.text();
  // Every file of nginx's, with its content: what is not to change.
  const settings = (): Promise<string> =>
    root.sh('find /etc/nginx /usr/share/nginx -type f -exec sha256sum {} + | sort -k 2');
  const write = (path: string, text: string): Promise<void> =>
    writeFile(join(root.folder, path), text);
  const site = (more: string): string => `${more}
server {
  listen 127.0.0.1:${own};
  location / { return 200 "my own site"; }
}`;
  const reload = async (): Promise<void> => {
    await root.sh('nginx -t');
    nginx?.kill('SIGHUP');
  };

  beforeAll(async () => {
    [own = 0, apps = 0, control = 0] = await freePorts(3);
    await write('etc/nginx/sites-enabled/mine', site(''));
    led = await startLedRedis();
    server = createServer((_, answer) => answer.end('from a server of shop'));
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    nginx = root.start('nginx', ['-g', 'daemon off;']);
    await until('my own site is served', async () => (await mine()) === 'my own site');
    before = await settings();
  });

  afterAll(async () => {
    if (nginx) await root.stop(nginx, 'SIGQUIT');
    server?.close();
    await led?.close();
    // The next kind finds the machine as the first one did.
    await rm(join(root.folder, 'etc', 'ballast'), { recursive: true, force: true });
  });

  it('changes nothing of nginx when it is installed', async () => {
    const { code, text } = await kind.install(root, first[name]);
    expect([code, text]).toEqual([0, expect.stringContaining('nothing of nginx has changed')]);
    expect(await settings()).toBe(before);
    await root.sh('nginx -t');
    await reload();
    expect(await mine()).toBe('my own site');
    expect((await root.sh('stat -c "%U %a" /var/lib/ballast')).trim()).toBe('www-data 750');
  });

  it('serves an app beside the site that was there', async () => {
    const edge = { name: 'edge-1', environment: 'test', redis: { url: led.redis.url } };
    await write('etc/ballast/edge.json', JSON.stringify({ ...edge, stateDir: '/var/lib/ballast' }));
    // The one change that this machine asks for: a port that is free here.
    const endpoint = join(root.folder, 'etc/ballast/ballast-control.conf');
    const text = await readFile(endpoint, 'utf8');
    await writeFile(endpoint, text.replace('127.0.0.1:9145', `127.0.0.1:${control}`));
    const includes =
      'include /etc/ballast/ballast-http.conf;\ninclude /etc/ballast/ballast-control.conf;';
    await write(
      'etc/nginx/sites-enabled/mine',
      site(`${includes}
server {
  listen 127.0.0.1:${apps};
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  location / { set $ballast_app shop; proxy_pass http://ballast; }
}`),
    );
    await reload();
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await led.leader.commit({ shop: bodyOf('shop', { [address]: 10 }) });
    await until('shop is served', async () => (await shop()) === 'from a server of shop');
    expect(await mine()).toBe('my own site');
    await until('it is saved', () =>
      root.sh('ls /var/lib/ballast').then((ls) => ls.includes('snapshot')),
    );
  });

  it('starts by itself from what it has saved', async () => {
    if (nginx) await root.stop(nginx, 'SIGQUIT');
    await led.redis.kill();
    nginx = root.start('nginx', ['-g', 'daemon off;']);
    await until('my own site is served', async () => (await mine()) === 'my own site');
    expect(await shop()).toBe('from a server of shop');
    await led.redis.restart();
  });

  it.each([
    ['is upgraded', 'upgrade', '0.0.2'],
    ['goes back', 'downgrade', '0.0.1'],
    ['is upgraded again', 'upgrade', '0.0.2'],
  ] as const)('%s under load, and keeps what was changed in its files', async (_, how, version) => {
    const seen = new Set<string>();
    let ended = false;
    const load = (async () => {
      while (!ended) seen.add(await shop());
    })();
    const file = (version === '0.0.1' ? first : second)[name];
    const { code, text } = await kind[how](root, file);
    expect([code, text]).toEqual([0, expect.stringContaining('nginx -t && nginx -s reload')]);
    await reload();
    await until('the new workers answer', async () => {
      const reply = await fetch(`http://127.0.0.1:${control}/v1/state`);
      return reply.status === 200;
    });
    ended = true;
    await load;
    expect([...seen]).toEqual(['from a server of shop']);
    expect(await kind.version(root)).toBe(version);
    expect(await readFile(join(root.folder, 'etc/ballast/ballast-control.conf'), 'utf8')).toContain(
      `127.0.0.1:${control}`,
    );
  });

  it('does not go while nginx would not start without it', async () => {
    const { code, text } = await kind.remove(root);
    expect([code === 0, text]).toEqual([false, expect.stringContaining('Take the includes out')]);
    expect(await kind.version(root)).toBe('0.0.2');
    await reload();
    expect(await shop()).toBe('from a server of shop');
  });

  it('leaves the machine as it was', async () => {
    await write('etc/nginx/sites-enabled/mine', site(''));
    await reload();
    await until('apps are not served', () =>
      shop().then(
        () => false,
        () => true,
      ),
    );
    const { code, text } = await kind.remove(root);
    expect([code, text]).toEqual([0, expect.any(String)]);
    expect(await settings()).toBe(before);
    // A person's own file is a person's.
    const left = await root.sh(
      'find / -xdev -path "*ballast*" -not -path "/srv/*" -not -path "/proc/*"',
    );
    const theirs = left
      .split('\n')
      .filter((line) => line !== '' && !line.includes('/var/lib/dpkg'));
    expect(theirs.filter((line) => !line.endsWith('.rpmsave')).sort()).toEqual([
      '/etc/ballast',
      '/etc/ballast/edge.json',
    ]);
    await reload();
    expect(await mine()).toBe('my own site');
  });
});
