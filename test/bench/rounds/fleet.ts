// A whole controller with so many apps in three clusters, in memory. It never rests between two rounds,
// so that the time from a change to its commit is what the round costs.

import { setImmediate } from 'node:timers/promises';
import { controllerInMemory } from '../../api/memory-controller.ts';
import { type Clock, systemClock } from '../../../src/clock.ts';
import { CountedCluster } from './counted-cluster.ts';
import { openLeanStore } from './lean-store.ts';

const CLUSTERS = 3;
const NODES = 3;
const PODS = 10;
/** A tick begins it, and it never rests here: it is over by then, or its parts are too big. */
const RECOUNT_MS = 4000;

export interface RoundFleet {
  readonly apps: number;
  /** Milliseconds from one changed count to the commit of it. */
  round(): Promise<number>;
  /** Milliseconds in which nothing else could be done, at most, while every app is looked at anew. */
  recount(): Promise<number>;
  close(): Promise<void>;
}

export async function startRoundFleet(apps: number): Promise<RoundFleet> {
  const clusters = Array.from({ length: CLUSTERS }, (_, cluster) => {
    const addresses = Array.from({ length: NODES }, (_, node) => `10.${cluster}.0.${node + 1}:80`);
    return new CountedCluster(`cluster-${cluster}`, addresses);
  });
  for (let app = 0; app < apps; app += 1) {
    for (const cluster of clusters) cluster.add(`app-${app}`, PODS);
  }
  let ahead = 0;
  const clock: Clock = {
    now: () => systemClock.now() + ahead,
    async sleep(ms, signal) {
      if (ms > 20) await systemClock.sleep(ms, signal);
      else await setImmediate();
    },
  };
  const share = { clusterPoints: 40, upstreamPoints: 50 };
  const ramp = { percent: 25, seconds: 30, errorPercent: 5 };
  const leaseMs = 3_600_000;
  const store = openLeanStore(clock.now);
  const { controller } = controllerInMemory({ clusters, clock, store, leaseMs, share, ramp });
  const stop = new AbortController();
  const running = controller.run(stop.signal);
  const published = () => [...(controller.published()?.apps() ?? [])].length;
  while (published() < apps) await controller.nextCommit(1000, stop.signal);

  let turn = 0;
  const [first] = clusters;
  if (!first) throw new Error('no cluster');
  return {
    apps,
    async round() {
      const app = `app-${turn % apps}`;
      const pods = Math.floor(turn / apps) % 2 === 0 ? PODS + 1 : PODS;
      turn += 1;
      const stamp = controller.published()?.mark.version;
      const committed = controller.nextCommit(10_000, stop.signal);
      const began = performance.now();
      first.scale(app, pods);
      await committed;
      const took = performance.now() - began;
      if (controller.published()?.mark.version !== (stamp ?? 0) + 1)
        throw new Error(`no commit of ${app}: ${controller.leader().phase}`);
      return took;
    },
    async recount() {
      ahead += 31_000;
      let [longest, last] = [0, performance.now()];
      const end = last + RECOUNT_MS;
      while (last < end) {
        await setImmediate();
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
      }
      return longest;
    },
    async close() {
      stop.abort();
      await running;
    },
  };
}
