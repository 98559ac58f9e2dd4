// History, audit and reverts through the API, over whole controllers in memory.

import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import type { EdgeState } from '../../src/edges/edge-state.ts';
import type { Stamp } from '../../src/model.ts';
import { until } from '../controlplane/until.ts';
import type { Own } from './memory-controller.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

/** East has two ingress nodes, west one; shop is in both, news in east alone. */
async function start(own: Own = {}) {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([1, 2].map((n) => ({ name: `e${n}`, address: `10.1.0.${n}:80` })));
  west.setNodes([{ name: 'w1', address: '10.2.0.1:80' }]);
  east.set('shop', { pods: 8 });
  west.set('shop', { pods: 5 });
  east.set('news', { pods: 2 });
  const api = await openApi({ clusters: [east, west], ...own });
  await until('it leads', () => api.controller.published()?.app('news') !== undefined);
  const scaled = async (pods: number, weights: string) => {
    east.set('shop', { pods });
    await until(`east has ${pods}`, () => api.weights() === weights);
    return api.controller.published()?.app('shop')?.stamp.version ?? 0;
  };
  const history = async (query = '') => (await api.call('GET', `/api/v1/history${query}`)).json;
  const audit = async (query = '') => (await api.call('GET', `/api/v1/audit${query}`)).json;
  const revert = (body: object, query = '', app = 'shop') =>
    api.call('POST', `/api/v1/apps/${app}/revert${query}`, { why: 'it was better', ...body });
  const version = () => api.controller.published()?.app('shop')?.stamp.version ?? 0;
  return { east, west, scaled, history, audit, revert, version, ...api };
}

test('a change has old, new, the sums behind both, its cause, actor and version', async () => {
  const { scaled, history, version } = await start();
  const first = version();
  const second = await scaled(20, '100, 100, 50');
  const { items } = await history('?app=shop');
  expect(items).toHaveLength(2);
  expect(items[0]).toEqual({
    id: `${second}-0`,
    term: expect.any(Number),
    version: second,
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    app: 'shop',
    actor: 'controller',
    causes: [{ kind: 'pods', text: 'east: pods 8 to 20' }],
    previous: first,
    clusters: [
      {
        name: 'east',
        before: {
          weight: 80,
          share: 80 / 130,
          servers: 2,
          sum: '8 pods * 10 / 2 ingress nodes = 40',
        },
        after: {
          weight: 200,
          share: 0.8,
          servers: 2,
          sum: '20 pods * 10 / 2 ingress nodes = 100',
        },
      },
      {
        name: 'west',
        before: {
          weight: 50,
          share: 50 / 130,
          servers: 1,
          sum: '5 pods * 10 / 1 ingress node = 50',
        },
        after: { weight: 50, share: 0.2, servers: 1, sum: '5 pods * 10 / 1 ingress node = 50' },
      },
    ],
    servers: [
      { address: '10.1.0.1:80', from: 'east', before: 40, after: 100 },
      { address: '10.1.0.2:80', from: 'east', before: 40, after: 100 },
      { address: '10.2.0.1:80', from: 'west', before: 50, after: 50 },
    ],
    edges: [],
  });
  expect(items[1]).toMatchObject({ version: first, causes: [{ kind: 'first-look' }] });
  expect(items[1].previous).toBeUndefined();
  expect(items[1].clusters[0].before).toBeUndefined();
});

test('nodes, VMs, guard, holds and their end are causes of their own', async () => {
  const { east, west, hold, call, history, weights } = await start({ secondLookMs: 1 });
  const last = async () => (await history('?app=shop&limit=1')).items[0];
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  await until('a node less', () => weights() === '80, 50');
  expect((await last()).causes).toEqual([{ kind: 'nodes', text: 'east: ingress nodes 2 to 1' }]);
  west.set('shop', { pods: 0 });
  await until('west is out', () => weights() === '80');
  expect((await last()).causes).toEqual([{ kind: 'pods', text: 'west: pods 5 to 0' }]);
  expect((await last()).servers).toContainEqual({
    address: '10.2.0.1:80',
    from: 'west',
    before: 50,
  });
  west.set('shop', { pods: 5 });
  await until('west is back', () => weights() === '80, 50');
  const { json } = await hold({ id: 'h', kind: 'drain', app: 'shop', cluster: 'west' });
  const drained = await last();
  expect(drained).toMatchObject({
    actor: 'local',
    version: json.version,
    causes: [{ kind: 'hold', text: 'drain h of app shop, cluster west: repair' }],
  });
  expect(drained.clusters[1].after).toMatchObject({
    weight: 0,
    sum: '5 pods * 10 / 1 ingress node = 50; drain h of local: 0',
  });
  await call('DELETE', '/api/v1/holds/h');
  expect((await last()).causes).toEqual([{ kind: 'hold', text: 'lift h' }]);
});

test('filters and pages', async () => {
  const { scaled, hold, history } = await start();
  const before = await scaled(20, '100, 100, 50');
  await scaled(10, '50, 50, 50');
  await hold({ kind: 'drain', app: 'shop', cluster: 'west' });
  const versions = async (query: string) =>
    (await history(query)).items.map((item: { version: number }) => item.version);
  const all = await versions('');
  expect(all).toEqual(all.toSorted((a: number, b: number) => b - a));
  expect(await versions('?app=news')).toHaveLength(1);
  expect(await versions('?app=nobody')).toEqual([]);
  expect(await versions('?cause=pods')).toEqual([before + 1, before]);
  expect(await versions('?cluster=west&cause=hold')).toEqual([before + 2]);
  expect(await versions('?cluster=east&actor=controller&app=shop')).toHaveLength(3);
  for (const query of ['?limit=1', '?limit=1&app=shop', '?limit=1&cluster=east']) {
    const found: number[] = [];
    for (let next: string | undefined = ''; next !== undefined; ) {
      const page = await history(`${query}${next === '' ? '' : `&continue=${next}`}`);
      expect(page.items.length).toBeLessThanOrEqual(1);
      found.push(...page.items.map((item: { version: number }) => item.version));
      next = page.continue;
    }
    expect(found).toEqual(await versions(query.replace('limit=1', 'limit=500')));
  }
  expect(await versions('?since=2100-01-01T00:00:00Z')).toEqual([]);
  expect(await versions('?since=1969-01-01T00:00:00Z')).toEqual(all);
});

test.each([
  ['?limit=0', 'querystring/limit'],
  ['?limit=501', 'querystring/limit'],
  ['?continue=abc', 'querystring/continue'],
  ['?since=soon', 'querystring/since must be as 2026'],
  ['?cause=weather', 'querystring/cause'],
  ['?server=x', 'querystring/server is not known here'],
])('history%s is refused: %s', async (query, text) => {
  const { call } = await start();
  const { status, json } = await call('GET', `/api/v1/history${query}`);
  expect([status, json.code, json.detail]).toEqual([
    400,
    'request-invalid',
    expect.stringContaining(text),
  ]);
});

/** An edge's word about itself. */
function word(name: string, mark: Stamp, more: Partial<EdgeState> = {}): EdgeState {
  const rest = { start: 's', highest: mark.term, compared: mark.term, above: [], documents: 1 };
  return {
    name,
    beat: 1,
    mark,
    saved: mark,
    workers: [],
    refused: [],
    source: 'redis',
    ...rest,
    ...more,
  };
}

test('when each edge acknowledged stands beside the change, late ones too', async () => {
  const { book, controller, scaled, history } = await start();
  const mark = () => controller.published()?.mark ?? { term: 0, version: 0 };
  let beat = 0;
  const say = (name: string, at: Stamp, more: Partial<EdgeState> = {}) =>
    book.hear(word(name, at, { beat: (beat += 1), ...more }), systemClock.now());
  const before = mark();
  say('edge-1', before);
  say('edge-2', before);
  const version = await scaled(20, '100, 100, 50');
  const edges = async () => (await history('?app=shop&limit=1')).items[0].edges;
  expect(await edges()).toEqual([
    { name: 'edge-1', acknowledged: false },
    { name: 'edge-2', acknowledged: false },
  ]);
  say('edge-1', mark());
  const full = { app: 'shop', stamp: mark(), code: 'full' };
  say('edge-2', mark(), { refused: [full] });
  // Of another term: it says nothing of this one.
  say('edge-3', { term: before.term - 1, version });
  const had = (name: string) => ({ name, acknowledged: true, afterMs: expect.any(Number) });
  await until('the first one is written', async () => (await edges())[0].afterMs !== undefined);
  expect(await edges()).toEqual([
    had('edge-1'),
    { name: 'edge-2', acknowledged: false },
    { name: 'edge-3', acknowledged: false },
  ]);
  say('edge-2', mark());
  say('edge-3', mark());
  await until('all are written', async () => (await edges()).length === 3);
  await until('all are written', async () => (await edges())[1].afterMs !== undefined);
  expect(await edges()).toEqual([had('edge-1'), had('edge-2'), had('edge-3')]);
  // A later term's mark has all of this one, whoever led when it came.
  say('edge-4', { term: before.term + 1, version: 1 });
  expect((await edges())[3]).toEqual({ name: 'edge-4', acknowledged: true });
});

test('every write is in the audit with its actor, refused ones with the reason', async () => {
  const { hold, call, audit } = await start();
  const { json } = await hold({ id: 'a', kind: 'drain', app: 'shop', cluster: 'west' });
  await hold({ kind: 'drain', app: 'news' });
  await hold({ kind: 'drain', app: 'news' }, '?dryRun=true');
  await hold({ kind: 'drain', app: 'news', why: '' });
  await call('DELETE', '/api/v1/holds/a');
  const { items } = await audit();
  expect(items).toMatchObject([
    { actor: 'local', text: 'lift a', changed: 1 },
    { actor: 'local', text: 'POST /api/v1/holds', refused: { code: 'request-invalid' } },
    {
      actor: 'local',
      text: 'POST /api/v1/holds',
      refused: { code: 'would-empty', detail: expect.stringContaining('news would lose its last') },
    },
    {
      actor: 'local',
      text: 'drain a of app shop, cluster west: repair',
      changed: 1,
      version: json.version,
      term: json.term,
    },
  ]);
  expect(items).toHaveLength(4);
  expect(items[1].version).toBeUndefined();
  expect((await audit('?refused=true')).items).toEqual([items[1], items[2]]);
  expect((await audit('?refused=false')).items).toEqual([items[0], items[3]]);
  expect((await audit('?actor=local&limit=2')).items).toEqual([items[0], items[1]]);
});

test('of a flood of refused writes the rest is only counted', async () => {
  const { hold, audit } = await start();
  for (let times = 0; times < 70; times += 1) await hold({ kind: 'drain', app: 'news' });
  expect((await audit('?limit=500')).items).toHaveLength(20);
});

test('an app goes back to an earlier version, and stays there until the hold is lifted', async () => {
  const { scaled, revert, version, weights, call, east } = await start();
  const first = version();
  await scaled(20, '100, 100, 50');
  const dry = await revert({ version: first }, '?dryRun=true');
  expect(dry.json).toMatchObject({
    items: [
      {
        app: 'shop',
        before: [{ share: 0.4 }, { share: 0.4 }, { share: 0.2 }],
        after: [{ share: 40 / 130 }, { share: 40 / 130 }, { share: 50 / 130 }],
      },
    ],
    wanted: [{ share: 40 / 130 }, { share: 40 / 130 }, { share: 50 / 130 }],
  });
  expect(weights()).toBe('100, 100, 50');
  const { status, json } = await revert({ version: first, until: '2100-01-01T00:00:00Z' });
  expect([status, weights()]).toEqual([201, '40 of 100, 40 of 100, 50']);
  expect((await call('GET', `/api/v1/holds/${json.ids[0]}`)).json).toMatchObject({
    kind: 'freeze',
    app: 'shop',
    who: 'local',
    why: `revert to version ${first}: it was better`,
    until: '2100-01-01T00:00:00.000Z',
    kept: { shop: { east: 80, west: 50 } },
  });
  east.set('shop', { pods: 40 });
  await until('pods move beneath it', () => weights() === '40 of 200, 40 of 200, 50');
  await call('DELETE', `/api/v1/holds/${json.ids[0]}`);
  expect(weights()).toBe('200, 200, 50');
});

test('any version counts, not only those that changed the app', async () => {
  const { scaled, revert, weights, hold } = await start();
  const second = await scaled(20, '100, 100, 50');
  await hold({ kind: 'drain', app: 'other', cluster: 'west' });
  await scaled(10, '50, 50, 50');
  await revert({ version: second + 1 });
  expect(weights()).toBe('100 of 50, 100 of 50, 50');
});

test('servers that had parts of their own have them again', async () => {
  const { hold, call, revert, weights, version } = await start();
  await hold({ id: 'a', kind: 'pin', app: 'shop', server: '10.1.0.1:80', weight: 7 });
  const then = version();
  await call('DELETE', '/api/v1/holds/a');
  expect(weights()).toBe('40, 40, 50');
  const { json } = await revert({ version: then });
  expect([json.ids.length, weights()]).toEqual([3, '7 of 40, 40, 50']);
});

test('a node that replaced another has its part; a cluster that came since has none', async () => {
  const { east, west, revert, weights, version } = await start();
  west.set('shop', { pods: 0 });
  await until('west is out', () => weights() === '40, 40');
  const then = version();
  west.set('shop', { pods: 5 });
  east.setNodes([{ name: 'e3', address: '10.1.0.3:80' }]);
  await until('all is moved', () => weights() === '80, 50');
  east.set('shop', { pods: 16 });
  await until('east grows', () => weights() === '160, 50');
  expect((await revert({ version: then })).status).toBe(201);
  expect(weights()).toBe('80 of 160, 0 of 50');
});

test('a version that is trimmed, not yet there or before the app is named as that', async () => {
  const { scaled, revert, store, version } = await start();
  const first = version();
  const second = await scaled(20, '100, 100, 50');
  const third = await scaled(10, '50, 50, 50');
  const refused = async (asked: number) => {
    const { status, json } = await revert({ version: asked });
    return [status, json.code, json.detail];
  };
  const is = (text: string) => [404, 'version-unknown', expect.stringContaining(text)];
  expect(await refused(99)).toEqual(is(`the last version is ${third}`));
  expect(await refused(first - 1)).toEqual(is(`shop was first published by version ${first}`));
  const bounds = { entries: 1, days: 1 };
  await store.history.trim(bounds, bounds);
  const text = `shop is kept back to version ${second}; version ${first} is trimmed`;
  expect(await refused(first)).toEqual(is(text));
  // What was there before the oldest entry is in that entry.
  expect((await revert({ version: second }, '?dryRun=true')).status).toBe(200);
  const { status, json } = await revert({ version: third }, '', 'nobody');
  expect([status, json.detail]).toEqual([
    404,
    expect.stringContaining('nothing is kept of nobody'),
  ]);
});

test('a cluster that is gone, or a stronger hold, is named, and nothing is written', async () => {
  const { west, hold, revert, version, weights, controller } = await start();
  const first = version();
  west.set('shop', { pods: 0 });
  await until('west is out', () => weights() === '40, 40');
  const gone = await revert({ version: first });
  expect([gone.status, gone.json.code, gone.json.detail]).toEqual([
    409,
    'revert-gone',
    expect.stringContaining(
      `version ${first} shop had weight 50 from west (10.2.0.1:80); nothing of west is in it now`,
    ),
  ]);
  west.set('shop', { pods: 5 });
  await until('west is back', () => weights() === '40, 40, 50');
  await hold({ id: 'a', kind: 'drain', cluster: 'west', why: 'kernel' });
  await hold({ id: 'b', kind: 'pin', app: 'shop', cluster: 'east', weight: 2 });
  const before = controller.published()?.mark;
  for (const lift of [[], ['a'], ['b']]) {
    const { status, json } = await revert({ version: first, lift });
    expect([status, json.code]).toEqual([409, 'revert-held']);
    const text =
      lift[0] === 'a' ? 'pin b of local speaks of east' : 'drain a of local speaks of west';
    if (lift.length > 0) expect(json.detail).toContain(text);
  }
  expect(controller.published()?.mark).toEqual(before);
  const { status } = await revert({ version: first, lift: ['a', 'b'] });
  expect([status, weights()]).toEqual([201, '40, 40, 50']);
});

test.each([
  [{}, 'body must have required property'],
  [{ version: 0 }, 'body/version'],
  [{ version: 1, why: 'a\u0000b' }, 'body/why is no plain text'],
  [{ version: 1, why: '  ' }, 'body/why is blank'],
  [{ version: 1, until: '1959-01-01T00:00:00Z' }, 'body/until lies in the past'],
  [{ version: 1, to: 1 }, 'body/to is not known here'],
])('revert %j is refused: %s', async (asked, text) => {
  const { revert } = await start();
  const { status, json } = await revert(asked);
  expect([status, json.code, json.detail]).toEqual([
    400,
    'request-invalid',
    expect.stringContaining(text),
  ]);
});
