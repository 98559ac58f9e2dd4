// Moves between two real control planes under a steady load through two real edges: no request fails,
// nothing of the source goes before the edges report that nothing is sent there.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { appWithSettings, moveWatched, objectsOf, startMoveFleet, WHOLE } from './move-fleet.ts';
import type { RealFleet } from './spine-fleet.ts';

const STARTS_MS = 600_000;
const RUNS_MS = 400_000;
const THREE = ['shop', 'cart', 'till'];

let fleet: RealFleet;

beforeAll(async () => {
  fleet = await startMoveFleet(41);
  await fleet.east.admin.apply(...THREE.flatMap(appWithSettings));
  for (const name of THREE) await fleet.settled({ east: WHOLE }, name);
}, STARTS_MS);
afterAll(() => fleet?.close());

test('online, in waves: no request fails, and the source goes last', {
  timeout: RUNS_MS,
}, async () => {
  const move = { apps: THREE, limits: { atOnce: 2, shifting: 2 } };
  const { early, empty } = await moveWatched(fleet, move);
  expect({ early, empty }).toEqual({ early: [], empty: [] });
  expect(await objectsOf(fleet.east, THREE)).toEqual([]);
  const there = THREE.flatMap((name) =>
    ['Deployment', 'Ingress', 'Service'].map((kind) => `${kind} ${name}`),
  );
  expect(await objectsOf(fleet.west, THREE)).toEqual(there.toSorted());
  for (const name of THREE) await fleet.settled({ west: WHOLE }, name);
  const { items } = await fleet.ballast.get<{ readonly items: readonly object[] }>('/api/v1/holds');
  expect(items).toEqual([]);
});
