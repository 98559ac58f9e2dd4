// Fault "crash": requests in flight in a killed worker are lost, and are told apart from all others, of
// which none is. Updates, drains and reloads meanwhile: in-place.test.ts.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { startEdge, type TestEdge } from './edge.ts';
import { openLanes, WORKER_HEADER, type Lane } from './lanes.ts';
import { bodyOf, documentOf } from './leader.ts';
import { openClient } from './servers.ts';

const WORKERS = 2;
const LANES_EACH = 5;
const fresh = openClient({ fresh: true });
const held: ServerResponse[] = [];
let server: Server;
let edge: TestEdge;

beforeAll(async () => {
  server = createServer(({ headers }, response) => {
    if (headers.host === 'slow.example') held.push(response);
    else response.end('quick');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const weights = { [`127.0.0.1:${(server.address() as AddressInfo).port}`]: 1 };
  edge = await startEdge({
    redisUrl: 'redis://127.0.0.1:1',
    workers: WORKERS,
    location: WORKER_HEADER,
    locations: `location /hold { content_by_lua_block {
      ngx.shared.ballast_edge:set(ngx.unescape_uri(ngx.var.arg_key), tonumber(ngx.var.arg_pid)) } }`,
  });
  const stamp = { term: 10, version: 1 };
  const documents = ['slow', 'quick'].map((app) => documentOf(app, stamp, bodyOf(app, weights)));
  expect(await edge.call('POST', '/v1/upstreams', { term: 10, documents })).toMatchObject({
    json: { verdicts: [{ code: 'applied' }, { code: 'applied' }] },
  });
});

afterAll(async () => {
  await fresh.close();
  await edge?.close();
  server?.close();
  server?.closeAllConnections();
});

test('a killed worker: what is in flight in it is lost and told apart, and no other request fails', async () => {
  const lanes: [number, Lane][] = [];
  for (let i = 0; i < LANES_EACH; i++)
    lanes.push(...(await openLanes(edge.url, 'quick.example', WORKERS)));
  const [victim = 0] = edge.pids().workers;
  const asked = lanes.map(async ([worker, lane]) => {
    const outcome = await lane.ask('slow.example').then(
      () => 'served',
      () => 'lost',
    );
    return { worker, outcome };
  });
  await until('all are in flight', () => held.length === lanes.length);
  process.kill(victim, 'SIGKILL');
  expect(await fresh.load(edge.url, 'quick.example', 200)).toEqual(new Map([['quick', 200]]));
  for (const response of held) response.end('slow');
  const outcomes = await Promise.all(asked);
  for (const [, lane] of lanes) lane.close();
  const lost = outcomes.filter(({ outcome }) => outcome === 'lost');
  expect(lost.map(({ worker }) => worker)).toEqual(
    Array.from({ length: LANES_EACH }, () => victim),
  );
});

test('a lock whose holder was killed, and who was taking it over too, is taken over', async () => {
  const killed = edge.pids().workers;
  for (const pid of killed) process.kill(pid, 'SIGKILL');
  await until('other workers', async () => {
    const { workers } = edge.pids();
    return workers.length === WORKERS && !workers.some((pid) => killed.includes(pid));
  });
  const [holder, successor] = killed;
  for (const [key, pid] of [
    [`l:apply ${holder} ${successor}`, holder],
    [`l:apply ${holder}`, successor],
    ['l:apply', holder],
  ] as const) {
    const answer = await fetch(`${edge.url}/hold?key=${encodeURIComponent(key)}&pid=${pid}`);
    expect(answer.status).toBe(200);
  }
  const stamp = { term: 10, version: 2 };
  const documents = [documentOf('late', stamp, bodyOf('late', { '127.0.0.1:1': 1 }))];
  expect(await edge.call('POST', '/v1/upstreams', { term: 10, documents })).toMatchObject({
    json: { verdicts: [{ code: 'applied' }] },
  });
});
