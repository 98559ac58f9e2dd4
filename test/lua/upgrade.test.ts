// Fault "binary upgrade": a new nginx takes the sockets over from the old one, which then ends. Shared
// memory does not go with them.
//
// nginx heeds USR2 only as a daemon, so this edge is started otherwise than the other tests' one.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startKeeper, type Keeper } from '../controlplane/keeper.ts';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';
import { writeEdgeFiles } from './edge-files.ts';
import { childrenOf, isRunning, type WireState } from './edge.ts';
import { bodyOf, leadRedis, type Leader } from './leader.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

const WORKERS = 2;
// nginx starts its successor by the name that it was started by, and looks in no PATH.
const program = execFileSync('sh', ['-c', 'command -v nginx'], { encoding: 'utf8' }).trim();
const client = openClient({ fresh: true });
let servers: TestServers;
let redis: TestRedis;
let leader: Leader;
let keeper: Keeper;
let folder = '';
let group = 0;
let [traffic, control] = [0, 0];
let [a, b, c] = ['', '', ''];

beforeAll(async () => {
  servers = await startServers(3);
  [a = '', b = '', c = ''] = servers.addresses;
  redis = await startRedis();
  leader = leadRedis(redis.url);
  await leader.take(100);
  folder = await mkdtemp(join(tmpdir(), 'ballast-upgrade-'));
  keeper = startKeeper(folder);
  [traffic = 0, control = 0] = await freePorts(2);
  const options = { redisUrl: redis.url, workers: WORKERS };
  const { configuration } = await writeEdgeFiles(folder, { traffic, control }, options);
  const text = await readFile(configuration, 'utf8');
  await writeFile(configuration, text.replace('daemon off;', 'daemon on;'));
  const log = join(folder, 'error.log');
  await promisify(execFile)(program, ['-p', folder, '-c', configuration, '-e', log]);
  group = await masterNow();
  keeper.add(-group);
  await until('it answers', async () => (await state()).workers.length === WORKERS);
});

afterAll(async () => {
  if (group !== 0) process.kill(-group, 'SIGKILL');
  keeper?.close();
  leader?.close();
  await client.close();
  await redis?.close();
  await servers?.close();
});

const masterNow = async (): Promise<number> =>
  Number(await readFile(join(folder, 'nginx.pid'), 'utf8'));

async function state(): Promise<WireState> {
  return (await (await fetch(`http://127.0.0.1:${control}/v1/state`)).json()) as WireState;
}

async function commit(app: string, weights: Record<string, number>): Promise<number> {
  return (await leader.commit({ [app]: bodyOf(app, weights) })).mark.version;
}

const applied = (version: number) =>
  until('applied', async () => (await state()).mark?.version === version);

/** Answers until it is stopped; then all that was ever seen. */
function startLoad(): () => Promise<string[]> {
  const seen = new Set<string>();
  let ended = false;
  const runs = [1, 2, 3, 4].map(async () => {
    while (!ended) {
      const { status, body } = await client.get(`http://127.0.0.1:${traffic}`, 'shop.example');
      seen.add(status === 200 ? body : `status ${status}`);
    }
  });
  return async () => {
    ended = true;
    await Promise.all(runs);
    return [...seen].sort();
  };
}

test('a binary upgrade under traffic keeps weights and drains, loses no update, fails no request', async () => {
  const drained = await commit('shop', { [a]: 1, [b]: 1, [c]: 0 });
  await until('saved', async () => (await state()).saved?.version === drained);
  const before = await state();
  const stopLoad = startLoad();

  // One update that no snapshot may hold yet, one while both serve, one after.
  await applied(await commit('first', { [a]: 1 }));
  process.kill(group, 'SIGUSR2');
  const next = await until('the new master has its workers', async () => {
    const pid = await masterNow();
    return pid !== group && childrenOf(pid).length === WORKERS ? pid : 0;
  });
  await commit('second', { [b]: 1 });
  const old = childrenOf(group).filter((pid) => pid !== next);
  expect(old).toHaveLength(WORKERS);
  process.kill(group, 'SIGWINCH');
  await until('the old workers end', () => !old.some(isRunning));
  process.kill(group, 'SIGQUIT');
  await until('the old master ends', () => !isRunning(group));
  const last = await commit('third', { [c]: 1 });
  await applied(last);

  expect(await stopLoad()).toEqual([a, b].sort());
  expect(servers.list[2]?.requests()).toBe(0);
  const after = await state();
  expect(after.start).not.toBe(before.start);
  expect(after.highest).toBe(before.highest);
  expect(after.workers.map(({ pid }) => pid).sort()).toEqual(childrenOf(next).sort());
  for (const [app, server] of [
    ['first', a],
    ['second', b],
    ['third', c],
  ] as const) {
    const seen = await client.load(`http://127.0.0.1:${traffic}`, `${app}.example`, 20);
    expect([app, seen]).toEqual([app, new Map([[server, 20]])]);
  }
  await until('the new one saves', async () => (await state()).saved?.version === last);
  expect(await readFile(join(folder, 'error.log'), 'utf8')).not.toMatch(/\[(alert|crit|emerg)\]/);
});
