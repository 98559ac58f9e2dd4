// Holds that move nothing: mistyped names, and names that are not there yet.

import { afterEach, expect, test } from 'vitest';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { until } from '../controlplane/until.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

/** shop is in both clusters, news in east alone. */
async function start() {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([1, 2].map((n) => ({ name: `e${n}`, address: `10.1.0.${n}:80` })));
  west.setNodes([{ name: 'w1', address: '10.2.0.1:80' }]);
  east.set('shop', { pods: 8 });
  west.set('shop', { pods: 5 });
  east.set('news', { pods: 2 });
  const opened = await openApi({ clusters: [east, west] });
  await until('it leads', () => opened.controller.published()?.app('news') !== undefined);
  return { east, ...opened };
}

test.each([
  [{ kind: 'pin', app: 'shpo', cluster: 'east', weight: 1 }, 'no app shpo is known'],
  [{ kind: 'drain', cluster: 'esat' }, 'no cluster esat is known'],
  [
    { kind: 'pin', app: 'shpo', cluster: 'esat', weight: 1 },
    'no app shpo is known; no cluster esat is known',
  ],
  [
    { kind: 'pin', app: 'shop', server: '10.1.0.9:80', weight: 1 },
    'app shop has no server 10.1.0.9:80',
  ],
  [{ kind: 'drain', server: '10.1.0.9:80' }, 'no app has a server 10.1.0.9:80'],
  [{ kind: 'freeze', app: 'news', cluster: 'west' }, 'app news has no server in west'],
  [
    { kind: 'drain', app: 'news', cluster: 'east', server: '10.2.0.1:80' },
    'app news has no server 10.2.0.1:80 in east',
  ],
  [{ kind: 'drain', app: 'shop', cluster: 'vm' }, 'app shop has no server among VMs'],
])('a hold that moves nothing says why, dry or not: %j', async (asked, why) => {
  const { hold, controller } = await start();
  const { status, json } = await hold({ ...asked, id: 'typo' }, '?dryRun=true');
  expect([status, json.idle]).toEqual([200, [{ id: 'typo', why }]]);
  expect(controller.published()?.held.holds).toEqual([]);
  // It may come before what it is for, so it is no refusal.
  expect((await hold({ ...asked, id: 'typo' })).json.idle).toEqual([{ id: 'typo', why }]);
  expect(controller.published()?.held.holds).toHaveLength(1);
});

test('of several holds those that move nothing are told, and a good one is not', async () => {
  const { hold } = await start();
  const good = { kind: 'freeze', app: 'shop', id: 'good', why: 'x' };
  const { json } = await hold({
    holds: [good, { ...good, app: 'shpo', id: 'typo' }],
    why: undefined,
  });
  expect(json.idle).toEqual([{ id: 'typo', why: 'no app shpo is known' }]);
  expect((await hold({ kind: 'drain', server: '10.2.0.1:80' })).json).not.toHaveProperty('idle');
});

test('a mistyped hold makes no app, and is told again each time', async () => {
  const { hold, call, controller, east } = await start();
  const typo = { kind: 'drain', app: 'shpo' };
  await hold(typo);
  // A round has looked at it.
  const before = controller.published()?.mark.version ?? 0;
  east.set('shop', { pods: 12 });
  await until('another commit', () => (controller.published()?.mark.version ?? 0) > before);
  expect((await call('GET', '/api/v1/apps/shpo')).json.code).toBe('app-unknown');
  const { items } = (await call('GET', '/api/v1/apps')).json;
  expect(items.map(({ name }: { name: string }) => name)).toEqual(['news', 'shop']);
  expect((await hold(typo)).json.idle).toMatchObject([{ why: 'no app shpo is known' }]);
  // It comes, and is held.
  east.set('shpo', { pods: 2 });
  await until('it is there', () => controller.published()?.app('shpo') !== undefined);
  expect(controller.published()?.app('shpo')?.upstream.servers).toMatchObject([
    { weight: 0 },
    { weight: 0 },
  ]);
});
