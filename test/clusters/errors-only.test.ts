// An API server that answers every call with an error gets one request a second at most, whatever the
// error and however many resources wait; other clusters notice nothing; and when it is well again, so
// is the reader. On a clock that runs faster than the day.

import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { Fault } from '../simulated/faults.ts';
import { SimulatedCluster } from '../simulated/cluster.ts';
import { FASTER } from './matrix/fast-clock.ts';
import { addNode, openReader, setApp } from './matrix/fleet.ts';
import { eventually } from './watched-cluster.ts';

vi.setConfig({ maxConcurrency: 10, testTimeout: 60_000 });

const ERRORS: readonly (readonly [string, Fault])[] = [
  ['401', { kind: 'status', code: 401 }],
  ['403', { kind: 'status', code: 403 }],
  ['404', { kind: 'status', code: 404 }],
  ['410', { kind: 'status', code: 410 }],
  ['429', { kind: 'status', code: 429 }],
  ['500', { kind: 'status', code: 500 }],
  ['versions that have expired', { kind: 'expired' }],
  ['resets', { kind: 'reset' }],
  ['half a list, half an event', { kind: 'broken-json' }],
  ['web pages', { kind: 'html' }],
];
const WAYS = [
  { http2: true, watchList: true },
  { http2: false, watchList: false },
];
const CASES = ERRORS.flatMap(([title, fault]) => WAYS.map((way) => ({ title, fault, ...way })));

/** In the reader's seconds. */
const SECONDS = 60;
/** A timer may fire a millisecond too soon, which is 20 of the reader's, of 1,000. */
const EARLY = 1.05;
/** Those that are under way together when it begins find out together. */
const TOGETHER = 9;

async function open(name: string, way: { readonly http2: boolean; readonly watchList: boolean }) {
  const { http2, watchList } = way;
  const simulated = await new SimulatedCluster({ name, http2, watch: { watchList } }).start();
  addNode(simulated, 1, 1);
  setApp(simulated, 'shop', 3);
  const reader = await openReader(simulated, Math.random);
  return { simulated, reader };
}

describe('an API server that answers only errors', () => {
  test.concurrent.for(CASES)(
    '$title, HTTP/2: $http2, streamed: $watchList',
    async ({ fault, ...way }, context) => {
      const [east, west] = await Promise.all([open('east', way), open('west', way)]);
      context.onTestFinished(async () => {
        await Promise.all([east.reader.close(), west.reader.close()]);
        await Promise.all([east.simulated.stop(), west.simulated.stop()]);
      });
      await eventually(() => {
        for (const { reader } of [east, west]) expect(reader.status().state).toBe('fresh');
      });
      const { requests } = east.simulated.api;
      const { clear } = await east.simulated.api.fault(fault);
      east.reader.relist();
      const from = performance.now();
      const before = requests.length;
      await eventually(() => expect(east.reader.status().state).toBe('stale'));
      for (let pods = 4; performance.now() < from + (SECONDS / FASTER) * 1000; pods++) {
        setApp(west.simulated, 'shop', (pods % 9) + 1);
        await eventually(() => expect(west.reader.footprint('shop').pods).toBe((pods % 9) + 1));
        await wait(50);
      }
      const seconds = ((performance.now() - from) / 1000) * FASTER;
      expect(requests.length - before).toBeLessThanOrEqual(seconds * EARLY + TOGETHER);
      expect(east.reader.footprint('shop').pods).toBe(3);
      setApp(east.simulated, 'shop', 5);
      await clear();
      await eventually(() => {
        expect(east.reader.status().state).toBe('fresh');
        expect(east.reader.footprint('shop').pods).toBe(5);
      });
    },
  );
});
