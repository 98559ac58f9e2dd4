import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { isRunning, startEdge, type TestEdge, type WireState } from './edge.ts';
import { bodyOf, documentOf, leadRedis, type Leader } from './leader.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { listenSilently, openClient, startServers, type TestServers } from './servers.ts';

const client = openClient({ fresh: true });
let servers: TestServers;
let redis: TestRedis;
let leader: Leader;
let edge: TestEdge;
let [a, b] = ['', ''];

beforeAll(async () => {
  servers = await startServers(2);
  [a = '', b = ''] = servers.addresses;
});

afterAll(async () => {
  await client.close();
  await servers.close();
});

beforeEach(async () => {
  redis = await startRedis();
  leader = leadRedis(redis.url);
  await leader.take(100);
  edge = await startEdge({ redisUrl: redis.url });
});

afterEach(async () => {
  leader?.close();
  await edge?.close();
  await redis?.close();
});

async function publish(weights: Record<string, number>) {
  const committed = await leader.commit({ shop: bodyOf('shop', weights) });
  await saved(committed.mark.version);
  return committed;
}

const saved = (version: number): Promise<unknown> =>
  until('saved', async () => (await edge.state()).saved?.version === version);

const file = (generation: 'a' | 'b'): string => join(edge.stateDir, `snapshot-${generation}`);

async function sequence(generation: 'a' | 'b'): Promise<number> {
  const text = await readFile(file(generation), 'utf8');
  return Number(text.match(/"sequence":(\d+)/)?.[1]);
}

/** The newer of both, then the older. */
async function generations(): Promise<['a' | 'b', 'a' | 'b']> {
  return (await sequence('a')) > (await sequence('b')) ? ['a', 'b'] : ['b', 'a'];
}

const flip = async (path: string): Promise<void> => {
  const bytes = await readFile(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
};

for (const signal of ['SIGTERM', 'SIGQUIT', 'SIGKILL'] as const) {
  test(`after ${signal} with Redis gone a start serves the last weights at the first request`, async () => {
    await publish({ [a]: 1 });
    const { mark } = await publish({ [b]: 1 });
    const before = await edge.state();
    await redis.kill();
    await edge.restart(signal);
    expect((await client.get(edge.url, 'shop.example')).body).toBe(b);
    const state = await edge.state();
    expect(state).toMatchObject({ mark, highest: 100, source: 'snapshot', compared: 0 });
    expect(state.start).not.toBe(before.start);
    expect((await edge.call('GET', '/ready')).status).toBe(200);
    expect((await client.get(edge.url, 'other.example')).status).toBe(404);
  });
}

test('tombstones, the highest term and the refused list are kept', async () => {
  await publish({ [a]: 1 });
  const { mark } = await leader.commit({ shop: undefined });
  await saved(mark.version);
  await edge.call('POST', '/v1/upstreams', {
    term: 120,
    documents: [documentOf('bad', { term: 120, version: 9 }, '{"app":"bad"}')],
  });
  await until('both files know it', async () => {
    const texts = await Promise.all([readFile(file('a'), 'utf8'), readFile(file('b'), 'utf8')]);
    return texts.every((text) => text.includes('"app":"bad"'));
  });
  await redis.kill();
  await edge.restart('SIGKILL');
  expect(await edge.state()).toMatchObject({
    highest: 120,
    documents: 0,
    refused: [{ app: 'bad', term: 120, version: 9, code: 'bad' }],
  });
  expect((await edge.call('GET', '/v1/upstreams')).json).toEqual({
    items: [{ app: 'shop', ...mark, digest: '-', owner: 'controller', deleted: true }],
  });
});

test('saved is the mark of the older file, and reaches the mark when things are quiet', async () => {
  const { mark } = await publish({ [a]: 1 });
  const [newer, older] = await generations();
  for (const generation of [newer, older])
    expect(await readFile(file(generation), 'utf8')).toContain(
      `"mark":{"term":100,"version":${mark.version}}`,
    );
});

test('nothing is saved while a file lists a refusal that was settled since', async () => {
  const { mark } = await publish({ [a]: 1 });
  const at = { term: 100, version: mark.version };
  const push = async (body: string) => {
    const call = { term: 120, documents: [documentOf('late', at, body)] };
    return (await edge.call('POST', '/v1/upstreams', call)).json as { state: WireState };
  };
  const listing = async (): Promise<number> => {
    const texts = await Promise.all([readFile(file('a'), 'utf8'), readFile(file('b'), 'utf8')]);
    return texts.filter((text) => /"refused":\[[^\]]*"late"/.test(text)).length;
  };
  await push('{"app":"late"}');
  await until('both files list it', async () => (await listing()) === 2);
  await saved(mark.version);
  const { state } = await push(bodyOf('late', { [b]: 1 }));
  expect([state.refused, state.saved]).toEqual([[], null]);
  await saved(mark.version);
  expect(await listing()).toBe(0);
});

test('saved never claims more than the older file holds', async () => {
  const versionIn = (text: string) => Number(text.match(/"mark":{"term":\d+,"version":(\d+)/)?.[1]);
  await publish({ [a]: 1 });
  let going = true;
  const commits = (async () => {
    for (let i = 2; i < 40; i++) await leader.commit({ shop: bodyOf('shop', { [a]: i }) });
    const { mark } = await publish({ [b]: 1 });
    going = false;
    return mark;
  })();
  let samples = 0;
  for (; going; samples++) {
    const { saved: claimed } = await edge.state();
    const texts = await Promise.all([readFile(file('a'), 'utf8'), readFile(file('b'), 'utf8')]);
    expect(Math.min(...texts.map(versionIn))).toBeGreaterThanOrEqual(claimed?.version ?? 0);
  }
  expect(samples).toBeGreaterThan(10);
  expect((await edge.state()).saved).toEqual(await commits);
});

test('a damaged file is passed over for the other, both for nothing, and the reason is told', async () => {
  await publish({ [a]: 1 });
  const [newer] = await generations();
  const first = await readFile(file(newer));
  await publish({ [b]: 1 });
  await redis.kill();
  await edge.stop();
  const [newest, older] = await generations();
  await writeFile(file(older), first);
  await flip(file(newest));
  await edge.start();
  expect((await client.get(edge.url, 'shop.example')).body).toBe(a);
  expect(await edge.errorLog()).toContain(`snapshot-${newest}: `);
  expect((await edge.state()).snapshot?.damaged).toContain(`snapshot-${newest}: `);
  await until('both are whole again', async () => (await edge.state()).saved !== null);

  await edge.stop('SIGKILL');
  await flip(file('a'));
  const text = await readFile(file('b'));
  await writeFile(file('b'), text.subarray(0, text.length - 3));
  await edge.start();
  expect(await client.get(edge.url, 'shop.example')).toMatchObject({ status: 503 });
  expect((await edge.call('GET', '/ready')).status).toBe(503);
  expect(await edge.errorLog()).toContain('nothing is left to start from');
});

test('files that cannot be read stop no start: the other snapshot is used, then none, and the reason is told', async () => {
  const { mark } = await publish({ [a]: 1 });
  await redis.kill();
  const blocked = async (name: string): Promise<void> => {
    const path = join(edge.stateDir, name);
    await rm(path, { force: true });
    await mkdir(path);
  };
  await edge.stop();
  for (const name of ['snapshot-a', 'health']) await blocked(name);
  await edge.start();
  expect((await client.get(edge.url, 'shop.example')).body).toBe(a);
  expect(await edge.state()).toMatchObject({ mark, snapshot: { damaged: expect.anything() } });
  expect(await edge.errorLog()).toContain('health: Is a directory');
  await edge.stop();
  await blocked('snapshot-b');
  await edge.start();
  expect(await client.get(edge.url, 'shop.example')).toMatchObject({ status: 503 });
  expect(await edge.errorLog()).toContain('nothing is left to start from');
});

test('a snapshot of another environment is not taken', async () => {
  await publish({ [a]: 1 });
  await redis.kill();
  await edge.stop();
  const path = join(edge.folder, 'edge.json');
  const settings = JSON.parse(await readFile(path, 'utf8')) as object;
  await copyFile(path, `${path}.old`);
  await writeFile(path, JSON.stringify({ ...settings, environment: 'other' }));
  await edge.start();
  expect((await edge.state()).source).toBe('none');
  expect(await edge.errorLog()).toContain('it belongs to environment "test"');
});

test('what a start finds in Redis is compared, so that nothing published meanwhile is missed', async () => {
  await publish({ [a]: 1 });
  await edge.stop();
  const { mark } = await leader.commit({ shop: bodyOf('shop', { [b]: 1 }) });
  await leader.redis.xtrim(leader.key('changes'), 'MAXLEN', 0);
  await edge.start();
  await until('compared', async () => (await edge.state()).compared === 100);
  expect(await edge.state()).toMatchObject({ mark, above: [] });
  expect((await client.get(edge.url, 'shop.example')).body).toBe(b);
});

test('a reload loses no update, keeps its start, and lets one worker poll', async () => {
  await publish({ [a]: 1 });
  const before = await edge.state();
  const reloaded = edge.reload();
  for (let i = 2; i <= 20; i++) await leader.commit({ shop: bodyOf('shop', { [a]: i, [b]: 1 }) });
  const { mark } = await leader.commit({ shop: bodyOf('shop', { [b]: 7 }) });
  await reloaded;
  await until('mark', async () => (await edge.state()).mark?.version === mark.version);
  expect(await client.load(edge.url, 'shop.example', 50)).toEqual(new Map([[b, 50]]));
  expect((await edge.state()).start).toBe(before.start);
  await until('one poller', async () => {
    const clients = String(await leader.redis.client('LIST'));
    return clients.match(/cmd=xread/g)?.length === 1;
  });
  await until('old workers are forgotten', async () => {
    const { workers } = await edge.state();
    return workers.every(({ pid }) => edge.pids().workers.includes(pid));
  });
});

test('a reload over memory that another version of Ballast has filled is refused, and costs nothing', async () => {
  await edge.close();
  edge = await startEdge({
    redisUrl: redis.url,
    locations:
      'location /older { content_by_lua_block { ngx.shared.ballast_edge:set("format", 1) } }',
  });
  await publish({ [a]: 1 });
  await fetch(`${edge.url}/older`);
  const { master, workers } = edge.pids();
  if (master !== undefined) process.kill(master, 'SIGHUP');
  await until('told', async () => (await edge.errorLog()).includes('instead of reloading it'));
  expect(edge.pids().workers).toEqual(workers);
  expect((await client.get(edge.url, 'shop.example')).body).toBe(a);
  await edge.restart();
  expect((await client.get(edge.url, 'shop.example')).body).toBe(a);
});

test.each(['ballast 64m', 'ballast_edge 8m', 'ballast_stats 64m'])(
  'a reload with another size than lua_shared_dict %s is refused, and costs nothing; a restart takes it',
  async (size) => {
    await publish({ [a]: 1 });
    const path = join(edge.folder, 'ballast-http.conf');
    const text = await readFile(path, 'utf8');
    expect(text).toContain(`lua_shared_dict ${size};`);
    await writeFile(path, text.replace(size, `${size.split(' ')[0]} 12m`));
    const { master, workers } = edge.pids();
    if (master !== undefined) process.kill(master, 'SIGHUP');
    await until('told', async () => (await edge.errorLog()).includes('the size of a lua_shared'));
    expect(edge.pids().workers).toEqual(workers);
    expect((await client.get(edge.url, 'shop.example')).body).toBe(a);
    await publish({ [b]: 1 });
    await edge.restart();
    expect((await client.get(edge.url, 'shop.example')).body).toBe(b);
  },
);

test('a reload under traffic costs no request, and no count', async () => {
  const served = () => servers.list.map((server) => server.requests());
  await publish({ [a]: 3, [b]: 1 });
  const before = served();
  const load = client.load(edge.url, 'shop.example', 2000);
  await until('traffic', () => served()[0] !== before[0]);
  await edge.reload();
  expect([...(await load).keys()].sort()).toEqual([a, b].sort());
  const after = served().map((count, i) => count - (before[i] ?? 0));
  await until('all counts are in', async () => {
    const { json } = await edge.call('GET', '/v1/stats');
    const { apps } = json as { apps: { shop: Record<string, { requests: number }> } };
    return [a, b].every((address, i) => apps.shop[address]?.requests === after[i]);
  });
});

test('a killed worker comes back with the present weights, not with those of the start', async () => {
  await publish({ [a]: 1 });
  await publish({ [b]: 1 });
  const [first, second] = edge.pids().workers;
  for (const pid of [first, second]) if (pid !== undefined) process.kill(pid, 'SIGKILL');
  await until('two new workers', () => {
    const { workers } = edge.pids();
    return workers.length === 2 && !workers.some((pid) => pid === first || pid === second);
  });
  expect(await client.load(edge.url, 'shop.example', 100)).toEqual(new Map([[b, 100]]));
  const { mark } = await publish({ [a]: 1 });
  expect((await edge.state()).mark).toEqual(mark);
});

test('a wrong edge.json stops the start and names the place', async () => {
  await expect(startEdge({ redisUrl: 'http://x', name: 'wrong' })).rejects.toThrow(/redis\.url/);
  await expect(
    startEdge({ redisUrl: redis.url, name: 'wrong', tokens: { push: 'short' } }),
  ).rejects.toThrow(/tokens\.push/);
});

test('a reload while nothing can be written: the new worker saves as soon as it may, whatever the old one waits for', async () => {
  await edge.close();
  edge = await startEdge({ redisUrl: redis.url, workers: 1 });
  const silent = await listenSilently();
  try {
    await leader.publish(edge, { held: bodyOf('held', { [silent.address]: 1 }) });
    await publish({ [a]: 1 });
    const held = client.get(edge.url, 'held.example').catch(() => {});
    await until('a request is held', () => silent.held() === 1);
    const [old = 0] = edge.pids().workers;
    // Into its place no file can be renamed, whoever nginx runs as.
    for (const generation of ['a', 'b'] as const) {
      await rm(file(generation));
      await mkdir(file(generation));
    }
    const { mark } = await leader.commit({ shop: bodyOf('shop', { [b]: 1 }) });
    await until('told', async () => (await edge.state()).snapshot?.error);
    await edge.reload();
    for (const generation of ['a', 'b'] as const) await rm(file(generation), { recursive: true });
    await saved(mark.version);
    await until('no complaint', async () => (await edge.state()).snapshot === undefined);
    expect(isRunning(old)).toBe(true);
    silent.close();
    await held;
  } finally {
    silent.close();
  }
});

test('a folder that the workers cannot write is told clearly', async () => {
  const blocked = await startEdge({ redisUrl: redis.url, name: 'blocked' });
  try {
    await blocked.stop();
    await writeFile(join(blocked.stateDir, 'keep'), '');
    const { chmod, chown } = await import('node:fs/promises');
    if (process.getuid?.() === 0) await chown(blocked.stateDir, 0, 0);
    await chmod(blocked.stateDir, 0o555);
    if (process.getuid?.() !== 0) return;
    await blocked.start();
    await until('told', async () => (await blocked.errorLog()).includes('must be writable'));
    await until('in the state', async () => (await blocked.state()).snapshot !== undefined);
    expect((await blocked.state()).snapshot?.error).toContain('Permission denied');
  } finally {
    await blocked.close();
  }
});
