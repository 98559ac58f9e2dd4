// An edge of the test's own: a real nginx with the files of nginx/ and lua/, on free ports, in a
// temporary folder, ended by its process ids whatever happens.
//
// Comes in: name, environment, Redis, workers, tokens. Goes out: the URL of its traffic, of its
// endpoint, and means to stop, kill, restart and reload it. On failure to start: an error with the
// end of nginx' error log.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKeeper } from '../controlplane/keeper.ts';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';
import { writeEdgeFiles, type EdgeFiles } from './edge-files.ts';

export interface EdgeOptions extends EdgeFiles {
  /** Kept, and not removed at `close`. A temporary one where this is absent. */
  readonly folder?: string;
  /** Further variables of nginx' environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface WireStamp {
  readonly term: number;
  readonly version: number;
}

/** STATE, as it comes over the wire. */
export interface WireState {
  readonly name: string;
  readonly environment: string;
  readonly start: string;
  readonly beat: number;
  readonly control: string | null;
  readonly highest: number;
  readonly mark: WireStamp | null;
  readonly saved: WireStamp | null;
  readonly workers: readonly { readonly pid: number; readonly mark: WireStamp | null }[];
  readonly refused: readonly (WireStamp & { readonly app: string; readonly code: string })[];
  readonly compared: number;
  readonly above: readonly (WireStamp & { readonly app: string; readonly digest: string })[];
  readonly documents: number;
  readonly source: 'none' | 'snapshot' | 'redis' | 'api' | 'push';
  readonly redis: { readonly ok: boolean; readonly error?: string };
  /** Instead of `redis`, where the edge asks the controller. */
  readonly api?: { readonly ok: boolean; readonly error?: string };
  readonly snapshot?: { readonly damaged?: string; readonly error?: string };
}

export interface TestEdge {
  readonly name: string;
  /** Where its traffic comes in. */
  readonly url: string;
  /** Its endpoint. */
  readonly control: string;
  readonly folder: string;
  readonly stateDir: string;
  pids(): { readonly master: number | undefined; readonly workers: readonly number[] };
  state(): Promise<WireState>;
  /** A call of the endpoint, with the strongest token there is. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; json: unknown }>;
  errorLog(): Promise<string>;
  /** SIGTERM (at once) by default; SIGQUIT waits for requests, SIGKILL kills master and workers. */
  stop(signal?: 'SIGTERM' | 'SIGQUIT' | 'SIGKILL'): Promise<void>;
  start(): Promise<void>;
  restart(signal?: 'SIGTERM' | 'SIGQUIT' | 'SIGKILL'): Promise<void>;
  /** Ends when all workers are new ones; old ones may still finish their requests. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

export async function startEdge(options: EdgeOptions): Promise<TestEdge> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'ballast-edge-')));
  const keeper = startKeeper(options.folder === undefined ? folder : '');
  const { workers = 2 } = options;
  const token = options.tokens?.push ?? options.tokens?.write ?? options.tokens?.read;
  let traffic = 0;
  let control = 0;
  let files = { stateDir: '', configuration: '' };
  let child: ChildProcess | undefined;
  const groups = new Set<number>();

  const errorLog = (): Promise<string> =>
    readFile(join(folder, 'error.log'), 'utf8').catch(() => '');

  function pids(): { master: number | undefined; workers: readonly number[] } {
    return { master: child?.pid, workers: childrenOf(child?.pid) };
  }

  async function call(method: string, path: string, body?: unknown) {
    const reply = await fetch(`http://127.0.0.1:${control}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await reply.text();
    const isJson = reply.headers.get('content-type') === 'application/json';
    return { status: reply.status, json: isJson ? JSON.parse(text) : text };
  }

  async function start(): Promise<void> {
    const args = ['-p', folder, '-c', files.configuration, '-e', join(folder, 'error.log')];
    const nginx = spawn('nginx', args, {
      stdio: 'ignore',
      detached: true,
      env: { ...process.env, ...options.env },
    });
    child = nginx;
    const group = nginx.pid;
    if (group !== undefined) {
      groups.add(group);
      keeper.add(-group);
    }
    nginx.once('error', () => {});
    nginx.once('exit', () => {
      if (child === nginx) child = undefined;
      if (group !== undefined) dropEmpty(group);
    });
    nginx.unref();
    const seen = await until(`edge ${options.name ?? ''} answers`, async () => {
      if (child !== nginx || nginx.pid === undefined) return 'ended';
      const seen = await state();
      return seen.workers.length === workers && 'up';
    });
    if (seen === 'ended') throw new Error(`nginx ended:\n${(await errorLog()).slice(-4000)}`);
  }

  // Not at its master's end: a master that is killed leaves its workers behind. While one of them lives, the group's number is nobody else's.
  function dropEmpty(group: number): void {
    if (!groups.has(group)) return;
    if (livesIn(group)) {
      setTimeout(dropEmpty, 200, group).unref();
      return;
    }
    groups.delete(group);
    keeper.drop(-group);
  }

  async function killGroups(): Promise<void> {
    for (const group of groups) {
      signalGroup(group, 'SIGKILL');
      await until('a group of nginx processes ends', () => !livesIn(group));
      dropEmpty(group);
    }
  }

  async function startAnywhere(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      [traffic = 0, control = 0] = await freePorts(2);
      files = await writeEdgeFiles(folder, { traffic, control }, options);
      try {
        return await start();
      } catch (error) {
        // Not by asking now whether they are free: who had one may have gone meanwhile.
        const isTaken = String(error).includes('Address already in use');
        if (attempt === 5 || !isTaken) throw error;
      }
    }
  }

  async function stop(signal: 'SIGTERM' | 'SIGQUIT' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const nginx = child;
    const ended = nginx && once(nginx, 'exit');
    nginx?.ref();
    const { master } = pids();
    if (master !== undefined && signal !== 'SIGKILL') await end(master, signal);
    // Those that a killed master has left behind hold its ports.
    await killGroups();
    await ended;
  }

  async function end(master: number, signal: 'SIGTERM' | 'SIGQUIT'): Promise<void> {
    const all = [master, ...childrenOf(master)];
    process.kill(master, signal);
    await until('nginx ends', () => !all.some(isRunning));
  }

  async function reload(): Promise<void> {
    const before = new Set(pids().workers);
    child?.kill('SIGHUP');
    await until('new workers run', async () => {
      const fresh = pids().workers.filter((pid) => !before.has(pid));
      const known = new Set((await state()).workers.map(({ pid }) => pid));
      return fresh.length === workers && fresh.every((pid) => known.has(pid));
    });
  }

  async function state(): Promise<WireState> {
    const { status, json } = await call('GET', '/v1/state');
    if (status !== 200) throw new Error(`state: ${status} ${JSON.stringify(json)}`);
    return json as WireState;
  }

  async function close(): Promise<void> {
    await stop('SIGKILL');
    keeper.close();
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
  }

  try {
    await startAnywhere();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name: options.name ?? 'edge-1',
    url: `http://127.0.0.1:${traffic}`,
    control: `http://127.0.0.1:${control}`,
    folder,
    stateDir: files.stateDir,
    pids,
    state,
    call,
    errorLog,
    stop,
    start,
    async restart(signal) {
      await stop(signal);
      await start();
    },
    reload,
    close,
  };
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Nobody is left to get it.
  }
}

/** Whether a process of this group runs. */
function livesIn(group: number): boolean {
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      // After the name, which may hold anything: state, parent, group.
      const [state, , pgrp] =
        readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      return Number(pgrp) === group && state !== 'Z';
    } catch {
      return false;
    }
  });
}

function childrenOf(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return list.trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

export function isRunning(pid: number): boolean {
  try {
    // A zombie that init has not collected yet has ended.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
