// Documents and heartbeats by the API, over a whole controller in memory.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildApi } from '../../src/api/server.ts';
import { systemClock } from '../../src/clock.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import type { Controller } from '../../src/controller.ts';
import type { EdgeBook } from '../../src/edges/edge-book.ts';
import { digestOf } from '../../src/edges/digest.ts';
import { encodeUpstream } from '../../src/edges/document.ts';
import type { MemoryStore } from '../../src/edges/memory.ts';
import { collectStatistics } from '../../src/edges/statistics.ts';
import { isHeld } from '../../src/edges/store.ts';
import { joinVms } from '../../src/inventory/vms.ts';
import { until } from '../controlplane/until.ts';
import { openAtLoopback } from './access.ts';
import { NO_MIGRATIONS } from './no-migrations.ts';
import { controllerInMemory } from './memory-controller.ts';

let cluster: MemoryCluster;
let store: MemoryStore;
let book: EdgeBook;
let controller: Controller;
let api: ReturnType<typeof buildApi>;
let stop: AbortController;
let running: Promise<void> | undefined;

beforeEach(() => {
  open([]);
});
afterEach(async () => {
  stop.abort();
  await running;
  running = undefined;
  await api.close();
});

function open(edges: readonly string[]): void {
  stop = new AbortController();
  cluster = new MemoryCluster('east');
  cluster.setNodes([{ name: 'n1', address: '10.0.0.1:80' }]);
  ({ controller, store, book } = controllerInMemory({ clusters: [cluster], edges }));
  api = buildApi({
    access: openAtLoopback('admin'),
    controller,
    sources: () => [],
    vms: joinVms([]),
    book,
    migrations: NO_MIGRATIONS,
    statistics: collectStatistics(),
    beat: (edge, text) => store.beat(edge, text),
    edges: store,
    notes: store.notes,
    history: store.history,
    clock: systemClock,
    ready: () => ({ ready: true, why: '' }),
    environment: 'test',
    metrics: async () => ({ type: 'text/plain', text: '' }),
    wall: () => new Date(0),
    random: () => 0.5,
    forgottenHours: () => 24,
    signal: stop.signal,
  });
}

interface Answer {
  readonly term: number;
  readonly version: number;
  readonly compare?: boolean;
  readonly documents?: readonly { readonly app: string; readonly body?: string }[];
  readonly manifest?: Readonly<Record<string, string>>;
  readonly continue?: string;
}

async function get(path: string): Promise<Answer> {
  const reply = await api.inject(`/api/v1/documents${path}`);
  expect(reply.statusCode).toBe(200);
  return reply.json();
}

async function lead(...apps: string[]): Promise<Answer> {
  for (const app of apps) cluster.set(app, { pods: 1, routed: true, hosts: [`${app}.test`] });
  running = controller.run(stop.signal);
  return until('all apps are served', async () => {
    if (!controller.served()) return undefined;
    const { manifest, ...answer } = await get('/manifest');
    return apps.every((app) => manifest?.[app] !== undefined) ? answer : undefined;
  });
}

const mark = ({ term, version }: Answer): string => `since=${term}-${version}`;

test('before there is a term it answers 503 with Retry-After, and nothing else', async () => {
  for (const path of ['', '?since=1-1&wait=1s', '?apps=a', '/manifest']) {
    const reply = await api.inject(`/api/v1/documents${path}`);
    expect(reply.statusCode).toBe(503);
    expect(reply.headers['retry-after']).toBe('1');
    expect(reply.json()).toMatchObject({
      code: 'not-leader',
      detail: expect.stringContaining('starting'),
    });
  }
});

test('a standby and a controller without Redis answer 503', async () => {
  const taken = await store.take('other', 'http://127.0.0.1:2', 60_000);
  expect(isHeld(taken)).toBe(false);
  running = controller.run(stop.signal);
  await until('standby', () => controller.leader().phase === 'standby of other');
  const reply = await api.inject('/api/v1/documents');
  expect(reply.json()).toMatchObject({
    code: 'not-leader',
    detail: expect.stringContaining('standby of other'),
  });
});

test('when Redis goes a long poll ends at once, with 503', async () => {
  const seen = await lead('shop');
  const poll = api.inject(`/api/v1/documents?${mark(seen)}&wait=60s`);
  store.setUp(false);
  expect((await poll).json()).toMatchObject({ code: 'not-leader' });
});

test('documents are the bytes that were committed, with their stamps', async () => {
  await lead('shop', 'cart');
  const { documents, term, version } = await get('?apps=shop,nobody');
  const held = (await store.read()).documents.get('shop');
  const body = encodeUpstream({
    app: 'shop',
    hosts: ['shop.test'],
    policy: { balance: 'smooth', whenUnhealthy: 'spread' },
    servers: [{ address: '10.0.0.1:80', from: 'east', weight: 10 }],
  });
  const digest = digestOf(body);
  expect(documents).toEqual([{ app: 'shop', ...held?.stamp, digest, owner: 'controller', body }]);
  expect({ term, version }).toEqual(await store.version());
});

test('a mark is told what changed since, and waits where nothing did', async () => {
  const seen = await lead('shop', 'cart');
  expect(await get(`?${mark(seen)}`)).toEqual({ ...seen, documents: [] });
  const poll = get(`?${mark(seen)}&wait=60s`);
  cluster.set('shop', { pods: 3, routed: true, hosts: ['shop.test'] });
  const next = await poll;
  expect(next.version).toBe(seen.version + 1);
  expect(next.documents?.map(({ app }) => app)).toEqual(['shop']);
});

test('what cannot be told is to be compared: no mark, another term, above, below what is known', async () => {
  const { term, version } = await lead('shop');
  const compare = { term, version, compare: true };
  expect(await get('')).toEqual(compare);
  for (const since of [`${term - 1}-${version}`, `${term}-${version + 1}`, `${term}-0`]) {
    expect(await get(`?since=${since}&wait=60s`)).toEqual(compare);
  }
});

test('a round of more documents than an answer holds is compared', async () => {
  const seen = await lead('shop');
  for (let i = 0; i < 300; i += 1) {
    cluster.set(`app-${i}`, { pods: 1, routed: true, hosts: [] });
  }
  await until('all are served', () => controller.served()?.documents().size === 301);
  expect(await get(`?${mark(seen)}`)).toMatchObject({ compare: true });
});

test('the manifest comes in pages, each name once, also when it grows meanwhile', async () => {
  const apps = Array.from({ length: 7 }, (_, i) => `app-${i}`);
  await lead(...apps);
  const names: string[] = [];
  let after: string | undefined;
  do {
    const more: string = after === undefined ? '' : `&after=${after}`;
    const page: Answer = await get(`/manifest?limit=3${more}`);
    names.push(...Object.keys(page.manifest ?? {}));
    if (after === undefined) {
      cluster.set('app-00', { pods: 1, routed: true, hosts: [] });
      cluster.set('zoo', { pods: 1, routed: true, hosts: [] });
      await until('both are served', () => controller.served()?.documents().size === 9);
    }
    after = page.continue;
  } while (after !== undefined);
  expect(names).toEqual([...apps, 'zoo']);
  expect(Object.keys((await get('/manifest?apps=zoo,none')).manifest ?? {})).toEqual(['zoo']);
});

const beat = (name: string, more: object = {}) => ({
  name,
  environment: 'test',
  start: 'a',
  beat: 1,
  control: null,
  highest: 0,
  mark: null,
  saved: null,
  workers: [{ pid: 1, mark: null }],
  refused: [],
  compared: 0,
  above: [],
  documents: 0,
  source: 'api',
  ...more,
});
const post = (name: string, payload: object) =>
  api.inject({ method: 'POST', url: `/api/v1/edges/${name}/heartbeat`, payload });

test('a heartbeat stands in the store, where everything looks for it', async () => {
  await lead('shop');
  expect((await post('edge-9', beat('edge-9'))).statusCode).toBe(204);
  expect((await store.heartbeats()).states.map(({ name }) => name)).toEqual(['edge-9']);
  await until('the book knows it', () =>
    book.views(undefined, 0).some(({ name, state }) => name === 'edge-9' && state),
  );
});

test('a heartbeat of another name, or of another shape, is refused with its place', async () => {
  const wrong = await post('edge-9', beat('edge-8'));
  expect(wrong.statusCode).toBe(400);
  expect(wrong.json()).toMatchObject({ code: 'request-invalid' });
  expect(wrong.json().detail).toContain('body/name');
  const shape = await post('edge-9', beat('edge-9', { mark: 'x' }));
  expect(shape.json().detail).toContain('body/mark');
  expect((await store.heartbeats()).states).toEqual([]);
  store.setUp(false);
  const down = await post('edge-9', beat('edge-9'));
  expect(down.json()).toMatchObject({ status: 503, code: 'redis-unavailable' });
});

test('other methods of these routes are 405', async () => {
  const reply = await api.inject({ url: '/api/v1/edges/edge-9/heartbeat' });
  expect(reply.statusCode).toBe(405);
  expect(reply.headers['allow']).toBe('POST');
  const other = await api.inject({ method: 'POST', url: '/api/v1/documents' });
  expect(other.statusCode).toBe(405);
  expect(other.headers['allow']).toBe('GET, HEAD');
});

test('while it gathers it answers under the new term with what Redis held, and seeds what a heartbeat brings', async () => {
  await api.close();
  open(['edge-9']);
  running = controller.run(stop.signal);
  const gathering = await until('it answers', async () => controller.served() && get(''));
  expect(controller.leader()).toMatchObject({ leading: false });
  expect(gathering).toMatchObject({ version: 0, compare: true });
  expect((await get('/manifest')).manifest).toEqual({});
  const { term } = gathering;
  const body = '{"debts":[],"holds":[],"moved":[]}';
  const above = [
    { app: '_holds', term: 3, version: 7, digest: digestOf(body), owner: 'controller', body },
    { app: 'gone', term: 3, version: 8, digest: '-', owner: 'controller', deleted: true },
  ];
  const state = { highest: term, mark: { term: 3, version: 8 }, above };
  expect((await post('edge-9', beat('edge-9', state))).statusCode).toBe(204);
  await until('it leads', () => controller.leader().leading);
  expect((await get('?apps=_holds,gone')).documents).toEqual(above);
  const late = [{ ...above[1], app: 'late', version: 2 }];
  const seen = await get('?apps=none');
  await post('edge-9', beat('edge-9', { beat: 2, highest: term, compared: 0, above: late }));
  const next = await until('a late seeding is told to a mark above its stamp', async () => {
    const answer = await get(`?${mark(seen)}`);
    return answer.documents?.length === 1 ? answer : undefined;
  });
  expect(next.documents).toEqual(late);
});
