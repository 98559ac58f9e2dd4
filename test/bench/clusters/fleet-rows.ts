// The whole controller, as a user starts it, with fifty clusters, 10,000 apps and 200,000 pods, and with a
// tenth of it: what grows with the fleet, and what must not.
//
// Each app has 20 pods in two clusters; each cluster has three ingress nodes. Redis writes every commit
// to disk before it answers. There is no edge: what an edge does is the other lane's.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../controlplane/until.ts';
import { startBallast, type TestBallast } from '../../e2e/ballast.ts';
import { startRedis } from '../../lua/redis.ts';
import { using, type Own } from '../edge/using.ts';
import type { Length } from '../lane.ts';
import { quantile, rowOf, type Row } from '../rows.ts';
import { followCommits, type Commits } from './commits.ts';
import { cpuOf, memoryOf } from './process-cost.ts';
import { startServer, type Changed, type Server } from './server.ts';

interface Size {
  readonly clusters: number;
  readonly apps: number;
}

interface Plan {
  readonly whole: Size;
  readonly tenth: Size;
  readonly rounds: number;
  readonly slowSeconds: number;
  readonly fastSeconds: number;
}

const WHOLE = { clusters: 50, apps: 10_000 };
const TENTH = { clusters: 5, apps: 1000 };

const PLANS: Readonly<Record<Length, Plan>> = {
  // Longer than from one full recomputation to the next.
  full: { whole: WHOLE, tenth: TENTH, rounds: 3, slowSeconds: 40, fastSeconds: 10 },
  quick: { whole: WHOLE, tenth: TENTH, rounds: 1, slowSeconds: 35, fastSeconds: 5 },
  smoke: {
    whole: { clusters: 4, apps: 40 },
    tenth: { clusters: 2, apps: 10 },
    rounds: 1,
    slowSeconds: 1,
    fastSeconds: 1,
  },
};

const PODS_OF_EACH = 20;
const ENVIRONMENT = 'bench';
const LATE_MS = 300_000;
/** So long without a commit: what is published is all there is. */
const QUIET_MS = 5000;

interface Sample {
  readonly coldSeconds: number;
  readonly memory: { readonly now: number; readonly most: number };
  /** Milliseconds, sorted. */
  readonly delays: readonly number[];
  /** Of one core, at 1,000 events a second. */
  readonly cpu: number;
}

export async function fleetRows(length: Length): Promise<Row[]> {
  const plan = PLANS[length];
  const samples: { whole: Sample; tenth: Sample }[] = [];
  await using(async (own) => {
    const start = ({ clusters, apps }: Size): Promise<Server> =>
      own(startServer({ kind: 'fleet', clusters, apps, podsOfEach: PODS_OF_EACH }));
    const [whole, tenth] = [await start(plan.whole), await start(plan.tenth)];
    for (let round = 0; round < plan.rounds; round++) {
      samples.push({
        tenth: await sampleOf(tenth, plan.tenth, plan),
        whole: await sampleOf(whole, plan.whole, plan),
      });
    }
  });
  return rowsOf(samples);
}

async function sampleOf(server: Server, size: Size, plan: Plan): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-bench-'));
  try {
    return await using((own) => measure(own, { server, size, plan, folder }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  own: Own,
  { server, size, plan, folder }: { server: Server; size: Size; plan: Plan; folder: string },
): Promise<Sample> {
  const redis = await own(startRedis({ persistence: 'aof' }));
  const commits = await own(Promise.resolve(followCommits(redis.url, ENVIRONMENT)));
  const config = await writeConfig(folder, redis.url, server);
  const began = clock();
  const ballast = await own(startOwned(folder, config));
  await until(
    'every app is published',
    async () => clock() - commits.last() > QUIET_MS && (await commits.published()) >= size.apps,
    LATE_MS,
  );
  const coldSeconds = (commits.last() - began) / 1000;
  const delays = await delaysOf(server, commits, size.apps, {
    perSecond: 100,
    seconds: plan.slowSeconds,
  });
  const spent = cpuOf(ballast.pid);
  const from = performance.now();
  await delaysOf(server, commits, size.apps, { perSecond: 1000, seconds: plan.fastSeconds });
  const cpu = (cpuOf(ballast.pid) - spent) / (performance.now() - from);
  return { coldSeconds, memory: memoryOf(ballast.pid), delays, cpu };
}

const clock = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Events at that pace; answers how long each took until its commit, sorted. */
async function delaysOf(
  server: Server,
  commits: Commits,
  apps: number,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<number[]> {
  const delays: number[] = [];
  let left = perSecond * seconds;
  while (left > 0) {
    // No app twice before its commit was seen.
    const count = Math.min(left, apps);
    left -= count;
    commits.clear();
    const { changed = [] } = await server.ask({ order: 'apps', apps, perSecond, count });
    await until('every event is committed', () => changed.every(({ app }) => commits.at.has(app)));
    delays.push(...changed.map((one) => delayOf(one, commits)));
  }
  return delays.toSorted((a, b) => a - b);
}

const delayOf = ({ app, at }: Changed, commits: Commits): number =>
  (commits.at.get(app) ?? Number.NaN) - at;

async function writeConfig(folder: string, redisUrl: string, server: Server): Promise<object> {
  await mkdir(folder, { recursive: true });
  for (const [i, text] of server.kubeconfigs.entries())
    await writeFile(join(folder, `cluster-${i + 1}.kubeconfig`), text);
  return {
    environment: ENVIRONMENT,
    redis: { url: redisUrl },
    weights: { ramp: { seconds: 0 } },
    clusters: server.kubeconfigs.map((_, i) => ({
      name: `cluster-${i + 1}`,
      kubeconfig: { path: `cluster-${i + 1}.kubeconfig` },
      ingress: {
        nodes: 'ingress=true',
        pods: { namespace: 'ingress', selector: 'app=ingress' },
        port: 80,
      },
    })),
    apps: { discover: { services: 'ballast.io/app' } },
    edges: [],
    api: { listen: '127.0.0.1:0' },
  };
}

async function startOwned(
  folder: string,
  config: object,
): Promise<TestBallast & { close(): Promise<void> }> {
  const ballast = await startBallast(folder, config);
  return {
    ...ballast,
    async close() {
      await ballast.kill('SIGTERM');
    },
  };
}

function rowsOf(samples: readonly { readonly whole: Sample; readonly tenth: Sample }[]): Row[] {
  const whole = samples.map((one) => one.whole);
  const tenth = samples.map((one) => one.tenth);
  const at = (share: number) => (one: Sample) => quantile(one.delays, share);
  const grows = (share: number): number[] =>
    samples.map((one) => at(share)(one.whole) / at(share)(one.tenth));
  return [
    rowOf(
      'fleet memory, MB',
      'MB',
      whole.map(({ memory }) => memory.most),
    ),
    rowOf(
      'fleet memory in the end',
      'MB',
      whole.map(({ memory }) => memory.now),
    ),
    rowOf(
      'fleet cold start, s',
      's',
      whole.map(({ coldSeconds }) => coldSeconds),
    ),
    rowOf(
      'CPU at 1,000 events a second',
      'share',
      whole.map(({ cpu }) => cpu),
    ),
    rowOf(
      'CPU at 1,000 events a second, a tenth of the fleet',
      'share',
      tenth.map(({ cpu }) => cpu),
    ),
    rowOf('event to commit p50', 'ms', whole.map(at(0.5))),
    rowOf('event to commit p99, ms', 'ms', whole.map(at(0.99))),
    rowOf('event to commit p50, a tenth of the fleet', 'ms', tenth.map(at(0.5))),
    rowOf('event to commit p99, a tenth of the fleet', 'ms', tenth.map(at(0.99))),
    rowOf('event to commit p50 against a tenth of the fleet', 'ratio', grows(0.5)),
    rowOf('event to commit p99 against a tenth of the fleet', 'ratio', grows(0.99)),
  ];
}
