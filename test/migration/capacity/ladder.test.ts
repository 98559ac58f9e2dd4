// The ladder's shortcut: deferring from the end stops where deferring one by one would.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseRung, half, type AppNeed } from '../../../src/migration/capacity/ladder.ts';
import { needOf } from '../../../src/migration/capacity/need.ts';
import { roomOf, type Room } from '../../../src/migration/capacity/room.ts';

const apps = fc
  .array(
    fc.record({
      replicas: fc.nat({ max: 6 }),
      core: fc.boolean(),
      importance: fc.nat({ max: 3 }),
      floor: fc.nat({ max: 3 }),
      cpu: fc.integer({ min: 1, max: 4 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((list) =>
    list.map(({ cpu, ...rest }, at) => ({ ...rest, app: `app-${at}`, need: need(cpu) })),
  );

function need(cpu: number) {
  const resources = { requests: { cpu: `${cpu}` } };
  return needOf({
    namespace: 'prod',
    labels: {},
    spec: { containers: [{ name: 'a', resources }] },
  });
}

function roomWith(sizes: readonly number[]): Room {
  const nodes = sizes.map((cpu, at) => ({
    metadata: { name: `n${at}` },
    status: { allocatable: { cpu: `${cpu}`, pods: '9' } },
  }));
  const view = { nodes, pods: [], quotas: [], limitRanges: [], headroomPercent: 0 };
  return roomOf(view, []);
}

/** Fits as it is? */
const fits = (room: Room, some: readonly AppNeed[]): boolean => chooseRung(room, some, false).ok;

const halved = (app: AppNeed): AppNeed => ({ ...app, replicas: half(app.replicas, app.floor) });

function naive(
  room: Room,
  list: readonly AppNeed[],
): { rung: number; ok: boolean; deferred: string[] } {
  if (fits(room, list)) return { rung: 0, ok: true, deferred: [] };
  if (
    fits(
      room,
      list.map((app) => (app.core ? app : halved(app))),
    )
  )
    return { rung: 1, ok: true, deferred: [] };
  let kept = list.map(halved);
  if (fits(room, kept)) return { rung: 2, ok: true, deferred: [] };
  const deferred: string[] = [];
  const leaving = list
    .filter(({ core }) => !core)
    .sort((a, b) => a.importance - b.importance || (a.app < b.app ? 1 : -1));
  for (const { app } of leaving) {
    if (kept.length === 1) break;
    deferred.push(app);
    kept = kept.filter((one) => one.app !== app);
    if (fits(room, kept)) return { rung: 3, ok: true, deferred };
  }
  return { rung: 3, ok: false, deferred };
}

test('the rung, and who is deferred, are those of one step after the other', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(sizes, apps, (nodes, list) => {
      const room = roomWith(nodes);
      const { rung, ok, apps: places } = chooseRung(room, list, true);
      const deferred = places.filter((one) => one.deferred).map(({ app }) => app);
      const expected = naive(room, list);
      expect({ rung, ok, deferred: deferred.sort() }).toEqual({
        ...expected,
        deferred: expected.deferred.sort(),
      });
      for (const { placed, after, before } of places) {
        expect(placed).toBeLessThanOrEqual(after);
        expect(after).toBeLessThanOrEqual(before);
      }
    }),
    { numRuns: 500 },
  );
});
