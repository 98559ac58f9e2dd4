// Holds through the API, over whole controllers in memory.

import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { BallastError } from '../../src/errors.ts';
import { openMemoryStore } from '../../src/edges/memory.ts';
import { HOLDS } from '../../src/edges/document.ts';
import type { EdgeState } from '../../src/edges/edge-state.ts';
import type { Stamp } from '../../src/model.ts';
import { until } from '../controlplane/until.ts';
import type { Own } from './memory-controller.ts';
import { closeAll, openApi } from './open-api.ts';
import { standbyOf } from './standby.ts';

afterEach(closeAll);

const START = Date.UTC(2026, 0, 1);

/** East has two ingress nodes, west one; shop is in both, news in east alone. */
async function start(own: Own = {}) {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([1, 2].map((n) => ({ name: `e${n}`, address: `10.1.0.${n}:80` })));
  west.setNodes([{ name: 'w1', address: '10.2.0.1:80' }]);
  east.set('shop', { pods: 8 });
  west.set('shop', { pods: 5 });
  east.set('news', { pods: 2 });
  const state = { wall: START };
  const more = await openApi({
    clusters: [east, west],
    wall: () => new Date(state.wall),
    ...own,
  });
  await until('it leads', () => more.controller.published()?.app('news') !== undefined);
  return { east, west, state, ...more };
}

test('a drain is one commit with the bodies it changes, and is lifted in one', async () => {
  const { hold, call, weights, controller } = await start();
  expect(weights()).toBe('40, 40, 50');
  const before = controller.published()?.mark.version ?? 0;
  const { status, json } = await hold({ kind: 'drain', app: 'shop', cluster: 'east' });
  expect([status, json.version]).toEqual([201, before + 1]);
  expect(weights()).toBe('0 of 40, 0 of 40, 50');
  const published = controller.published();
  expect(published?.app('shop')?.stamp).toEqual({ term: json.term, version: json.version });
  expect(published?.documents().get(HOLDS)?.stamp).toEqual(published?.app('shop')?.stamp);
  const [id] = json.ids as [string];
  expect((await call('GET', `/api/v1/holds/${id}`)).json).toMatchObject({
    id,
    kind: 'drain',
    app: 'shop',
    cluster: 'east',
    who: 'local',
    why: 'repair',
    since: '2026-01-01T00:00:00.000Z',
    ageSeconds: 0,
    acknowledged: true,
  });
  const lifted = await call('DELETE', `/api/v1/holds/${id}`);
  expect([lifted.status, lifted.json.version]).toEqual([200, before + 2]);
  expect(weights()).toBe('40, 40, 50');
  expect((await call('GET', `/api/v1/holds/${id}`)).json).toMatchObject({ code: 'hold-unknown' });
  expect((await call('DELETE', `/api/v1/holds/${id}`)).status).toBe(404);
});

test('an app shows its holds, its automatic weights and the sum behind them', async () => {
  const { hold, call, east } = await start();
  const { json } = await hold({ kind: 'drain', cluster: 'east', allowEmpty: true });
  east.set('shop', { pods: 12 });
  await until('the pods are counted', async () => {
    const app = (await call('GET', '/api/v1/apps/shop')).json;
    return app.servers[0].auto === 60;
  });
  const app = (await call('GET', '/api/v1/apps/shop')).json;
  expect(app.holds).toMatchObject([{ id: json.ids[0], kind: 'drain', cluster: 'east' }]);
  expect(app.servers[0]).toMatchObject({ weight: 0, auto: 60, share: 0, hold: json.ids[0] });
  const formula = `12 pods * 10 / 2 ingress nodes = 60; drain ${json.ids[0]} of local: 0`;
  expect(app.clusters[0]).toMatchObject({ formula, reason: { code: 'drained' } });
  expect((await call('GET', '/api/v1/apps/none-such')).status).toBe(404);
});

test('a dry run shows shares before and after, and changes nothing', async () => {
  const { hold, call, controller, weights } = await start();
  const before = controller.published()?.mark;
  const asked = { kind: 'drain', app: 'shop', cluster: 'east' };
  const { status, json } = await hold(asked, '?dryRun=true');
  expect(status).toBe(200);
  expect(json.items).toMatchObject([
    {
      app: 'shop',
      before: [{ weight: 40, share: 40 / 130 }, { weight: 40 }, { weight: 50 }],
      after: [{ weight: 0, auto: 40, share: 0 }, { weight: 0 }, { weight: 50, share: 1 }],
    },
  ]);
  expect((await call('GET', '/api/v1/holds')).json.items).toEqual([]);
  expect([controller.published()?.mark, weights()]).toEqual([before, '40, 40, 50']);
});

test('draining the last cluster, or the last server, is refused unless allowEmpty says so', async () => {
  const { hold, call, weights, controller } = await start();
  const before = controller.published()?.mark;
  for (const asked of [
    { kind: 'drain', cluster: 'east' },
    { kind: 'drain', app: 'news' },
    { holds: [1, 2].map((n) => ({ kind: 'drain', server: `10.1.0.${n}:80`, why: 'x' })) },
    { kind: 'pin', app: 'news', cluster: 'east', weight: 0 },
  ]) {
    const body = 'holds' in asked ? asked : { why: 'repair', ...asked };
    const { status, json } = await call('POST', '/api/v1/holds', body);
    expect([status, json.code]).toEqual([409, 'would-empty']);
    expect(json.detail).toContain('news would lose its last server: 2 serve now, none would');
    expect((await call('POST', '/api/v1/holds?dryRun=true', body)).json.code).toBe('would-empty');
  }
  expect(controller.published()?.mark).toEqual(before);
  const { status } = await hold({ kind: 'drain', cluster: 'east', allowEmpty: true });
  expect([status, weights('news'), weights()]).toEqual([
    201,
    '0 of 10, 0 of 10',
    '0 of 40, 0 of 40, 50',
  ]);
});

test('a drain is not refused for an app that is empty already, or that it does not touch', async () => {
  const { hold, east, call } = await start();
  east.set('news', { pods: 0 });
  await until('the guard refuses', async () => {
    const { json } = await call('GET', '/api/v1/apps/news');
    return json.refused?.code === 'would-empty';
  });
  expect((await hold({ kind: 'drain', cluster: 'west' })).status).toBe(201);
});

test('nor for servers that are at 0 already, whatever else the guard refuses of the app', async () => {
  const { hold, west, call, weights } = await start();
  await hold({ kind: 'drain', app: 'shop', cluster: 'east' });
  west.set('shop', { pods: 0 });
  await until('the guard refuses', async () => {
    const { json } = await call('GET', '/api/v1/apps/shop');
    return json.refused?.code === 'would-empty';
  });
  expect((await hold({ kind: 'drain', app: 'shop', server: '10.1.0.1:80' })).status).toBe(201);
  expect(weights()).toBe('0 of 40, 0 of 40, 50');
});

test('a freeze of what is drained keeps what lies beneath the drain', async () => {
  const { hold, call, east, weights } = await start();
  const { json } = await hold({ kind: 'drain', app: 'shop', cluster: 'east' });
  await hold({ kind: 'freeze', app: 'shop' });
  east.set('shop', { pods: 16 });
  await until('the pods are counted', () => weights() === '0 of 80, 0 of 80, 50');
  await call('DELETE', `/api/v1/holds/${json.ids[0]}`);
  expect(weights()).toBe('40 of 80, 40 of 80, 50');
});

test('several holds are one commit, or none', async () => {
  const { call, weights, controller } = await start();
  const before = controller.published()?.mark.version ?? 0;
  const two = [
    { id: 'a', kind: 'pin', app: 'shop', cluster: 'east', weight: 20, why: 'half' },
    { id: 'b', kind: 'drain', app: 'shop', server: '10.1.0.1:80', why: 'disk' },
  ];
  const wrong = [...two, { id: 'a', kind: 'drain', app: 'x', why: 'again' }];
  const refused = await call('POST', '/api/v1/holds', { holds: wrong });
  expect([refused.status, refused.json.code]).toEqual([409, 'hold-exists']);
  const { json } = await call('POST', '/api/v1/holds', { holds: two });
  expect(json).toMatchObject({ ids: ['a', 'b'], version: before + 1 });
  expect(weights()).toBe('0 of 40, 20 of 40, 50');
});

test('a hold is changed in one commit: lifted and said anew', async () => {
  const { hold, call, weights, controller } = await start();
  await hold({ id: 'a', kind: 'drain', app: 'shop', cluster: 'east' });
  const before = controller.published()?.mark.version ?? 0;
  const asked = { id: 'a', kind: 'drain', app: 'shop', cluster: 'west', lift: ['a'] };
  expect((await hold(asked)).json).toMatchObject({ ids: ['a'], version: before + 1 });
  expect(weights()).toBe('40, 40, 0 of 50');
  const none = await hold({ kind: 'drain', app: 'shop', cluster: 'east', lift: ['b'] });
  expect([none.status, none.json.code]).toEqual([404, 'hold-unknown']);
  expect((await call('GET', '/api/v1/holds')).json.items).toHaveLength(1);
});

test('a freeze keeps the sum, whoever carries it, and a hold never keeps who is gone', async () => {
  const { hold, east, weights } = await start();
  await hold({ kind: 'freeze', app: 'shop' });
  east.set('shop', { pods: 20 });
  east.setNodes([{ name: 'e3', address: '10.1.0.3:80' }]);
  await until('the new node has it', () => weights() === '80 of 200, 50');
  east.set('shop', { pods: 0 });
  await until('east is out', () => weights() === '50');
  east.set('shop', { pods: 1 });
  await until('east has its part again', () => weights() === '80 of 10, 50');
});

test('a hold may come before its app', async () => {
  const { hold, west, weights } = await start();
  await hold({ kind: 'drain', app: 'later', server: '10.2.0.1:80', allowEmpty: true });
  west.set('later', { pods: 3 });
  await until('it is published', () => weights('later') !== '');
  expect(weights('later')).toBe('0 of 30');
});

test('a hold ends at its time, and its end is a commit', async () => {
  const { hold, call, state, weights } = await start();
  const asked = { kind: 'drain', app: 'shop', cluster: 'east', until: '2026-01-01T01:00:00+00:00' };
  await hold(asked);
  expect(weights()).toBe('0 of 40, 0 of 40, 50');
  state.wall += 3_600_000;
  await until('it is over', () => weights() === '40, 40, 50');
  expect((await call('GET', '/api/v1/holds')).json.items).toEqual([]);
});

test('a drain that names a time falls in steps', async () => {
  const { hold, state, weights } = await start();
  await hold({ kind: 'drain', app: 'shop', cluster: 'east', rampSeconds: 100 });
  expect(weights()).toBe('40, 40, 50');
  for (const [seconds, left] of [
    [20, '32 of 40, 32 of 40, 50'],
    [55, '20 of 40, 20 of 40, 50'],
    [100, '0 of 40, 0 of 40, 50'],
  ] as const) {
    state.wall = START + seconds * 1000;
    await until(`${seconds} s later`, () => weights() === left);
  }
});

test.each([
  [{}, 'body/kind is missing'],
  [{ kind: 'drain' }, 'body names none of app, cluster and server'],
  [{ kind: 'drain', app: 'a', weight: 1 }, 'body/weight is not for a drain'],
  [{ kind: 'pin', app: 'a', cluster: 'east' }, 'body/weight is missing'],
  [{ kind: 'pin', app: 'a', weight: 1 }, 'body needs app, and cluster or server'],
  [{ kind: 'pin', cluster: 'east', weight: 1 }, 'body needs app, and cluster or server'],
  [{ kind: 'pin', app: 'a', server: '10.0.0.1:80', weight: 65536 }, 'body/weight must be at most'],
  [{ kind: 'freeze', app: 'a', allowEmpty: true }, 'body/allowEmpty is not for a freeze'],
  [{ kind: 'pin', app: 'a', cluster: 'b', weight: 1, rampSeconds: 9 }, 'body/rampSeconds is not'],
  [{ kind: 'drain', server: 'host:80' }, 'body/server must be IPv4:port'],
  [{ kind: 'drain', app: 'a', until: 'soon' }, 'body/until must be a time'],
  [{ kind: 'drain', app: 'a', until: '2025-12-31T00:00:00Z' }, 'body/until lies in the past'],
  [{ kind: 'drain', app: 'a', why: 'a\u0000b' }, 'body/why is no plain text'],
  [{ kind: 'pin', app: 'a', cluster: 'b', weight: null }, 'body/weight must be integer'],
  [{ kind: 'pin', app: 'a', cluster: 'b', weight: true }, 'body/weight must be integer'],
  [
    { holds: [{ kind: 'pin', app: 'a', cluster: 'b', weight: null, why: 'x' }] },
    'body/holds/0/weight must be integer',
  ],
  [{ kind: 'drain', app: 'a', why: ' \u3000' }, 'body/why is blank'],
  [{ kind: 'drain', app: 'a', why: '' }, 'body/why must NOT have fewer than 1'],
  [{ kind: 'drain', app: 'a', who: 'me' }, 'body/who is not known here'],
  [{ kind: 'kill', app: 'a' }, 'body/kind must be equal to one of'],
  [{ kind: 'drain', holds: [] }, 'body/holds says nothing'],
  [{ kind: 'drain', holds: [{ kind: 'drain' }] }, 'body/kind stands beside holds'],
])('%j is refused: %s', async (asked, text) => {
  const { hold } = await start();
  const body = 'holds' in asked ? { ...asked, why: undefined } : asked;
  const { status, json } = await hold(body);
  expect([status, json.code]).toEqual([400, 'request-invalid']);
  expect(json.detail).toContain(text);
});

test('the place of a fault among several holds is named', async () => {
  const { call } = await start();
  const holds = [
    { kind: 'drain', app: 'a', why: 'x' },
    { kind: 'pin', app: 'a', why: 'x' },
  ];
  const { json } = await call('POST', '/api/v1/holds', { holds });
  expect(json.detail).toContain('body/holds/1/weight is missing');
});

test('a page of a browser may not write', async () => {
  const { call, hold } = await start();
  const asked = { kind: 'drain', app: 'shop', cluster: 'east', why: 'x' };
  for (const headers of [{ origin: 'http://evil.example' }, { host: 'evil.example:8080' }]) {
    const { status, json } = await call('POST', '/api/v1/holds', asked, headers);
    expect([status, json.code]).toEqual([403, 'page-refused']);
  }
  expect((await hold(asked)).status).toBe(201);
});

/** An edge's word about itself. */
function word(name: string, beat: number, mark: Stamp, more: Partial<EdgeState> = {}): EdgeState {
  const workers = [{ pid: 1, mark }];
  const rest = { start: 's', highest: mark.term, compared: mark.term, above: [], documents: 1 };
  return { name, beat, mark, saved: mark, workers, refused: [], source: 'redis', ...rest, ...more };
}

test('a wait ends when every edge has applied and saved it, and names who has not', async () => {
  const { hold, call, book } = await start();
  const { json } = await hold({ kind: 'drain', app: 'shop', cluster: 'east' });
  const url = `/api/v1/holds/${json.ids[0]}`;
  const { term, version } = json as Stamp;
  const older = { term, version: version - 1 };
  let beat = 0;
  const say = (mark: Stamp, more: Partial<EdgeState> = {}): void =>
    book.hear(word('edge-1', (beat += 1), mark, more), systemClock.now());
  const now = { term, version };
  for (const [mark, more, missing] of [
    [older, {}, 'it has not applied it yet'],
    [
      now,
      {
        workers: [
          { pid: 1, mark: now },
          { pid: 2, mark: older },
        ],
      },
      'not applied',
    ],
    [now, { saved: older }, 'it has not saved it yet'],
    [{ term: term - 1, version: version + 9 }, {}, 'not applied'],
    [now, { refused: [{ app: 'shop', stamp: now, code: 'full' }] }, 'it refused shop: full'],
    [now, { refused: [{ app: HOLDS, stamp: now, code: 'full' }] }, 'it refused _holds: full'],
  ] as const) {
    say(mark, more);
    const answer = (await call('GET', url)).json;
    expect(answer.acknowledged).toBe(false);
    expect(answer.edges).toMatchObject([
      { name: 'edge-1', missing: expect.stringContaining(missing) },
    ]);
  }
  const waiting = call('GET', `${url}?wait=30s`);
  // Of an app that the hold does not speak of.
  say(now, { refused: [{ app: 'other', stamp: older, code: 'bad' }] });
  expect((await waiting).json).toMatchObject({ acknowledged: true, edges: [{ name: 'edge-1' }] });
});

test('who stands by sends writes to the one that leads', async () => {
  const first = await start();
  const { own, url } = await standbyOf(first);
  const second = await openApi(own);
  await until('it stands by', () => second.controller.leader().address === url);
  const { status, json } = await second.hold({ kind: 'drain', app: 'shop', cluster: 'east' });
  expect([status, json.ids]).toEqual([201, [expect.stringMatching(/^h-/)]]);
  expect(first.weights()).toBe('0 of 40, 0 of 40, 50');
  await until('the standby shows it', async () => {
    return (await second.call('GET', '/api/v1/holds')).json.items.length === 1;
  });
  const wrong = await second.hold({ kind: 'drain', app: 'news' });
  expect([wrong.status, wrong.json.code]).toEqual([409, 'would-empty']);
  const headers = { 'x-ballast-forwarded': '1' };
  const again = await second.call('DELETE', `/api/v1/holds/${json.ids[0]}`, undefined, headers);
  expect([again.status, again.json.code]).toEqual([503, 'not-leader']);
  expect((await second.call('DELETE', `/api/v1/holds/${json.ids[0]}`)).status).toBe(200);
});

test('a commit that Redis does not answer is not known to be written, and says so', async () => {
  const { store, hold, controller } = await start();
  const commit = store.commit.bind(store);
  store.commit = async (...args) => {
    await commit(...args);
    throw new BallastError('redis-unavailable', 'no answer');
  };
  const { status, json } = await hold({ kind: 'drain', app: 'shop', cluster: 'east' });
  expect([status, json.code]).toEqual([503, 'redis-unavailable']);
  expect(json.detail).toContain('whether it was written is not known');
  store.commit = commit;
  await until('it leads again', () => controller.leader().leading);
  expect(controller.published()?.held.holds).toHaveLength(1);
});

test('without Redis a write says so at once, and is not made later', async () => {
  const { store, hold, weights, controller } = await start();
  store.setUp(false);
  await until('it does not lead', () => !controller.leader().leading);
  const { status, json } = await hold({ kind: 'drain', app: 'shop', cluster: 'east' });
  expect([status, json.code]).toEqual([503, 'not-leader']);
  store.setUp(true);
  await until('it leads again', () => controller.leader().leading);
  expect(weights()).toBe('40, 40, 50');
});

test('a word that Redis lost is not said to be at every edge', async () => {
  const store = openMemoryStore(systemClock.now);
  const stateOf = (name: string): string => {
    const { version, record } = store.dump();
    const mark = { term: record?.term ?? 0, version };
    const told = { highest: mark.term, mark, saved: mark, compared: mark.term };
    return JSON.stringify({ name, start: 'a', beat: Math.round(systemClock.now()), ...told });
  };
  const beats = setInterval(() => void store.beat('one', stateOf('one')), 20);
  try {
    const { hold, controller } = await start({ store, edges: ['one'] });
    const before = store.dump();
    const commit = store.commit.bind(store);
    store.commit = async (...args) => {
      const done = await commit(...args);
      // No edge has heard of it, nor has the replica that is promoted.
      store.commit = commit;
      store.load(before);
      return done;
    };
    const drain = { kind: 'drain', app: 'shop', cluster: 'east' };
    const { status, json } = await hold(drain, '?wait=15s');
    expect([status, json.code]).toEqual([503, 'word-lost']);
    expect(controller.published()?.held.holds).toEqual([]);
  } finally {
    clearInterval(beats);
  }
});
