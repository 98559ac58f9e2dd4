// One object in one cluster: what is to be done there, and what it would change.

import { type ObjectRef, refOf } from '../../clusters/cluster-writer.ts';
import { scopeFault } from '../../clusters/writer-scope.ts';
import type { Portion } from '../division/division.ts';
import { identityOf, keyOf } from '../identity.ts';
import { replicasKey, replicasOf } from '../kinds.ts';
import type { Manifest, Order, Warning } from '../model.ts';
import { type BuildInput, type Built, buildObject } from './build.ts';
import { digestOf } from './canonical.ts';
import { type Difference, diffObjects } from './diff.ts';
import { sealed } from './seal.ts';
import {
  FANOUT_LABEL,
  FIELD_MANAGER,
  type LiveObject,
  type PlanOptions,
  type WorldCluster,
} from './world.ts';

/**
 * `unread`: the cluster did not answer, so nobody knows. `keep`: in the world, not in the stream, and not
 * deleted. `fault`: this cluster gets nothing, and the plan is not applied.
 */
export type Action = 'create' | 'update' | 'none' | 'delete' | 'keep' | 'unread' | 'fault';

export interface Entry {
  readonly cluster: string;
  readonly key: string;
  readonly object?: Manifest;
  /** Of a workload: whose servers are drained for it. Absent: nobody's. */
  readonly app?: string;
  readonly action: Action;
  readonly replicas?: Replicas;
  readonly differences: readonly Difference[];
  readonly notes: readonly string[];
  /** Of the live object. */
  readonly uid?: string;
  /** Of what of it the plan was made for. */
  readonly liveDigest?: string;
  /** Whose replicas the digest does not cover. */
  readonly scaledBy?: string;
  /** What others own of it is taken over. */
  readonly adopts?: true;
  /** Of what is deleted or kept, which has no object. */
  readonly ref?: ObjectRef;
}

export interface Replicas {
  readonly before?: number;
  /** Absent where an autoscaler writes them. */
  readonly after?: number;
  readonly reasons: readonly string[];
}

export interface MadeEntry {
  readonly entry: Entry;
  readonly warnings: readonly Warning[];
  readonly faults: readonly string[];
  /** Of a Secret: what stands behind the marks of the entry's object. */
  readonly values?: ReadonlyMap<string, unknown>;
}

export interface EntryInput extends Omit<BuildInput, 'live'> {
  readonly key: string;
  /** Of a workload: which app it is. */
  readonly app?: string | undefined;
}

export function entryOf(
  { key, ...input }: EntryInput,
  world: WorldCluster,
  options: PlanOptions,
): MadeEntry {
  const cluster = world.cluster.name;
  const live = world.live?.find(({ object }) => keyOf(identityOf(object)) === key);
  const built = buildObject({ ...input, ...(live && { live }) }, world, options);
  if (!built.ok) {
    const entry: Entry = { cluster, key, action: 'fault', differences: [], notes: [built.text] };
    return { entry, warnings: built.warnings, faults: [`${cluster}: ${built.text}`] };
  }
  const { values } = built;
  return { ...madeOf({ ...input, key, built, live }, world, options), values };
}

interface BuiltInput extends EntryInput {
  readonly built: Built & { readonly ok: true };
  readonly live: LiveObject | undefined;
}

function madeOf(
  { key, built, live, ...input }: BuiltInput,
  world: WorldCluster,
  options: PlanOptions,
): MadeEntry {
  const cluster = world.cluster.name;
  const { object, warnings } = built;
  const { app } = input;
  const counted = replicas(object, input.portion, live);
  const base = { cluster, key, object, ...(app !== undefined && { app }), ...counted };
  const barred = barredText({ object, app, live }, world, options);
  if (barred !== undefined) {
    const entry: Entry = { ...base, action: 'fault', differences: [], notes: built.notes };
    return { entry, warnings, faults: [`${cluster}: ${barred}`] };
  }
  if (!world.live) {
    const notes = [...built.notes, world.trouble ?? 'the cluster could not be read'];
    return { entry: { ...base, action: 'unread', differences: [], notes }, warnings, faults: [] };
  }
  if (world.unserved?.has(`${object.apiVersion} ${object.kind}`)) {
    const text = `${cluster}: ${object.kind} of ${object.apiVersion} is not served there`;
    return {
      entry: { ...base, action: 'fault', differences: [], notes: built.notes },
      warnings,
      faults: [text],
    };
  }
  if (!live) {
    const entry: Entry = { ...base, action: 'create', differences: [], notes: built.notes };
    return { entry, warnings, faults: [] };
  }
  const made = withLive({ ...base, notes: built.notes }, live, input.order, options);
  return { ...made, warnings: [...warnings, ...staying(made.entry, input.order)] };
}

/** Its gate asks for pods, and has those of before. */
function staying({ cluster, object, differences }: Entry, { place }: Order): Warning[] {
  const changes = differences.some(({ path }) => path.startsWith('/spec/template'));
  if (object?.kind !== 'ReplicaSet' || !changes) return [];
  const text = `${cluster}: ${shown(object)}: its template changes, but Kubernetes replaces no pod for that: those that run stay as they are (a Deployment replaces them)`;
  return [{ code: 'pods-stay', place, text }];
}

interface Coming {
  readonly object: Manifest;
  readonly app: string | undefined;
  readonly live: LiveObject | undefined;
}

/** Why it may not be written here at all. */
function barredText(
  { object, app, live }: Coming,
  { scope, movedAway }: WorldCluster,
  { returning = [] }: PlanOptions,
): string | undefined {
  const outside = scope && scopeFault(refOf(object), scope);
  if (outside !== undefined) return outside;
  const by = app === undefined || live ? undefined : movedAway?.get(app);
  if (by === undefined || returning.includes(app ?? '')) return undefined;
  return `${shown(object)}: ${by} moved ${app} away from here: let it return (--return ${app}), or leave the cluster out`;
}

function withLive(
  base: Pick<Entry, 'cluster' | 'key' | 'notes'> & { readonly object: Manifest },
  live: LiveObject,
  order: Order,
  options: PlanOptions,
): Omit<MadeEntry, 'warnings'> {
  const differences = diffObjects(live.object, base.object);
  const adopts = options.adopt || order.keep.adopt;
  const seen = {
    ...seenOf(live),
    ...(adopts && { adopts: true as const }),
  };
  if (isOurs(live.object, options.name)) {
    const action = differences.length > 0 ? 'update' : 'none';
    return { entry: { ...base, ...seen, action, differences }, faults: [] };
  }
  const owner = ownerOf(live.object);
  if (adopts) {
    const notes = [...base.notes, `is taken over from ${owner}`];
    return { entry: { ...base, ...seen, action: 'update', differences, notes }, faults: [] };
  }
  const text = `${base.cluster}: ${shown(base.object)} is ${owner}’s: adopt it, or leave it out`;
  return { entry: { ...base, ...seen, action: 'fault', differences }, faults: [text] };
}

function replicas(
  object: Manifest,
  { replicas: portion, reasons }: Portion,
  live: LiveObject | undefined,
): { replicas?: Replicas } {
  if (replicasKey(object) === undefined) return {};
  const before = live && { before: replicasOf(live.object) };
  if (live?.scaledBy !== undefined) {
    return { replicas: { ...before, reasons: [`${live.scaledBy} writes them; here ${portion}`] } };
  }
  const after = replicasOf(object);
  const patched = after === portion ? [] : [`an override makes it ${after}`];
  return { replicas: { ...before, after, reasons: [...reasons, ...patched] } };
}

export function isOurs({ metadata }: Manifest, name: string | undefined): boolean {
  return name !== undefined && metadata.labels?.[FANOUT_LABEL] === name;
}

function ownerOf({ metadata }: Manifest): string {
  const other = metadata.labels?.[FANOUT_LABEL];
  if (other !== undefined) return `fan-out ${other}`;
  const { managedFields } = metadata;
  const managers = (Array.isArray(managedFields) ? managedFields : [])
    .map((entry: unknown) => (entry as { manager?: unknown }).manager)
    .filter((manager) => typeof manager === 'string' && manager !== FIELD_MANAGER);
  return typeof managers[0] === 'string' ? managers[0] : 'someone else';
}

export function shown({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}

export function uidOf({ metadata }: Manifest): string {
  const { uid } = metadata;
  return typeof uid === 'string' ? uid : '';
}

/** By what an entry knows the live object again. */
export function seenOf(live: LiveObject): Pick<Entry, 'uid' | 'liveDigest' | 'scaledBy'> {
  const { object, scaledBy } = live;
  return {
    uid: uidOf(object),
    liveDigest: liveDigest(live),
    ...(scaledBy !== undefined && { scaledBy }),
  };
}

/**
 * What of a live object a plan rests on. Not its resourceVersion, which every status moves; nor replicas
 * that an autoscaler writes.
 */
export function liveDigest({ object, scaledBy }: LiveObject): string {
  const { metadata, status: _, ...rest } = sealed(object);
  const spec = rest['spec'];
  const key = replicasKey(object);
  const masked =
    scaledBy !== undefined && key !== undefined
      ? { ...rest, spec: { ...(spec as object), [key]: null } }
      : rest;
  return digestOf({ ...masked, labels: metadata.labels ?? {} });
}
