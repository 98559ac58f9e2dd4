import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { startEdge, type TestEdge, type WireState } from './edge.ts';
import { bodyOf, documentOf, leadRedis, type Leader } from './leader.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

const client = openClient();
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

const state = (what: string, isIt: (state: WireState) => boolean): Promise<WireState> =>
  until<WireState | undefined>(what, async () => {
    const seen = await edge.state();
    return isIt(seen) ? seen : undefined;
  });

const marked = (version: number, term = 100): Promise<WireState> =>
  state(`mark ${term} ${version}`, ({ mark }) => mark?.term === term && mark.version === version);

const push = (term: number, rest: object): Promise<{ status: number; json: unknown }> =>
  edge.call('POST', '/v1/upstreams', { term, base: null, mark: null, ...rest });

async function holds(app: string): Promise<unknown> {
  return (await edge.call('GET', `/v1/upstreams/${app}`)).json;
}

test('a commit reaches traffic and every worker mark by the poll alone', async () => {
  const { mark } = await leader.commit({ shop: bodyOf('shop', { [a]: 1 }) });
  await state(
    'applied',
    ({ workers }) =>
      workers.length === 2 && workers.every((worker) => worker.mark?.version === mark.version),
  );
  expect(await client.load(edge.url, 'shop.example', 20)).toEqual(new Map([[a, 20]]));
  const next = await leader.commit({ shop: bodyOf('shop', { [b]: 1 }) });
  await marked(next.mark.version);
  expect(await client.load(edge.url, 'shop.example', 20)).toEqual(new Map([[b, 20]]));
  await leader.commit({ shop: undefined });
  await until('deleted', async () => (await client.get(edge.url, 'shop.example')).status === 404);
});

test('exactly one worker polls, and the heartbeat tells the state soon after it changed', async () => {
  const { mark } = await leader.commit({ shop: bodyOf('shop', { [a]: 1 }) });
  const beat = await until('heartbeat', async () => {
    const seen = (await leader.heartbeat('edge-1')) as WireState | null;
    return seen?.saved?.version === mark.version ? seen : undefined;
  });
  const { workers, ...rest } = await edge.state();
  expect({ ...beat, beat: 0, workers: [] }).toEqual({ ...rest, beat: 0, workers: [] });
  expect(workers.map(({ pid }) => pid).sort()).toEqual([...edge.pids().workers].sort());
  expect(rest).toMatchObject({
    compared: 100,
    documents: 1,
    highest: 100,
    source: 'redis',
    redis: { ok: true },
    above: [],
    refused: [],
  });
  const clients = String(await leader.redis.client('LIST'));
  expect(clients.match(/cmd=xread/g)).toHaveLength(1);
});

test('a trimmed stream is met by comparing the manifest', async () => {
  await marked(1);
  await redis.kill();
  await state('Redis seen down', (seen) => !seen.redis.ok);
  await edge.stop();
  await redis.restart();
  await leader.take(100 + 1);
  for (let i = 0; i < 5; i++) await leader.commit({ [`app-${i}`]: bodyOf(`app-${i}`, { [a]: 1 }) });
  await leader.redis.xtrim(leader.key('changes'), 'MAXLEN', 0);
  await edge.start();
  await marked(6, 101);
  // And while it runs: it is behind by two commits, of which one entry is left.
  await leader.redis
    .multi()
    .eval(
      `for i = 7, 8 do
         local body = ARGV[i - 6]
         redis.call('SET', KEYS[1], i)
         redis.call('HSET', KEYS[2], 'late-' .. i, body)
         redis.call('HSET', KEYS[3], 'late-' .. i, '101 ' .. i .. ' ' .. redis.sha1hex(body) .. ' controller')
       end
       redis.call('XADD', KEYS[4], '8-0', 'app', 'late-8', 'term', 101, 'prev', 7)`,
      4,
      ...['version', 'upstreams', 'manifest', 'changes'].map(leader.key),
      bodyOf('late-7', { [a]: 1 }),
      bodyOf('late-8', { [a]: 1 }),
    )
    .exec();
  await marked(8, 101);
  expect(await holds('late-7')).toMatchObject({ version: 7 });
  expect(await holds('late-8')).toMatchObject({ version: 8 });
});

test('a wiped Redis empties nothing; under a new term what lies above is reported until it is seeded', async () => {
  const { mark } = await leader.commit({
    shop: bodyOf('shop', { [a]: 1 }),
    _holds: '{"debts":[],"holds":[],"moved":[]}',
  });
  const deleted = await leader.commit({ old: bodyOf('old', { [a]: 1 }) });
  await leader.commit({ old: undefined });
  await marked(deleted.mark.version + 1);
  await redis.restart({ empty: true });
  await state('the wiped Redis seen', (seen) => seen.redis.error === 'no leader has taken a term');
  expect(await client.load(edge.url, 'shop.example', 20)).toEqual(new Map([[a, 20]]));
  await leader.take(200);
  const { above } = await state('above', (seen) => seen.above.length === 3);
  expect(above).toEqual([
    { ...documentOf('_holds', mark, '{"debts":[],"holds":[],"moved":[]}') },
    documentOf('old', { term: 100, version: deleted.mark.version + 1 }, undefined),
    documentOf('shop', mark, bodyOf('shop', { [a]: 1 })),
  ]);
  expect((await edge.state()).compared).toBe(0);
  const beat = await until('heartbeat', async () => {
    const seen = (await leader.heartbeat('edge-1')) as WireState | null;
    return seen?.above.length === 3 ? seen : undefined;
  });
  await leader.take(201, beat.above as never);
  await state('seeded', (seen) => seen.above.length === 0 && seen.compared === 201);
  expect(await holds('shop')).toMatchObject({ ...mark });
});

test('from a Redis whose term is below the highest seen nothing is taken, but the heartbeat goes on', async () => {
  const { mark } = await leader.commit({ shop: bodyOf('shop', { [a]: 1 }) });
  await marked(mark.version);
  await edge.call('POST', '/v1/gather', { term: 150 });
  await leader.commit({ shop: bodyOf('shop', { [b]: 1 }) });
  const beat = async () => ((await leader.heartbeat('edge-1')) as WireState).beat;
  const before = await beat();
  await until('two beats', async () => (await beat()) >= before + 2);
  expect(await leader.heartbeat('edge-1')).toMatchObject({
    mark,
    highest: 150,
    redis: { ok: true, error: expect.stringContaining('below the highest') },
  });
  expect(await client.load(edge.url, 'shop.example', 20)).toEqual(new Map([[a, 20]]));
  await leader.take(160);
  await until('taken', async () => (await client.get(edge.url, 'shop.example')).body === b);
});

test('an older Redis under a higher term: the newer document stays and is reported', async () => {
  const { mark } = await leader.commit({ shop: bodyOf('shop', { [a]: 1 }) });
  await marked(mark.version);
  const ahead = { term: 100, version: mark.version + 5 };
  await push(100, { documents: [documentOf('shop', ahead, bodyOf('shop', { [b]: 1 }))] });
  await leader.take(101);
  const { above } = await state('above', (seen) => seen.above.length === 1);
  expect(above[0]).toEqual(documentOf('shop', ahead, bodyOf('shop', { [b]: 1 })));
  expect(await client.load(edge.url, 'shop.example', 20)).toEqual(new Map([[b, 20]]));
});

test('a version below the mark lowers the mark, and nothing else goes back', async () => {
  await leader.commit({ shop: bodyOf('shop', { [a]: 1 }) });
  const { mark } = await leader.commit({ shop: bodyOf('shop', { [b]: 1 }) });
  await marked(mark.version);
  const stream = leader.key('changes');
  await leader.redis
    .multi()
    .set(leader.key('version'), 2)
    .del(stream)
    .xadd(stream, '2-0', 'app', '', 'term', '100', 'prev', '1')
    .exec();
  await marked(2);
  expect(await holds('shop')).toMatchObject({ ...mark });
});

test('a push whose base the edge holds raises the mark; one whose base it lacks does not', async () => {
  const first = await leader.commit({ shop: bodyOf('shop', { [a]: 1 }) });
  await marked(first.mark.version);
  await redis.kill();
  const next = (version: number) => ({ term: 100, version });
  const { version } = first.mark;
  const send = async (base: number, at: number) => {
    const documents = [documentOf('shop', next(at), bodyOf('shop', { [a]: at }))];
    const { json } = await push(100, { base: next(base), mark: next(at), documents });
    return (json as { state: WireState }).state.mark?.version;
  };
  expect(await send(version, version + 1)).toBe(version + 1);
  expect(await send(version + 2, version + 3)).toBe(version + 1);
});

test('what found no room is listed, passed by the mark, and taken when there is room', async () => {
  await edge.close();
  edge = await startEdge({ redisUrl: redis.url, memory: '128k' });
  const large = Object.fromEntries(
    Array.from({ length: 200 }, (_, i) => [`10.0.${i}.1:8080`, i + 1]),
  );
  const apps = Array.from({ length: 120 }, (_, i) => `app-${i}`);
  const { mark } = await leader.commit(
    Object.fromEntries(apps.map((app) => [app, bodyOf(app, large)])),
  );
  const full = await marked(mark.version);
  const refused = full.refused.map(({ app }) => app);
  expect(refused.length).toBeGreaterThan(0);
  expect(full.refused[0]).toMatchObject({ ...mark, code: 'full' });
  const held = apps.filter((app) => !refused.includes(app));
  await leader.commit(Object.fromEntries(held.map((app) => [app, undefined])));
  const later = await state('room', (seen) => seen.refused.length < refused.length);
  expect(later.refused.every(({ app }) => refused.includes(app))).toBe(true);
});

test('a refusal goes when a later term finds nothing of it in Redis, and only then', async () => {
  await leader.publish(edge, { shop: bodyOf('shop', { [a]: 1 }) });
  const unfit = (app: string) => bodyOf(app, { [a]: 1 }).replace('"weight":1', '"weight":-1');
  // Redis has it, and goes on having it.
  const { mark } = await leader.commit({ shop: unfit('shop') });
  // Of this one, and of that version of news, it has lost all.
  const lost = { term: 100, version: mark.version + 5 };
  const documents = ['news', 'ghost'].map((app) => documentOf(app, lost, unfit(app)));
  await leader.publish(edge, { news: bodyOf('news', { [a]: 1 }) });
  expect((await push(100, { documents })).status).toBe(200);
  const names = ({ refused }: WireState): string =>
    refused
      .map(({ app }) => app)
      .toSorted()
      .join();
  await state('three are refused', (seen) => names(seen) === 'ghost,news,shop');
  await leader.take(101);
  const after = await state('a mark of the later term', (seen) => seen.mark?.term === 101);
  expect(names(after)).toBe('shop');
  expect(after.refused[0]).toMatchObject(mark);
});

test('the poll goes on after a Redis that was away, and after the polling worker was killed', async () => {
  await redis.kill();
  await state('Redis seen down', (seen) => !seen.redis.ok);
  await redis.restart();
  await leader.take(101);
  const first = await leader.commit({ shop: bodyOf('shop', { [a]: 1 }) });
  await marked(first.mark.version, 101);
  for (const pid of edge.pids().workers) {
    const others = edge.pids().workers.filter((other) => other !== pid);
    process.kill(pid, 'SIGKILL');
    const { mark } = await leader.commit({ shop: bodyOf('shop', { [b]: pid % 60_000 }) });
    await marked(mark.version, 101);
    await until('respawned', () => edge.pids().workers.length === others.length + 1);
  }
  expect(await client.load(edge.url, 'shop.example', 20)).toEqual(new Map([[b, 20]]));
});

test('a round of 3,000 documents, more than is followed, is taken by comparing', async () => {
  const body = (app: string) => bodyOf(app, { [a]: 1 });
  const round = (n: number, prefix: string) =>
    Object.fromEntries(
      Array.from({ length: n }, (_, i) => [`${prefix}-${i}`, body(`${prefix}-${i}`)] as const),
    );
  const { mark } = await leader.commit(round(3000, 'x'));
  const seen = await marked(mark.version);
  expect(seen.documents).toBe(3000);
});

test('an entry of the changes that no commit wrote is told, and hides no commit', async () => {
  const first = await leader.commit({ shop: bodyOf('shop', { [a]: 1 }) });
  await marked(first.mark.version);
  const id = `${first.mark.version + 1}-0`;
  await leader.redis.xadd(leader.key('changes'), id, 'some', 'thing');
  await state('told', ({ redis }) => redis.ok && redis.error === `changes: no commit wrote ${id}`);
  const { mark } = await leader.commit({ shop: bodyOf('shop', { [b]: 1 }) });
  await marked(mark.version);
  expect(await client.load(edge.url, 'shop.example', 20)).toEqual(new Map([[b, 20]]));
  await state('over', ({ redis }) => redis.error === undefined);
  expect(await edge.errorLog()).not.toContain('attempt to');
});
