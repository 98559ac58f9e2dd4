// What a plan against live clusters takes: a hundred objects in twenty clusters, which are two servers with
// ten names each. Every second object lives otherwise than it is wanted.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { systemClock } from '../../../src/clock.ts';
import { readKubeconfig } from '../../../src/clusters/kubeconfig.ts';
import { readFanout } from '../../../src/fanout/fanout.ts';
import { planLive } from '../../../src/fanout/live/live.ts';
import { USUAL } from '../../../src/fanout/plan/world.ts';
import { rowOf, type Row } from '../rows.ts';
import { OBJECTS, objectsOf } from './stream.ts';

const NAMES = Array.from({ length: 20 }, (_, at) => `cluster-${at}`);
const TITLE = `plan of ${OBJECTS} objects x ${NAMES.length} clusters, live`;

const FANOUT = {
  apiVersion: 'ballast.io/v1',
  kind: 'FanOut',
  metadata: { name: 'bench' },
  spec: { objects: 'all', clusters: NAMES, replicas: { weights: { '*': 1 } } },
};

const WORLD = {
  baseFolder: '/',
  clock: systemClock,
  wall: () => new Date(),
  random: Math.random,
  environment: {},
  log: pino({ level: 'silent' }),
};

export async function liveRows(rounds: number): Promise<Row[]> {
  const child = fork(join(import.meta.dirname, 'servers-main.ts'));
  const ended = once(child, 'exit');
  try {
    const first = once(child, 'message').then(([message]) => message as readonly string[]);
    const kubeconfigs = await Promise.race([first, ended.then(() => undefined)]);
    if (!kubeconfigs) throw new Error('the simulated servers ended');
    const took = [];
    const used = [];
    for (let round = 0; round < rounds; round++) {
      const began = performance.now();
      const cpu = process.cpuUsage();
      await planOnce(kubeconfigs);
      const { user, system } = process.cpuUsage(cpu);
      took.push(performance.now() - began);
      used.push((user + system) / 1000);
    }
    return [rowOf(TITLE, 'ms', took), rowOf(`${TITLE}: of CPU`, 'ms', used)];
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

async function planOnce(kubeconfigs: readonly string[]): Promise<void> {
  const text = [FANOUT, ...objectsOf()].map((one) => stringify(one)).join('---\n');
  const read = readFanout([{ name: 'stream.yaml', text }]);
  if (read.kind === 'faults') throw new Error(read.faults.join('\n'));
  const clusters = NAMES.map((name, at) => ({
    settings: { name, ingress: { nodes: 'ingress=true', port: 80 } },
    load: () =>
      Promise.resolve(readKubeconfig(kubeconfigs[at % 2] ?? '', undefined, { name, folder: '/' })),
  }));
  const options = { plan: USUAL, timeoutMs: 60_000, dryRun: false };
  const { plan } = await planLive(read.orders, clusters, WORLD, options);
  const actions = new Map(plan.entries.map((entry) => [entry.action, 0]));
  for (const { action } of plan.entries) actions.set(action, (actions.get(action) ?? 0) + 1);
  const { update = 0, none = 0 } = Object.fromEntries(actions);
  const all = OBJECTS * NAMES.length;
  if (update + none !== all || update < all / 4) {
    throw new Error(`not as it lives: ${JSON.stringify([...actions])}: ${plan.faults.join('; ')}`);
  }
}
