// The courier of one edge: bounded calls, the latest wins, a failure drops what waits.

import { expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { systemClock } from '../../src/clock.ts';
import { startCourier, type CourierEvents } from '../../src/edges/courier.ts';
import type { EdgeLink, Push, Verdict } from '../../src/edges/edge-link.ts';
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
      const [first] = push.documents;
      return { state: STATE, verdicts: [{ app: first?.app, code: 'bad' }] };
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

test('pushes that wait, with a commit of an edge between them, build on that commit', async () => {
  const stop = new AbortController();
  const { link, got, gates } = heldEdge();
  const courier = startCourier(link, systemClock, quiet, stop.signal);
  courier.send(pushOf(1, 2, ['a']));
  courier.send(pushOf(2, 3, ['a']));
  courier.send(pushOf(4, 5, ['b']));
  gates[0]?.resolve();
  await until('the second call', () => Promise.resolve(got.length === 2));
  expect(got[1]).toMatchObject({ base: { version: 4 }, mark: { version: 5 } });
  expect(got[1]?.documents.map(({ app }) => app)).toEqual(['a', 'b']);
  gates[1]?.resolve();
  stop.abort();
});

test('a large push goes in calls of 500, two at once; the last, which moves the mark, waits for all', async () => {
  const stop = new AbortController();
  const { link, got, gates } = heldEdge();
  const refused: string[] = [];
  const onRefused = (_: string, verdicts: readonly Verdict[]) =>
    refused.push(...verdicts.map(({ app }) => app));
  const courier = startCourier(link, systemClock, { ...quiet, onRefused }, stop.signal);
  const apps = Array.from({ length: 1501 }, (_, index) => `app-${index}`);
  courier.send(pushOf(1, 2, apps));
  const called = (count: number) =>
    until(`call ${count}`, () => Promise.resolve(got.length === count));
  await called(2);
  gates[1]?.resolve();
  await called(3);
  gates[2]?.resolve();
  // Enough turns for one more, if there were one.
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
  expect(got).toHaveLength(3);
  gates[0]?.resolve();
  await called(4);
  gates[3]?.resolve();
  await until('it is told what was refused', () => refused.length > 0);
  expect(refused).toEqual(['app-500', 'app-1000', 'app-0', 'app-1500']);
  expect(got.map(({ documents }) => documents.length)).toEqual([500, 500, 500, 1]);
  expect(got.map(({ base }) => base?.version)).toEqual([undefined, undefined, undefined, 1]);
  stop.abort();
});

test('a large push ends with the first call that fails; that its term is over counts more', async () => {
  const stop = new AbortController();
  const calls: Push[] = [];
  const link = {
    name: 'edge-1',
    async push(push: Push) {
      calls.push(push);
      return calls.length === 1 ? { failed: 'no route' } : { highest: 7 };
    },
  } as unknown as EdgeLink;
  const over = Promise.withResolvers<number>();
  const events = { ...quiet, onTermOver: over.resolve };
  const courier = startCourier(link, systemClock, events, stop.signal);
  courier.send(
    pushOf(
      1,
      2,
      Array.from({ length: 1501 }, (_, index) => `app-${index}`),
    ),
  );
  expect(await over.promise).toBe(7);
  expect(calls).toHaveLength(2);
  stop.abort();
});
