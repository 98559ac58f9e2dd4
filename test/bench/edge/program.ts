// A program of the benchmark's own, in the foreground, ended by its process id whatever happens.
//
// Comes in: command, folder, where it answers. Goes out: its process id, once it answers. On failure
// to start: an error with the end of its log.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, chmod, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKeeper } from '../../controlplane/keeper.ts';
import { freePorts } from '../../controlplane/ports.ts';
import { until } from '../../controlplane/until.ts';

export interface Program {
  readonly pid: number;
  readonly port: number;
  close(): Promise<void>;
}

export interface Recipe {
  readonly address: string;
  /** Files of its folder, by name. */
  files(folder: string, port: number): Readonly<Record<string, string>>;
  command(folder: string): readonly string[];
}

const ATTEMPTS = 5;

export async function startProgram(recipe: Recipe): Promise<Program> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(recipe);
    } catch (error) {
      // The port, free a moment ago, may have gone to another process.
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function startOnce(recipe: Recipe): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-bench-'));
  await chmod(folder, 0o755);
  const keeper = startKeeper(folder);
  const [port = 0] = await freePorts(1);
  for (const [name, text] of Object.entries(recipe.files(folder, port)))
    await writeFile(join(folder, name), text);
  const [command = '', ...args] = recipe.command(folder);
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  const { pid } = child;
  let said = '';
  child.stderr.on('data', (text) => (said = (said + text).slice(-4000)));
  let gone = pid === undefined;
  child.once('error', (error) => (said += String(error)));
  child.once('exit', () => (gone = true));
  // The group: a killed nginx master leaves its children behind.
  if (pid !== undefined) keeper.add(-pid);
  child.unref();

  async function close(): Promise<void> {
    if (!gone && pid !== undefined) {
      const ended = once(child, 'exit');
      child.ref();
      process.kill(-pid, 'SIGKILL');
      await ended;
    }
    if (pid !== undefined) keeper.drop(-pid);
    keeper.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  const up = await until(
    `${command} answers`,
    async () => (gone ? 'gone' : (await answers(recipe.address, port)) && 'up'),
    60_000,
  ).catch(() => 'gone');
  if (up === 'up' && pid !== undefined) return { pid, port, close };
  const log = await readFile(join(folder, 'error.log'), 'utf8').catch(() => '');
  await close();
  throw new Error(`${command} does not answer:\n${said}${log.slice(-4000)}`);
}

function answers(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    const end = (up: boolean): void => {
      socket.destroy();
      resolve(up);
    };
    socket.once('error', () => end(false));
    socket.once('connect', () => end(true));
  });
}
