// A Redis of the test's own: free port, own folder, ended by its process id whatever happens.
//
// Comes in: how it keeps data. Goes out: its URL and means to kill and restart it on the same port.
// On failure to start: an error with what it printed.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKeeper } from '../controlplane/keeper.ts';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';

export interface RedisOptions {
  /** Where it keeps its data; a temporary folder, removed at `close`, where this is absent. */
  readonly dir?: string;
  readonly port?: number;
  /** `aof`: every write is on disk before its answer. Default `none`: a restart is empty. */
  readonly persistence?: 'aof' | 'none';
  /** Further lines of the command line: `['--unixsocket', PATH]`. */
  readonly args?: readonly string[];
}

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  pid(): number | undefined;
  /** SIGKILL; clients see their connections end. */
  kill(): Promise<void>;
  /** Starts it again on its port, killing it first where it runs; `empty` removes its data. */
  restart(options?: { readonly empty?: boolean }): Promise<void>;
  close(): Promise<void>;
}

export async function startRedis(options: RedisOptions = {}): Promise<TestRedis> {
  const temporary = await mkdtemp(join(tmpdir(), 'ballast-redis-'));
  const keeper = startKeeper(temporary);
  const dir = options.dir ?? join(temporary, 'data');
  let port = options.port ?? 0;
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    await mkdir(dir, { recursive: true });
    const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];
    if (options.persistence === 'aof') args.push(...durable);
    args.push(...(options.args ?? []));
    const redis = spawn('redis-server', args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    child = redis;
    if (redis.pid !== undefined) keeper.add(redis.pid);
    let printed = '';
    for (const stream of [redis.stdout, redis.stderr])
      stream.on('data', (text) => (printed = (printed + text).slice(-4000)));
    redis.once('error', (error) => (printed += String(error)));
    redis.once('exit', () => {
      if (child === redis) child = undefined;
      if (redis.pid !== undefined) keeper.drop(redis.pid);
    });
    redis.unref();
    await until('Redis answers', async () => {
      if (child !== redis || redis.pid === undefined) return 'ended';
      return (await answers(port)) && 'up';
    }).then((seen) => {
      if (seen === 'ended') throw new Error(`redis-server ended: ${printed}`);
    });
  }

  /** A port that was free a moment ago may be gone: then another one. */
  async function startAnywhere(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      [port = 0] = await freePorts(1);
      try {
        return await start();
      } catch (error) {
        if (attempt === 5 || !String(error).includes('Address already in use')) throw error;
      }
    }
  }

  async function kill(): Promise<void> {
    const redis = child;
    if (redis?.pid === undefined) return;
    const ended = once(redis, 'exit');
    redis.ref();
    redis.kill('SIGKILL');
    await ended;
  }

  async function close(): Promise<void> {
    await kill();
    keeper.close();
    await rm(temporary, { recursive: true, force: true });
  }

  try {
    await (options.port === undefined ? startAnywhere() : start());
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    dir,
    pid: () => child?.pid,
    kill,
    async restart({ empty = false } = {}) {
      await kill();
      if (empty) await rm(dir, { recursive: true, force: true });
      await start();
    },
    close,
  };
}

/** Whether a Redis that has loaded its data answers PING. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (up: boolean): void => {
      socket.destroy();
      resolve(up);
    };
    socket.once('error', () => end(false));
    socket.once('end', () => end(false));
    socket.once('data', (data) => end(data.toString().startsWith('+PONG')));
    socket.write('PING\r\n');
  });
}
