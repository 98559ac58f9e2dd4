// The lane of fan-out: what divisions and plans cost the controller, on one core, in this process.
import { availableParallelism } from 'node:os';
import { divideByPreferences, type Preference } from '../../src/fanout/division/federation.ts';
import { divideByPlacement, type KarmadaAsk } from '../../src/fanout/division/karmada.ts';
import { liveRows } from './fanout/live-rows.ts';
import type { Lane, Length } from './lane.ts';
import { rowOf, type Row } from './rows.ts';

const ROUNDS: Readonly<Record<Length, number>> = { full: 30, quick: 10, smoke: 1 };
const PLANS: Readonly<Record<Length, number>> = { full: 10, quick: 4, smoke: 1 };
const APPS = Array.from({ length: 1000 }, (_, at) => `prod/app-${at}`);
const CLUSTERS = Array.from({ length: 100 }, (_, at) => `cluster-${at}`).sort();

const LIMITS = {
  'division of 1000 apps over 100 clusters, Federation': 250,
  'division of 1000 apps over 100 clusters, Karmada by weights': 250,
  'division of 1000 apps over 100 clusters, Karmada by room': 250,
  'division of 1000 apps over 100 clusters, the first time': 250,
};

export const fanout: Lane = {
  limits: LIMITS,
  about: () =>
    `Divisions: every number with its reasons, 250 replicas an app at least. Plans: from YAML to digest, two simulated API servers with ten names each in a process of their own, every second object to be changed. Node ${process.version}, one of ${availableParallelism()} cores.`,
  async run(length, done) {
    // First, for it must be cold: nothing is compiled yet.
    const first = measured(byWeights);
    done([
      rowOf('division of 1000 apps over 100 clusters, the first time', 'ms', [first]),
      divisionRow('Federation', length, byPreferences),
      divisionRow('Karmada by weights', length, byWeights),
      divisionRow('Karmada by room', length, byRoom),
    ]);
    done(await liveRows(PLANS[length]));
  },
};

function divisionRow(name: string, length: Length, divide: (app: number) => number): Row {
  const samples = Array.from({ length: ROUNDS[length] }, () => measured(divide));
  return rowOf(`division of 1000 apps over 100 clusters, ${name}`, 'ms', samples);
}

function measured(divide: (app: number) => number): number {
  // CPU time, all threads: what others do on the machine does not count, collecting garbage does.
  const began = process.cpuUsage();
  for (let app = 0; app < APPS.length; app++)
    if (divide(app) !== replicasOf(app)) throw new Error(`${APPS[app]}: not all placed`);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

const replicasOf = (app: number): number => 250 + app;

const PREFERENCES: ReadonlyMap<string, Preference> = new Map(
  CLUSTERS.map((cluster, at) => [cluster, { weight: 1 + (at % 7), min: at % 3 }]),
);
const NOW = new Map(CLUSTERS.map((cluster, at) => [cluster, at % 5]));

function byPreferences(app: number): number {
  const division = divideByPreferences({
    key: APPS[app] ?? '',
    total: replicasOf(app),
    rebalance: app % 2 === 0,
    clusters: CLUSTERS,
    preferences: PREFERENCES,
    now: NOW,
    capacity: new Map(),
  });
  return division.ok ? division.written : 0;
}

const KARMADA: Omit<KarmadaAsk, 'replicas' | 'mode'> = {
  by: 'webster',
  candidates: CLUSTERS.map((cluster, at) => ({ cluster, weights: [1 + (at % 7)], room: 20 + at })),
  earlier: new Map(),
  samePlacement: false,
  fresh: false,
};

function byWeights(app: number): number {
  const division = divideByPlacement({ ...KARMADA, mode: 'static', replicas: replicasOf(app) });
  return division.ok ? division.written : 0;
}

function byRoom(app: number): number {
  const division = divideByPlacement({
    ...KARMADA,
    earlier: NOW,
    mode: 'dynamic',
    replicas: replicasOf(app),
  });
  return division.ok ? division.written : 0;
}
