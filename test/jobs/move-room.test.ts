// Room of a move: given back when its pods are there, and not asked for again.

import { expect, test } from 'vitest';
import { needOf } from '../../src/migration/capacity/need.ts';
import type { JobPlan } from '../../src/migration/flow/next.ts';
import { untilState } from './process.ts';
import { begin } from './moving.ts';

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
