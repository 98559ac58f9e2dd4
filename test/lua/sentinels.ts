// Redis with replicas and Sentinels of the test's own, ended by their process ids whatever happens.
//
// Comes in: nothing. Out: the Sentinels' URLs and means to fail over. On failure to start: an error.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKeeper } from '../controlplane/keeper.ts';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';
import { askRedis } from './ask-redis.ts';

export const MASTER_NAME = 'ballast-main';

export interface TestSentinels {
  readonly sentinels: readonly string[];
  /** Where the first master listens. */
  readonly first: string;
  /** Where its replica listens. */
  readonly second: string;
  /** The address that the Sentinels name. */
  master(): Promise<string>;
  /** SIGKILL to the first master; resolves once the Sentinels name another. */
  failOver(): Promise<string>;
  close(): Promise<void>;
}

export async function startSentinels(password: string): Promise<TestSentinels> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-sentinel-'));
  const keeper = startKeeper(folder);
  const children: ChildProcess[] = [];
  const [one = 0, two = 0, ...sentinelPorts] = await freePorts(5);

  async function run(name: string, lines: readonly string[], more: readonly string[] = []) {
    const dir = join(folder, name);
    await mkdir(dir, { recursive: true });
    const file = join(dir, 'redis.conf');
    await writeFile(file, [...lines, 'bind 127.0.0.1', `dir ${dir}`, ''].join('\n'));
    const child = spawn('redis-server', [file, ...more], { stdio: 'ignore', detached: true });
    children.push(child);
    if (child.pid !== undefined) keeper.add(child.pid);
    child.once('exit', () => child.pid !== undefined && keeper.drop(child.pid));
    child.unref();
    return child;
  }
  const data = (port: number): string[] => [
    `port ${port}`,
    'save ""',
    `requirepass ${password}`,
    `masterauth ${password}`,
    'repl-diskless-sync-delay 0',
  ];
  const named = async (port: number): Promise<string> => {
    const reply = await askRedis(
      port,
      (redis) => redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME),
      'for-sentinels',
    );
    return (reply as string[]).join(':');
  };
  const everyone = async (): Promise<readonly string[]> => Promise.all(sentinelPorts.map(named));

  const master = await run('one', data(one));
  await run('two', [...data(two), `replicaof 127.0.0.1 ${one}`]);
  await until('the replica follows', async () =>
    (await askRedis(two, (redis) => redis.info('replication'), password)).includes(
      'master_link_status:up',
    ),
  );
  for (const [index, port] of sentinelPorts.entries()) {
    const lines = [
      `port ${port}`,
      'requirepass for-sentinels',
      'sentinel sentinel-pass for-sentinels',
      `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${one} 2`,
      `sentinel auth-pass ${MASTER_NAME} ${password}`,
      `sentinel down-after-milliseconds ${MASTER_NAME} 500`,
      `sentinel failover-timeout ${MASTER_NAME} 3000`,
    ];
    await run(`sentinel-${index}`, lines, ['--sentinel']);
  }
  await until('the Sentinels know the replica and each other', async () => {
    const texts = await Promise.all(
      sentinelPorts.map((port) =>
        askRedis(port, (redis) => redis.info('sentinel'), 'for-sentinels'),
      ),
    );
    return texts.every((text) => /slaves=1,sentinels=3/.test(text));
  });

  return {
    sentinels: sentinelPorts.map((port) => `redis://127.0.0.1:${port}`),
    first: `127.0.0.1:${one}`,
    second: `127.0.0.1:${two}`,
    master: () => named(sentinelPorts[0] ?? 0),
    async failOver() {
      const ended = once(master, 'exit');
      master.ref();
      master.kill('SIGKILL');
      await ended;
      await until('every Sentinel names the replica', async () =>
        (await everyone()).every((address) => address === `127.0.0.1:${two}`),
      );
      return `127.0.0.1:${two}`;
    },
    async close() {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = once(child, 'exit');
        child.ref();
        child.kill('SIGKILL');
        await ended;
      }
      keeper.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
