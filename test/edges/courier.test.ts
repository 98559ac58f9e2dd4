// The courier of one edge: bounded calls, the latest wins, a failure drops what waits.

import { expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { systemClock } from '../../src/clock.ts';
import { startCourier, type CourierEvents } from '../../src/edges/courier.ts';
import type { EdgeLink, Push } from '../../src/edges/edge-link.ts';
import type { EdgeState } from '../../src/edges/edge-state.ts';

const STATE: EdgeState = {
  name: 'edge-1',
  start: 'a',
  beat: 1,
  highest: 1,
  workers: [],
  refused: [],
  compared: 1,
  above: [],
  documents: 0,
  source: 'push',
};

const quiet: CourierEvents = {
  onTermOver: () => undefined,
  onState: () => undefined,
  onRefused: () => undefined,
  onReach: () => undefined,
  onPushed: () => undefined,
};

function pushOf(from: number, to: number, apps: readonly string[]): Push {
  return {
    term: 1,
    base: { term: 1, version: from },
    mark: { term: 1, version: to },
    documents: apps.map((app) => ({
      app,
      stamp: { term: 1, version: to },
      digest: '-',
      owner: 'controller',
    })),
  };
}

/** An edge whose answers the test lets go one by one. */
function heldEdge() {
  const got: Push[] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const link = {
    name: 'edge-1',
    async push(push: Push) {
      got.push(push);
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
      return { state: STATE, verdicts: [] };
    },
  } as unknown as EdgeLink;
  return { link, got, gates };
}

test('pushes that wait become one, from the first base to the last mark', async () => {
  const stop = new AbortController();
  const { link, got, gates } = heldEdge();
  const courier = startCourier(link, systemClock, quiet, stop.signal);
  courier.send(pushOf(1, 2, ['a']));
  courier.send(pushOf(2, 3, ['a', 'b']));
  courier.send(pushOf(3, 4, ['a']));
  expect(got).toHaveLength(1);
  gates[0]?.resolve();
  await until('the second call', () => Promise.resolve(got.length === 2));
  expect(got[1]).toMatchObject({ base: { version: 2 }, mark: { version: 4 } });
  const stamps = got[1]?.documents.map(({ app, stamp }) => `${app}@${stamp.version}`);
  expect(stamps).toEqual(['a@4', 'b@3']);
  gates[1]?.resolve();
  stop.abort();
});

test('a large push goes in calls of 500, of which only the last may move the mark', async () => {
  const stop = new AbortController();
  const { link, got, gates } = heldEdge();
  const courier = startCourier(link, systemClock, quiet, stop.signal);
  courier.send(
    pushOf(
      1,
      2,
      Array.from({ length: 1001 }, (_, index) => `app-${index}`),
    ),
  );
  for (const call of [1, 2, 3]) {
    await until(`call ${call}`, () => Promise.resolve(got.length === call));
    gates[call - 1]?.resolve();
  }
  expect(got.map(({ documents }) => documents.length)).toEqual([500, 500, 1]);
  expect(got.map(({ base }) => base?.version)).toEqual([undefined, undefined, 1]);
  stop.abort();
});
