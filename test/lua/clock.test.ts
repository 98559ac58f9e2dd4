// The clock steps: nothing of an edge goes by the time of day, so nothing changes.
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';
import { filesIn } from '../lint/files.ts';
import { startEdge, type TestEdge, type WireState } from './edge.ts';
import { bodyOf, documentOf, leadRedis, type Leader } from './leader.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

const client = openClient({ fresh: true });
let folder = '';
let redis: TestRedis;
let leader: Leader;
let servers: TestServers;
let edge: TestEdge;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-clock-'));
  // The workers, who are somebody else, read it.
  await chmod(folder, 0o755);
  await step(0);
  servers = await startServers(2);
  redis = await startRedis();
  leader = leadRedis(redis.url);
  await leader.take(100);
  const env = {
    LD_PRELOAD: execFileSync('faketime', ['-f', '+0', 'sh', '-c', 'echo "$LD_PRELOAD"'])
      .toString()
      .trim(),
    FAKETIME_TIMESTAMP_FILE: clock(),
    FAKETIME_NO_CACHE: '1',
    // A step moves the time of day, and not the clock that timers go by.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
  edge = await startEdge({
    redisUrl: redis.url,
    env,
    // nginx empties its workers' environment but for these.
    main: Object.keys(env)
      .map((name) => `env ${name};`)
      .join(' '),
    locations:
      'location /time { content_by_lua_block { ngx.update_time() ngx.print(ngx.time()) } }',
  });
});

afterAll(async () => {
  await client.close();
  leader?.close();
  await edge?.close();
  await redis?.close();
  await servers?.close();
  await rm(folder, { recursive: true, force: true });
});

const clock = (): string => join(folder, 'clock');

async function step(seconds: number): Promise<void> {
  await writeFile(clock(), `${seconds < 0 ? '' : '+'}${seconds}\n`);
}

const beats = async (): Promise<number> =>
  ((await leader.heartbeat('edge-1')) as WireState | null)?.beat ?? 0;

test.each([
  ['back by an hour', -3600],
  ['on by a day', 86_400],
  ['back by ten years', -315_000_000],
])('clock steps %s: no effect', async (_, seconds) => {
  const [a = '', b = ''] = servers.addresses;
  await step(0);
  const time = async () => Number((await client.get(`${edge.url}/time`, 'any')).body);
  const now = await time();
  const [port = 0] = await freePorts(1);
  const dead = `127.0.0.1:${port}`;
  const ill = await leader.commit({ ill: bodyOf('ill', { [a]: 1, [dead]: 1 }) });
  await until('published', async () => (await edge.state()).mark?.version === ill.mark.version);
  // Marked, in both workers, for a time that must not depend on the step.
  expect(await client.load(edge.url, 'ill.example', 60)).toEqual(new Map([[a, 60]]));
  await step(seconds);
  await until(
    'the edge has another time of day',
    async () => Math.abs((await time()) - now - seconds) < 1000,
  );
  // Two updates at once, by push, and one by the poll.
  const first = await leader.commit({ shop: bodyOf('shop', { [a]: 1 }) });
  const second = await leader.commit({ shop: bodyOf('shop', { [b]: 1 }) });
  for (const { documents, mark, base } of [first, second])
    await edge.call('POST', '/v1/upstreams', { term: 100, documents, mark, base });
  expect(await client.load(edge.url, 'shop.example', 40)).toEqual(new Map([[b, 40]]));
  const third = await leader.commit({ shop: bodyOf('shop', { [a]: 1, '127.0.0.1:1': 1 }) });
  await until('polled, applied and saved', async () => {
    const { saved, workers } = await edge.state();
    const marks = [saved, ...workers.map(({ mark }) => mark)];
    return marks.every((mark) => mark?.version === third.mark.version);
  });
  // Marks of health, heartbeats, and a lock whose holder is killed.
  expect(await client.load(edge.url, 'shop.example', 60)).toEqual(new Map([[a, 60]]));
  const before = await beats();
  await until('heartbeats go on', async () => (await beats()) > before);
  const revived = createServer((_, response) => response.end('revived'));
  await new Promise<void>((resolve) => {
    revived.listen(port, '127.0.0.1', resolve);
  });
  await until('the mark has run out', async () =>
    (await client.load(edge.url, 'ill.example', 20)).has('revived'),
  );
  revived.close();
  revived.closeAllConnections();
  for (const pid of edge.pids().workers) process.kill(pid, 'SIGKILL');
  const { mark } = await leader.commit({ other: bodyOf('other', { [b]: 1 }) });
  await until(
    'another worker follows',
    async () => (await edge.state()).mark?.version === mark.version,
  );
  // An older stamp stays older, whatever the time.
  const late = documentOf('shop', first.mark, bodyOf('shop', { [b]: 1 }));
  const { json } = await edge.call('POST', '/v1/upstreams', { term: 100, documents: [late] });
  expect(json).toMatchObject({ verdicts: [{ code: 'older' }] });
});

test('no file of the edge asks for the time of day', async () => {
  const root = join(import.meta.dirname, '..', '..');
  const found = await Promise.all(
    filesIn(root, ['lua/ballast'], /\.lua$/).map(async (file) => {
      const text = await readFile(join(root, file), 'utf8');
      const asked =
        /\bos\.(time|date|clock)\b|\bngx\.(time|now|today|localtime|utctime|http_time|cookie_time|req\.start_time)\b/;
      return asked.test(text) ? [file] : [];
    }),
  );
  expect(found.flat()).toEqual([]);
  // Nor does nginx in their place: what is shared never runs out.
  const state = await readFile(join(root, 'lua', 'ballast', 'state.lua'), 'utf8');
  const calls = [...state.matchAll(/:(?:safe_)?(?:set|add|replace)\((.*)\)$/gm)];
  expect(calls.length).toBeGreaterThan(5);
  const times = calls.map(([, call = '']) =>
    call
      .replace(/\([^()]*\)/g, '')
      .split(',')[2]
      ?.trim(),
  );
  expect(times.filter((time) => time !== undefined && time !== '0')).toEqual([]);
  expect(state).not.toMatch(/:expire\(/);
  const system = await readFile(join(root, 'lua', 'ballast', 'system.lua'), 'utf8');
  expect(system).toContain('CLOCK_MONOTONIC = 1');
});
