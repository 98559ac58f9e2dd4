import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesIn } from '../lint/files.ts';
import { type Checkout, ended, makeCheckout } from './checkout.ts';

const root = join(import.meta.dirname, '..', '..');

// Plain JavaScript without declarations, because the set-up runs before TypeScript is there.
const part = (name: string): Promise<unknown> => import(join(root, 'deploy', 'setup', name));
const { holdLock } = (await part('lock.mjs')) as {
  readonly holdLock: (path: string, options?: { patienceMs: number }) => Promise<() => void>;
};
const { findCommand } = (await part('programs.mjs')) as {
  readonly findCommand: (name: string, path: string) => string | undefined;
};

let checkout: Checkout;

beforeEach(() => {
  checkout = makeCheckout();
});

afterEach(() => checkout.remove());

const SILENT = { code: 0, out: '', err: '' };

/** npm ci as it is seen from outside: slow, and node_modules fits afterwards. */
const NPM = `
echo "$@" >> "$HOME/npm-calls"
sleep 0.3
mkdir -p node_modules/.bin node_modules/a node_modules/node
cp spare/list node_modules/.package-lock.json
cp spare/node node_modules/.bin/node`;

function withoutPackages(): void {
  checkout.write('spare/list', checkout.read('node_modules/.package-lock.json'));
  checkout.write('spare/node', checkout.read('node_modules/.bin/node'));
  rmSync(join(checkout.folder, 'node_modules'), { recursive: true });
  checkout.program('npm', `${NPM}\nchmod 755 node_modules/.bin/node`);
}

describe('what is missing', () => {
  it('says nothing where nothing is', async () => {
    expect(await checkout.setup('--for', 'check')).toEqual(SILENT);
    expect(await checkout.setup('--for', 'check', '--check')).toEqual(SILENT);
    expect(existsSync(join(checkout.folder, '.setup.lock'))).toBe(false);
  });

  it('lists every program with its package for each family, and fails', async () => {
    const { code, err } = await checkout.setup('--for', 'test', '--check');
    expect(code).toBe(1);
    for (const word of [
      'nginx with its Lua module',
      'resty.core',
      'Redis',
      'luacheck',
      'busted',
      'faketime',
    ]) {
      expect(err).toContain(word);
    }
    expect(err).toMatch(
      /apt-get install nginx libnginx-mod-http-lua lua-resty-core .*redis-server/,
    );
    for (const family of ['dnf install openresty', 'apk add nginx', 'brew install openresty']) {
      expect(err).toContain(family);
    }
  });

  it('asks for no test tools to start', async () => {
    const { err } = await checkout.setup('--check');
    expect(err).toContain('Redis');
    expect(err).not.toMatch(/luacheck|busted/);
  });

  it('asks for HAProxy and wrk for the benchmark only', async () => {
    const { err } = await checkout.setup('--for', 'bench', '--check');
    expect(err).toMatch(/apt-get install .*haproxy wrk/);
    expect((await checkout.setup('--for', 'test', '--check')).err).not.toMatch(/haproxy|wrk/);
  });

  it('lists instead of installing where it may not install', async () => {
    const { code, err } = await checkout.setup();
    expect(code).toBe(1);
    expect(err).toContain('Install them:');
    expect(readdirSync(checkout.folder)).not.toContain('.setup.lock');
  });

  it('does not take an nginx without Lua for one with it', async () => {
    checkout.program('nginx', 'echo "nginx version: nginx/1.22.1" >&2');
    checkout.program('redis-server', '');
    expect((await checkout.setup('--check')).err).toContain('nginx with its Lua module');
  });

  it('waits for no nginx that does not end when it is asked to', async () => {
    checkout.program(
      'nginx',
      `case "$1" in -V) echo "configure arguments: --add-module=lua-nginx-module" >&2; exit;; esac
      echo $$ > "$HOME/nginx-pid"; touch "$2/answers" "$2/done"
      trap '' TERM; exec sleep 60`,
    );
    expect((await checkout.setup('--check')).err).toContain('no answer');
    expect(() => process.kill(Number(checkout.read('nginx-pid')), 0)).toThrow('ESRCH');
  });

  it('says why an nginx with Lua does not start', async () => {
    checkout.program(
      'nginx',
      `case "$1" in -V) echo "configure arguments: --add-module=lua-nginx-module" >&2; exit;; esac
      echo "[emerg] lua-nginx-module 0.10.23 required" > "$6"; exit 1`,
    );
    checkout.program('redis-server', '');
    const { code, err } = await checkout.setup('--check');
    expect(code).toBe(1);
    expect(err).toContain('0.10.23 required');
    expect(readdirSync(checkout.folder).filter((name) => name.startsWith('ballast-'))).toEqual([]);
  });

  it('finds a server in the sbin beside a bin of PATH', () => {
    checkout.program('../sbin/nginx', '');
    expect(findCommand('nginx', checkout.bin)).toBe(join(checkout.folder, 'path', 'sbin', 'nginx'));
  });

  it('refuses what it does not know', async () => {
    expect((await checkout.setup('--for', 'fun')).code).toBe(2);
    expect((await checkout.setup('--chekc')).code).toBe(2);
  });
});

describe('npm packages', () => {
  const packages = (list: object) => JSON.stringify({ packages: list });
  const ask = async () => (await checkout.setup('--for', 'check', '--check')).err;

  it('are missing, half there, older, gone, or one too many', async () => {
    checkout.write('node_modules/.package-lock.json', packages({}));
    expect(await ask()).toContain('node_modules/a is missing');
    const a = { version: '0.9.0', integrity: 'sha512-a' };
    checkout.write('node_modules/.package-lock.json', packages({ 'node_modules/a': a }));
    expect(await ask()).toContain('node_modules/a is 0.9.0, not the locked 1.0.0');
    rmSync(join(checkout.folder, 'node_modules', '.package-lock.json'));
    expect(await ask()).toContain('not complete');
    rmSync(join(checkout.folder, 'node_modules'), { recursive: true });
    expect(await ask()).toContain('node_modules is missing');
  });

  it('count as one too many when the lock file does not know them', async () => {
    const list = JSON.parse(checkout.read('node_modules/.package-lock.json')).packages as object;
    const more = { ...list, 'node_modules/b': { version: '1.0.0' } };
    checkout.write('node_modules/.package-lock.json', packages(more));
    expect(await ask()).toContain('node_modules/b is not in package-lock.json');
  });

  it('count as gone when the folder is', async () => {
    rmSync(join(checkout.folder, 'node_modules', 'a'), { recursive: true });
    expect(await ask()).toContain('node_modules/a is gone');
  });

  it('hold the pinned Node, not the one that npm falls back to', async () => {
    rmSync(join(checkout.folder, 'node_modules', '.bin', 'node'));
    expect(await ask()).toContain('node_modules/.bin/node is absent, not v26.0.0');
    checkout.program('npm', 'echo "$@" >> "$HOME/npm-calls"');
    const { code, err } = await checkout.setup('--for', 'check');
    expect(code).toBe(1);
    expect(err).toContain('npm ended well, but node_modules/.bin/node is absent');
    expect(checkout.read('npm-calls')).toBe('rebuild node --ignore-scripts=false\n');
  });

  it('are installed once by two set-ups at once, which tell the time', async () => {
    withoutPackages();
    const both = await Promise.all([
      checkout.setup('--for', 'check'),
      checkout.setup('--for', 'check'),
    ]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(checkout.read('npm-calls')).toMatch(/^ci [^\n]*\n$/);
    const told = both.map(({ err }) => err).join('');
    expect(told).toMatch(/^set-up: npm packages \(node_modules is missing\) \.\.\. \d+\.\d s\n$/);
    expect(await checkout.setup('--for', 'check')).toEqual(SILENT);
  });

  it('tell what npm said when it fails', async () => {
    withoutPackages();
    checkout.program('npm', 'echo "npm error: no way" >&2; exit 7');
    const { code, err } = await checkout.setup('--for', 'check');
    expect(code).toBe(1);
    expect(err).toContain('npm error: no way');
    expect(existsSync(join(checkout.folder, '.setup.lock'))).toBe(false);
  });

  it('leave no npm behind when the set-up is stopped', async () => {
    withoutPackages();
    checkout.program('npm', 'echo $$ > "$HOME/npm-pid"; sleep 60; touch "$HOME/npm-went-on"');
    const child = checkout.start('--for', 'check');
    while (!existsSync(join(checkout.folder, 'npm-pid'))) await delay(10);
    await delay(20);
    child.kill('SIGTERM');
    expect(await ended(child)).toBe(143);
    const pid = Number(checkout.read('npm-pid'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(existsSync(join(checkout.folder, '.setup.lock'))).toBe(false);
  });
});

describe('the lock', () => {
  const path = () => join(checkout.folder, '.setup.lock');
  const isHeld = () => lstatSync(path(), { throwIfNoEntry: false }) !== undefined;

  it('is held by one at a time, and released', async () => {
    let inside = 0;
    const enter = async () => {
      const release = await holdLock(path());
      inside += 1;
      expect(inside).toBe(1);
      await delay(5);
      inside -= 1;
      release();
    };
    await Promise.all([enter(), enter(), enter()]);
    expect(isHeld()).toBe(false);
  });

  it.each([
    ['ended', '999999999:1'],
    ['ended, and its number went to another process', `${process.pid}:1`],
  ])('is taken over from an owner that %s', async (_what, owner) => {
    symlinkSync(`${owner}:${hostname()}`, path());
    const release = await holdLock(path(), { patienceMs: 2000 });
    release();
    expect(isHeld()).toBe(false);
  });

  it('is not taken from an owner that lives, or runs on another machine', async () => {
    symlinkSync('999999999:1:another-machine', path());
    await expect(holdLock(path(), { patienceMs: 300 })).rejects.toThrow('is held by');
    expect(isHeld()).toBe(true);
  });

  it('says so where it cannot be written', async () => {
    const gone = mkdtempSync(join(tmpdir(), 'ballast-lock-'));
    rmSync(gone, { recursive: true });
    await expect(holdLock(join(gone, 'lock'))).rejects.toThrow('cannot write');
  });
});

describe('this checkout', () => {
  it('has an edge that requires nothing but what the set-up tries', () => {
    const tried = readFileSync(join(root, 'deploy', 'setup', 'programs.mjs'), 'utf8');
    // What every nginx with Lua brings along.
    const built = ['ffi', 'bit', 'table.new', 'table.clear', 'string.buffer', 'ngx.', 'resty.core'];
    for (const file of filesIn(root, ['lua'], /\.lua$/)) {
      const text = readFileSync(join(root, file), 'utf8');
      for (const [, name = ''] of text.matchAll(/\brequire\b[\s(,]*['"]([\w.]+)['"]/g)) {
        if (name.startsWith('ballast') || built.some((one) => name.startsWith(one))) continue;
        expect(tried, `${file} requires ${name}`).toContain(`'${name}'`);
      }
    }
  });
});
