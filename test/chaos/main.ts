// npm run chaos -- [--faults N] [--seed S]
//
// Real processes (two controllers, Redis with a replica and Sentinels, three edges), two simulated
// clusters with truthful ingress nodes, steady traffic. Faults strike one after the other, in random
// order, while the clusters change. After each: every edge comes to exactly the weights of the rule; no
// document went back, no app was emptied; no request failed but those in flight in a killed edge or on a
// cut client link, which are counted apart.
//
// Goes out: a line for each fault, the sum as the last. Exit codes: 1 a fault was not survived, 2 usage.
import { parseArgs } from 'node:util';
import { until } from '../controlplane/until.ts';
import { weightsAt } from '../e2e/held.ts';
import { FAULTS, type Fault, type World } from './faults.ts';
import { startChaosFleet, type ChaosFleet } from './fleet.ts';
import { Random } from './random.ts';
import { Traffic } from './traffic.ts';
import { APPS } from './truth.ts';
import { watchEdges, type Watch } from './watch.ts';

const USAGE = 'usage: npm run chaos -- [--faults N] [--seed S]';
const SETTLE_MS = 120_000;

interface Sums {
  survived: number;
  answered: number;
  failed: number;
  apart: number;
}

function readArguments(): { faults: number; seed: number } {
  try {
    const options = { faults: { type: 'string' }, seed: { type: 'string' } } as const;
    const { values } = parseArgs({ options });
    const faults = Number(values.faults ?? 200);
    const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
    if (!Number.isInteger(faults) || faults < 1 || !Number.isInteger(seed))
      throw new Error('a number');
    return { faults, seed };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exit(2);
  }
}

/** Every edge holds exactly what follows from the clusters, is at the newest commit and has it saved. */
async function settled({ edges, truth, redis }: ChaosFleet): Promise<void> {
  await redis.whole();
  let last = '';
  const probe = async (): Promise<boolean> => {
    for (const { edge } of edges) {
      for (const app of APPS) {
        const [held, due] = [await weightsAt(edge, app), truth.weights(app)];
        last = `${edge.name} holds of ${app} ${JSON.stringify(held)}, due is ${JSON.stringify(due)}`;
        if (JSON.stringify(held) !== JSON.stringify(due)) return false;
      }
    }
    const marks = await Promise.all(edges.map(({ edge }) => edge.state()));
    last = `marks ${JSON.stringify(marks.map(({ mark, saved }) => ({ mark, saved })))}`;
    const texts = new Set(
      marks.flatMap(({ mark, saved }) => [mark, saved].map((one) => JSON.stringify(one))),
    );
    return texts.size === 1 && !texts.has('null');
  };
  await until('all edges hold what is due', probe, SETTLE_MS).catch((error: unknown) => {
    throw new Error(`${String(error)}; ${last}`);
  });
}

/** One to three changes of what is true, while the fault lasts: one node at most, so that of those which
 *  an edge that hears nothing knows there is always one left. */
async function change({ fleet, random }: World, told: string[]): Promise<void> {
  const anyCluster = (): number => random.between(0, fleet.clusters.length - 1);
  for (let left = random.between(0, 2); left > 0; left--) {
    told.push(fleet.truth.scale(anyCluster(), random.pick(APPS), random.between(1, 12)));
  }
  told.push(
    random.next() < 0.6
      ? fleet.truth.turnNode(anyCluster(), random.between(1, 3))
      : fleet.truth.scale(anyCluster(), random.pick(APPS), random.between(1, 12)),
  );
}

async function strike(fault: Fault, world: World, watch: Watch): Promise<Sums & { text: string }> {
  const told: string[] = [];
  const before = watch.wrong().length;
  for (const one of world.traffic) one.start();
  let trouble: unknown;
  try {
    await flows(world);
    await fault.strike(world, () => change(world, told));
    await settled(world.fleet);
    await flows(world);
  } catch (error) {
    trouble = error;
  }
  const counts = await Promise.all(world.traffic.map((one) => one.read()));
  const failures = counts.flatMap((one) => one.failures);
  const wrong = [...failures, ...watch.wrong().slice(before)];
  if (trouble !== undefined) wrong.push(String(trouble));
  return {
    survived: wrong.length === 0 ? 1 : 0,
    answered: counts.reduce((sum, one) => sum + one.answered, 0),
    failed: failures.length,
    apart: counts.reduce((sum, one) => sum + one.apart, 0),
    text:
      wrong.length === 0
        ? told.join(', ')
        : `NOT SURVIVED (${told.join(', ')})\n${wrong.join('\n')}`,
  };
}

async function flows({ traffic }: World): Promise<void> {
  const before = traffic.map((one) => one.answered());
  await until('every edge answers', () =>
    traffic.every((one, index) => one.answered() > (before[index] ?? 0) + 10),
  );
}

async function run(faults: number, seed: number): Promise<boolean> {
  const random = new Random(seed);
  const fleet = await startChaosFleet();
  const traffic = fleet.edges.map((edge) => new Traffic(edge));
  const watch = watchEdges(fleet.edges.map(({ edge }) => edge));
  const world: World = {
    fleet,
    random,
    traffic,
    async whileDown(index, allowed, work) {
      const one = traffic[index];
      one?.allow(allowed);
      await Promise.all([work(), one?.pause()]);
      one?.start();
    },
  };
  const sums: Sums = { survived: 0, answered: 0, failed: 0, apart: 0 };
  try {
    await settled(fleet);
    let order: Fault[] = [];
    for (let number = 1; number <= faults; number++) {
      if (order.length === 0) order = random.shuffled(FAULTS);
      const fault = order.pop();
      if (!fault) break;
      const began = performance.now();
      const result = await strike(fault, world, watch);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      console.log(`${String(number).padStart(3)}  ${fault.name}: ${seconds} s; ${result.text}`);
      for (const key of ['survived', 'answered', 'failed', 'apart'] as const)
        sums[key] += result[key];
      if (result.survived === 0) {
        for (const { name, ballast } of fleet.controllers)
          console.log(`--- controller ${name}\n${ballast.log().slice(-4000)}`);
        break;
      }
    }
  } finally {
    await watch.stop();
    for (const one of traffic) await one.close();
    await fleet.close();
  }
  console.log(
    `seed ${seed}: ${sums.survived} of ${faults} faults survived; ${sums.answered} requests answered, ${sums.failed} failed, ${sums.apart} apart (in flight in a killed edge, on a cut or closed link); ${watch.looks()} documents looked at`,
  );
  return sums.survived === faults;
}

const { faults, seed } = readArguments();
const isFine = await run(faults, seed);
// Everything is closed; left to itself Node once waited for ever for a request that nobody answers any more.
process.exit(isFine ? 0 : 1);
