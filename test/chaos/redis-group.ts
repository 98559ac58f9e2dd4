// Redis with a replica and three Sentinels. Each may die, hang and come back; Sentinel mends the rest.
//
// Comes in: nothing. Goes out: where the Sentinels are, who is the master, the two servers by name.
// On failure to start: an error, and nothing is left.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKeeper } from '../controlplane/keeper.ts';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';
import { askRedis } from '../lua/ask-redis.ts';
import { startRedis, type TestRedis } from '../lua/redis.ts';

export const MASTER_NAME = 'ballast';

export interface RedisGroup {
  readonly sentinels: readonly string[];
  /** Who the Sentinels say is the master, and the other one. */
  roles(): Promise<{ readonly master: TestRedis; readonly replica: TestRedis }>;
  /** Resolves when the Sentinels name a master that has a replica which follows it. */
  whole(): Promise<void>;
  close(): Promise<void>;
}

export async function startRedisGroup(): Promise<RedisGroup> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-chaos-redis-'));
  const keeper = startKeeper(folder);
  const sentinels: ChildProcess[] = [];
  const servers: TestRedis[] = [];
  const ports = await freePorts(3);

  async function startSentinel(port: number, master: number): Promise<void> {
    const dir = join(folder, `sentinel-${port}`);
    await mkdir(dir, { recursive: true });
    const file = join(dir, 'sentinel.conf');
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${dir}`,
      `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${master} 2`,
      `sentinel down-after-milliseconds ${MASTER_NAME} 1000`,
      `sentinel failover-timeout ${MASTER_NAME} 3000`,
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore', detached: true });
    sentinels.push(child);
    if (child.pid !== undefined) keeper.add(child.pid);
    child.unref();
  }

  async function roles() {
    const reply = await askRedis(ports[0] ?? 0, (redis) =>
      redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME),
    );
    const port = Number((reply as string[])[1]);
    const master = servers.find((server) => server.port === port);
    const replica = servers.find((server) => server.port !== port);
    if (!master || !replica) throw new Error(`the Sentinels name port ${port}, which is nobody's`);
    return { master, replica };
  }

  async function whole(): Promise<void> {
    await until(
      'Redis has a master and a replica that follows it',
      async () => {
        const { master } = await roles();
        const text = await askRedis(master.port, (redis) => redis.info('replication'));
        return /role:master/.test(text) && /slave0:.*state=online/.test(text);
      },
      90_000,
    );
  }

  async function close(): Promise<void> {
    for (const child of sentinels) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.ref();
      child.kill('SIGKILL');
      await ended;
    }
    for (const server of servers) await server.close();
    keeper.close();
    await rm(folder, { recursive: true, force: true });
  }

  try {
    const first = await startRedis({ persistence: 'aof', args: FAST });
    servers.push(first);
    const second = await startRedis({ persistence: 'aof', args: FAST });
    servers.push(second);
    // By command, not for good: whoever comes back is a master at first, until the Sentinels see it.
    await askRedis(second.port, (redis) => redis.replicaof('127.0.0.1', first.port));
    for (const port of ports) await startSentinel(port, first.port);
    await until('the Sentinels know the replica and each other', async () => {
      const texts = await Promise.all(
        ports.map((port) => askRedis(port, (redis) => redis.info('sentinel'))),
      );
      return texts.every((text) => /slaves=1,sentinels=3/.test(text));
    });
    await whole();
  } catch (error) {
    await close();
    throw error;
  }
  return { sentinels: ports.map((port) => `redis://127.0.0.1:${port}`), roles, whole, close };
}

// What a server of the tests need not wait for.
const FAST = ['--repl-diskless-sync-delay', '0'];
