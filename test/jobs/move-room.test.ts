// Room of a move: given back when its pods are there, and not asked for again.

import { expect, onTestFinished, test } from 'vitest';
import { needOf } from '../../src/migration/capacity/need.ts';
import type { JobPlan } from '../../src/migration/flow/next.ts';
import { until } from '../controlplane/until.ts';
import { confirmEdges } from './confirm-edges.ts';
import { memoryStage } from './memory-stage.ts';
import { ALL, MoveFleet, named } from './move-fleet.ts';
import { startMoves } from './start-moves.ts';
import { begin } from './moving.ts';
import { serve, untilState } from './process.ts';

test('a workload that came already needs no room, though its booking is lost', async () => {
  const { journal, fleet, id } = await begin((its, at) => {
    at.set('shop:apply.5', () => {
      const [mine] = [...its.ledgers.bookings.values()];
      if (!mine) throw new Error('nothing is booked');
      its.ledgers.bookings.clear();
      its.ledgers.bookings.set('other/app', { ...mine, key: 'other/app', pods: 8 });
    });
  });
  await untilState(journal, id, 'Done');
  expect([...fleet.ledgers.bookings.keys()]).toEqual(['other/app']);
});

test('what comes once its pods are there finds room taken by others, and needs none', async () => {
  const spec = { containers: [{ name: 'app', resources: { requests: { cpu: '500m' } } }] };
  const need = needOf({ namespace: 'prod', labels: {}, spec });
  const other = { key: 'other/app', destination: 'west', pods: 8, need, fence: 1 };
  let wasFree = false;
  const { journal, fleet, id } = await begin((fleet_, at) => {
    const [app] = (fleet_.draft().plan as JobPlan).apps;
    const late = app?.objects.find((one) => one.late);
    at.set(`shop:late.${late?.step}`, () => {
      wasFree = fleet_.ledgers.bookings.size === 0;
      fleet_.ledgers.bookings.set(other.key, other);
    });
  });
  await untilState(journal, id, 'Done');
  expect(wasFree).toBe(true);
  expect([...fleet.ledgers.bookings.keys()]).toEqual([other.key]);
});

const FULL = 'full: cpu (0 left, 500m a pod) on 2 of 2 nodes';
const no = { verdict: 'fail', text: 'not today' } as const;

test('its room at the source is kept as long as there is a way home, and given back with it', async () => {
  const home = await begin((its) => (its.ledgers.answers = { metadata: no }));
  const { fleet, journal, process, id, say } = home;
  await until('it is deleted', () => process.waitsFor(id, 'shop:finish'));
  const kept = [...fleet.ledgers.bookings.values()];
  expect(kept).toMatchObject([{ key: `${id}/shop`, destination: 'east', pods: 4 }]);
  expect(kept[0]?.need.requests).toEqual({ cpu: 500, memory: 256 * 1024 * 1024 });
  await say('abort');
  await until('its pods are back', async () => (await journal.read(id))?.steps['shop:return.75']);
  expect(fleet.ledgers.bookings.size).toBe(0);
  await untilState(journal, id, 'RolledBack');

  const done = await begin((its) => (its.ledgers.answers = { metadata: no }));
  await until('it is booked', () => done.fleet.ledgers.bookings.size > 0);
  await until('it is deleted', () => done.process.waitsFor(done.id, 'shop:finish'));
  done.fleet.ledgers.answers = {};
  await untilState(done.journal, done.id, 'Done');
  expect(done.fleet.ledgers.bookings.size).toBe(0);
});

test('what pods of the source are given by its LimitRange is kept for them too', async () => {
  const limits = [{ type: 'Container', defaultRequest: { cpu: '250m', memory: '64Mi' } }];
  const bare = ALL.map((one) => {
    const { template = {} } = (one['spec'] ?? {}) as { template?: object };
    const spec = { containers: [{ name: 'shop', image: 'shop:1' }] };
    return one.kind === 'Deployment'
      ? { ...one, spec: { ...(one['spec'] as object), template: { ...template, spec } } }
      : one;
  });
  const { fleet, process, id } = await begin(
    (its) => {
      its.ledgers.answers = { metadata: no };
      its.added = { limitRanges: [{ spec: { limits } }], overheads: {} };
    },
    {},
    {},
    bare,
  );
  await until('it is deleted', () => process.waitsFor(id, 'shop:finish'));
  const kept = fleet.ledgers.bookings.get(`${id}/shop`);
  expect(kept?.need.requests).toEqual({ cpu: 250, memory: 64 * 1024 * 1024 });
});

test('who would take the room of the way home waits until it is taken or given up', async () => {
  const { journal, term } = await memoryStage();
  const fleet = new MoveFleet();
  await fleet.settle();
  await fleet.settle(named('till'), 'west');
  // With it east is full.
  const others = named('other').filter(({ kind }) => kind === 'Deployment');
  await fleet.settle(others);
  const process = startMoves(fleet, journal);
  onTestFinished(await serve(process, await confirmEdges(journal, await term())));
  fleet.ledgers.answers = { metadata: no };
  const leaving = await process.create(fleet.draft());
  await until('it is deleted', () => process.waitsFor(leaving.id, 'shop:finish'));
  const way = { apps: ['till'], from: 'west', to: 'east' };
  const coming = await process.create(fleet.draft(way, { deadlineSeconds: 3600 }));
  const waits = (text: string) =>
    until('it waits', () => process.waitsFor(coming.id, 'till:reserve')?.endsWith(text));
  await waits(`0 of 4 fit (${FULL}); booked: 4 by ${leaving.id}/shop`);
  fleet.ledgers.answers = {};
  await process.command(leaving.id, { name: 'abort', who: 'ann' });
  await untilState(journal, leaving.id, 'RolledBack');
  await waits(`0 of 4 fit (${FULL})`);
  expect(fleet.wrongs).toEqual([]);
});
