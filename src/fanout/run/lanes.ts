// A plan as a job does it: a lane for each cluster of a wave, with its writes in order. Pure.
//
// Comes in: a plan without faults, its strategy. Goes out: what the job's record
// keeps, and runs by. On failure: why it cannot be run, a sentence each.
//
// What only goes down in one cluster while the same object goes up in another comes in a second lane, at
// the end of everything: scale up, gate, weights follow, scale down.

import { isMap } from '../document.ts';
import { podPath } from '../kinds.ts';
import type { Strategy } from '../model.ts';
import type { Entry } from '../plan/entry.ts';
import type { Plan } from '../plan/plan.ts';
import { isSecret } from '../plan/seal.ts';
import { type FloorOf, floorsOf } from './floor.ts';

export interface RunPlan {
  readonly name: string;
  readonly digest: string;
  readonly strategy: Strategy;
  /** Those that are written, in the order of the lanes. */
  readonly entries: readonly Entry[];
  readonly waves: readonly RunWave[];
  /** What Secrets hold is marked under the key; versions before had none. */
  readonly keyed?: true;
  /** By app: so many pods serve at any moment. */
  readonly floors?: Readonly<Record<string, number>>;
}

export interface RunWave {
  readonly name: string;
  /** Lanes at once. */
  readonly concurrency: number;
  readonly approval: 'none' | 'before' | 'after';
  readonly maxFailures: number;
  readonly lanes: readonly Lane[];
}

export interface Lane {
  /** The cluster's name, with `.down` behind it where it is its second one. */
  readonly id: string;
  readonly cluster: string;
  /** Indexes of entries. */
  readonly writes: readonly number[];
  /** Apps whose servers there are held at 0 while it is stepped. */
  readonly holds: readonly string[];
  /** Why nothing is held. */
  readonly undrained?: string;
  /** Apps that get other pods there. */
  readonly watches?: readonly string[];
  /** Whose pods are to serve an app behind its gate. */
  readonly serves?: readonly Serving[];
  /** Writes after which fewer pods run there. */
  readonly lowers?: readonly Lowering[];
}

export interface Serving {
  /** Index of the entry. */
  readonly entry: number;
  readonly app: string;
}

export interface Lowering extends Serving {
  /** Absent: all of them. */
  readonly pods?: number;
}

export type Runnable =
  | { readonly ok: true; readonly run: RunPlan; readonly apps: readonly string[] }
  | { readonly ok: false; readonly faults: readonly string[] };

/** `told`: what the configuration says of an app. */
export function runnableOf(
  plan: Plan,
  strategy: Strategy,
  told: FloorOf = () => undefined,
): Runnable {
  const entries = plan.entries.filter(({ action }) => ACTIONS.has(action));
  const faults = [...plan.faults, ...faultsOf(plan, entries)];
  const { name } = plan;
  if (faults.length > 0 || name === undefined) return { ok: false, faults };
  const sorted = entries.toSorted((left, right) => rankOf(left) - rankOf(right));
  const late = new Set(sorted.filter((entry) => isLate(entry, sorted)));
  const first = plan.waves.map((wave) =>
    waveOf(wave, strategy, (cluster) =>
      laneOf(cluster, cluster, {
        entries: sorted,
        strategy,
        takes: (one) => !late.has(one),
      }),
    ),
  );
  const second = plan.waves.map((wave) =>
    waveOf(wave, strategy, (cluster) =>
      laneOf(`${cluster}.down`, cluster, {
        entries: sorted,
        strategy,
        takes: (one) => late.has(one),
      }),
    ),
  );
  const down = second.map((wave) => ({
    ...wave,
    name: `${wave.name}, down`,
    approval: 'none' as const,
  }));
  const waves = [...first, ...down];
  const run = {
    name,
    digest: plan.digest,
    strategy,
    entries: sorted,
    waves: waves.filter(({ lanes }) => lanes.length > 0),
    floors: floorsOf(plan.entries, strategy, told),
    ...(plan.keyed && { keyed: plan.keyed }),
  };
  // Also of what stays as it is: no other job of them may run beside this one.
  const apps = new Set(plan.entries.flatMap((entry) => lockedBy(entry) ?? []));
  return { ok: true, run, apps: [...apps].toSorted() };
}

/** What is of no app is locked by its own name, which no app can have. */
function lockedBy({ app, object }: Entry): string | undefined {
  if (app !== undefined || !object || podPath(object) === undefined) return app;
  const { namespace = '', name } = object.metadata;
  return `${namespace}/${name}`;
}

const ACTIONS: ReadonlySet<Entry['action']> = new Set(['create', 'update', 'delete', 'unread']);

function faultsOf({ name, digest }: Plan, entries: readonly Entry[]): string[] {
  const unread = entries.filter(({ action }) => action === 'unread');
  return [
    ...(name === undefined ? [`a fan-out without a name: nothing of it could be found again`] : []),
    ...(entries.length === 0 ? [`nothing would change (digest ${digest})`] : []),
    ...entries.flatMap((entry) => homelessText(entry, entries) ?? []),
    ...[...new Set(unread.map(({ cluster }) => cluster))].map((one) => `${one}: could not be read`),
  ];
}

/** A copy of it waits in its own namespace until it is written. */
function homelessText({ cluster, object }: Entry, entries: readonly Entry[]) {
  if (!object || !isSecret(object)) return undefined;
  const { name, namespace } = object.metadata;
  const isNew = entries.some(
    (one) =>
      one.cluster === cluster &&
      one.action === 'create' &&
      one.key.startsWith('Namespace|') &&
      one.object?.metadata.name === namespace,
  );
  if (!isNew) return undefined;
  return `${cluster}: Secret ${namespace}/${name}: the namespace is not there yet: bring it out before, by itself`;
}

/** What others need first: a pod waits for what it mounts, an autoscaler for what it scales. */
const ORDER = [
  'Namespace',
  'ServiceAccount',
  'ConfigMap',
  'Secret',
  'Service',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Rollout',
  'Job',
  'CronJob',
  'Ingress',
];

function rankOf({ key, action }: Entry): number {
  const found = ORDER.indexOf(key.split('|')[0] ?? '');
  const rank = found < 0 ? ORDER.length : found;
  return action === 'delete' ? 100 - rank : rank;
}

function isLate(entry: Entry, entries: readonly Entry[]): boolean {
  const goesDown = entry.action === 'delete' || changeOf(entry) < 0;
  if (!goesDown) return false;
  return entries.some((one) => one.key === entry.key && changeOf(one) > 0);
}

function changeOf({ replicas }: Entry): number {
  if (replicas?.after === undefined) return 0;
  return replicas.after - (replicas.before ?? 0);
}

type Wave = Plan['waves'][number];

function waveOf(
  { name, clusters, concurrency }: Wave,
  strategy: Strategy,
  lane: (cluster: string) => Lane | undefined,
): RunWave {
  const told = strategy.waves.find((one) => one.name === name);
  return {
    name,
    concurrency,
    approval: told?.approval ?? 'none',
    maxFailures: told?.maxFailures ?? strategy.maxFailures,
    lanes: clusters.flatMap((cluster) => lane(cluster) ?? []),
  };
}

const NO_APP = 'its pods are of no app: no Service of one selects them';

interface LaneInput {
  readonly entries: readonly Entry[];
  readonly strategy: Strategy;
  readonly takes: (entry: Entry) => boolean;
}

function laneOf(
  id: string,
  cluster: string,
  { entries, strategy, takes }: LaneInput,
): Lane | undefined {
  const writes = [...entries.keys()].filter((index) => {
    const entry = entries[index];
    return entry?.cluster === cluster && takes(entry);
  });
  if (writes.length === 0) return undefined;
  const mine = writes.flatMap((index) => entries[index] ?? []);
  const drained = mine.filter((entry) => drainOf(entry, strategy) === undefined);
  const holds = [...new Set(drained.flatMap(({ app }) => app ?? []))].toSorted();
  const lowers = writes.flatMap((entry) => loweringOf(entry, entries[entry]) ?? []);
  const isWeighed = strategy.weights !== 'none';
  const watches = isWeighed ? watchesOf(mine) : [];
  const serves = isWeighed ? writes.flatMap((at) => servingOf(at, entries[at]) ?? []) : [];
  const seen = { watches, serves, lowers };
  if (holds.length > 0) return { id, cluster, writes, holds, ...seen };
  const [undrained = NO_APP] =
    drained.length > 0 ? [] : mine.flatMap((one) => drainOf(one, strategy) ?? []);
  return { id, cluster, writes, holds, undrained, ...seen };
}

function servingOf(index: number, entry: Entry | undefined): Serving | undefined {
  const app = entry?.app;
  return app !== undefined && entry?.replicas ? { entry: index, app } : undefined;
}

function watchesOf(entries: readonly Entry[]): string[] {
  const renewed = entries.filter(
    (entry) => (entry.action === 'create' || replacesPods(entry)) && entry.replicas?.after !== 0,
  );
  return [...new Set(renewed.flatMap(({ app }) => app ?? []))].toSorted();
}

function loweringOf(index: number, entry: Entry | undefined): Lowering | undefined {
  const app = entry?.app;
  if (app === undefined) return undefined;
  if (entry?.action === 'delete') return { entry: index, app };
  const change = entry ? changeOf(entry) : 0;
  return change < 0 ? { entry: index, app, pods: -change } : undefined;
}

/** Why an entry needs no drain; undefined: it needs one. */
function drainOf(entry: Entry, { weights, drain }: Strategy): string | undefined {
  const { object, action } = entry;
  if (weights === 'none') return 'weights: none';
  if (!object || podPath(object) === undefined) return 'nothing with pods is written';
  // Until its gate nobody knows whether it serves.
  if (action === 'create') return undefined;
  if (drain === 'never') return 'drain: never';
  if (!replacesPods(entry)) return 'no pod is replaced';
  return isAnalysed(object) ? 'its analysis needs traffic' : undefined;
}

function replacesPods({ differences }: Entry): boolean {
  return differences.some(({ path }) => path === '/spec' || path.startsWith('/spec/template'));
}

/** An Argo Rollout that is judged by requests would wait for ever without any. */
function isAnalysed({ kind, spec }: NonNullable<Entry['object']>): boolean {
  return (
    kind === 'Rollout' && isMap(spec) && JSON.stringify(spec['strategy'] ?? {}).includes('analysis')
  );
}

/** Whether a lane’s wave comes after that of another. */
export function isLater({ waves }: RunPlan, lane: string, than: string): boolean {
  const placeOf = (id: string): number =>
    waves.findIndex(({ lanes }) => lanes.some((one) => one.id === id));
  return placeOf(lane) > placeOf(than);
}

export function lanesOf({ waves }: RunPlan): readonly Lane[] {
  return waves.flatMap(({ lanes }) => lanes);
}
