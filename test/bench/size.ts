// The lane of sizes: what a platform team has to give Redis and Prometheus, measured on a real Redis that a
// whole controller has written to.
import { Redis } from 'ioredis';
import { systemClock } from '../../src/clock.ts';
import type { MemoryStore } from '../../src/edges/memory.ts';
import { openRedisStore } from '../../src/edges/redis-store.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { controllerInMemory } from '../api/memory-controller.ts';
import { until } from '../controlplane/until.ts';
import { startRedis } from '../lua/redis.ts';
import { metricsText } from '../telemetry/metrics-text.ts';
import { using } from './edge/using.ts';
import type { Lane, Length } from './lane.ts';
import { CountedCluster } from './rounds/counted-cluster.ts';
import { rowOf } from './rows.ts';

const CLUSTERS = 2;
/** So that an app has ten servers. */
const NODES = 5;
const SERVERS = CLUSTERS * NODES;
const APPS: Readonly<Record<Length, number>> = { full: 3000, quick: 500, smoke: 20 };
const SCRAPES = 5;
const ENVIRONMENT = 'size';

export const size: Lane = {
  limits: {},
  about: () =>
    `Apps of ${SERVERS} servers in ${CLUSTERS} clusters: Redis’ own count of its memory after a whole controller has published them, and has changed each once; the text of /metrics with all series. Node ${process.version}.`,
  async run(length, done) {
    await using(async (own) => {
      const apps = APPS[length];
      const redis = await own(startRedis());
      const raw = new Redis(redis.url);
      const place = { url: redis.url, environment: ENVIRONMENT, onState: () => undefined };
      const store = openRedisStore(place);
      const clusters = Array.from({ length: CLUSTERS }, (_, cluster) => {
        const nodes = Array.from({ length: NODES }, (_none, at) => `10.${cluster}.0.${at + 1}:80`);
        return new CountedCluster(`cluster-${cluster}`, nodes);
      });
      const metrics = createMetrics();
      const { controller, book } = controllerInMemory({
        clusters,
        // The one on Redis in its place: what only tests ask of the other is not asked for here.
        store: store as unknown as MemoryStore,
        leaseMs: 3_600_000,
        metrics,
        wall: () => new Date(),
      });
      const stop = new AbortController();
      const running = controller.run(stop.signal);
      const usedBy = async (key: string): Promise<number> =>
        Number(await raw.memory('USAGE', `{ballast:${ENVIRONMENT}}:${key}`, 'SAMPLES', 0));
      const kept = () => raw.xlen(`{ballast:${ENVIRONMENT}}:history`);
      try {
        await until('it leads', () => controller.leader().leading);
        for (let app = 0; app < apps; app += 1)
          for (const cluster of clusters) cluster.add(`app-${app}`, 20);
        await until('all is published', async () => (await kept()) >= apps, 120_000);
        const documents = (await usedBy('upstreams')) + (await usedBy('manifest'));
        const before = { bytes: await usedBy('history'), entries: await kept() };
        for (let app = 0; app < apps; app += 1) clusters[0]?.scale(`app-${app}`, 25);
        await until('all is published anew', async () => (await kept()) >= 2 * apps, 120_000);
        const after = { bytes: await usedBy('history'), entries: await kept() };
        const change = (after.bytes - before.bytes) / (after.entries - before.entries);
        const text: number[] = [];
        const times: number[] = [];
        for (let at = 0; at < SCRAPES; at += 1) {
          const began = process.cpuUsage();
          const bounds = { servers: true, most: apps * SERVERS };
          const now = systemClock.now();
          const said = await metricsText(metrics, { controller, book, now, bounds });
          const { user, system } = process.cpuUsage(began);
          times.push((user + system) / 1000);
          text.push(said.length / (apps * SERVERS) / 1000);
        }
        done([
          rowOf('Redis, a document', 'kB', [documents / apps / 1000]),
          rowOf('Redis, a change in the history', 'kB', [change / 1000]),
          rowOf('/metrics, a server', 'kB', text),
          rowOf(`a scrape of ${apps * SERVERS} servers: of CPU`, 'ms', times),
        ]);
      } finally {
        stop.abort();
        await running;
        await store.close();
        raw.disconnect();
      }
    });
  },
};
