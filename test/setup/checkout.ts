// A checkout for tests of the set-up: its scripts, a lock file, a node_modules that fits, and a PATH
// of its own, so that what this machine has or lacks does not matter.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Checkout {
  readonly folder: string;
  /** The folder that is all of PATH. */
  readonly bin: string;
  write(path: string, text: string, mode?: number): void;
  read(path: string): string;
  /** A program in PATH: a shell script. */
  program(name: string, script: string): void;
  setup(...args: readonly string[]): Promise<Ran>;
  start(...args: readonly string[]): ChildProcess;
  remove(): void;
}

const LOCKED = {
  '': { name: 'ballast' },
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/elsewhere': { version: '1.0.0', optional: true, os: ['other'] },
  'node_modules/node': { version: '26.0.0', integrity: 'sha512-n' },
};

export function makeCheckout(): Checkout {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-setup-'));
  const bin = join(folder, 'path', 'bin');
  const env = { PATH: bin, HOME: folder, TMPDIR: folder };
  const script = join(folder, 'deploy', 'setup.mjs');
  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    chmodSync(join(folder, path), mode);
  };
  const program = (name: string, text: string) =>
    write(`path/bin/${name}`, `#!/bin/sh\n${text}\n`, 0o755);
  cpSync(join(root, 'deploy', 'setup.mjs'), script);
  cpSync(join(root, 'deploy', 'setup'), join(folder, 'deploy', 'setup'), { recursive: true });
  mkdirSync(bin, { recursive: true });
  for (const tool of ['sh', 'mkdir', 'rm', 'sleep', 'cat', 'chmod', 'cp', 'touch']) {
    symlinkSync(join('/bin', tool), join(bin, tool));
  }
  write('package-lock.json', JSON.stringify({ packages: LOCKED }));
  install(write);
  return {
    folder,
    bin,
    write,
    read: (path) => readFileSync(join(folder, path), 'utf8'),
    program,
    setup: (...args) => run(script, args, env),
    start: (...args) => spawn(process.execPath, [script, ...args], { env }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What npm leaves: its own list of what it installed, and the packages. */
function install(write: (path: string, text: string, mode?: number) => void): void {
  const { 'node_modules/a': a, 'node_modules/node': node } = LOCKED;
  const packages = { 'node_modules/a': a, 'node_modules/node': node };
  write('node_modules/.package-lock.json', JSON.stringify({ packages }));
  write('node_modules/a/package.json', '{}');
  write('node_modules/node/package.json', '{}');
  write('node_modules/.bin/node', '#!/bin/sh\necho v26.0.0\n', 0o755);
}

function run(script: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

export async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  return child.exitCode;
}
