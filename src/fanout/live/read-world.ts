// What lives in a cluster of what a fan-out is about.
//
// Comes in: how the cluster is reached, and the orders. Goes out: the cluster as plans see it, and what
// could not be looked at. On failure: a cluster without live objects, with its trouble in words.

import { failureOf } from '../../clusters/call-failure.ts';
import type { ClusterWriter } from '../../clusters/cluster-writer.ts';
import { KubernetesWriter } from '../../clusters/kubernetes-writer.ts';
import { asker } from '../../clusters/json-answer.ts';
import type { Link } from '../../clusters/link.ts';
import { readLiveObjects, type WantedObject } from '../../clusters/live-objects.ts';
import type { ClusterOrder } from '../../clusters/registry.ts';
import type { ClusterSettings } from '../../clusters/settings.ts';
import type { ClusterWorld } from '../../clusters/world.ts';
import { scopeFault, withinScope, type WriterScope } from '../../clusters/writer-scope.ts';
import { openJobsLink, scopeOf } from '../../clusters/writers.ts';
import { timeOf } from '../../clock.ts';
import { faceOf } from '../face.ts';
import { FANOUT_KINDS, podPath } from '../kinds.ts';
import type { Booked } from '../../migration/capacity/ledger.ts';
import type { Manifest, Orders } from '../model.ts';
import { modernise } from '../plan/modern.ts';
import { type Sealing, sealed } from '../plan/seal.ts';
import type { Space } from '../plan/space.ts';
import { FANOUT_LABEL, type WorldCluster } from '../plan/world.ts';
import { readSpace } from './read-space.ts';

export type Reached = Pick<ClusterOrder, 'settings' | 'load'>;

export interface OpenedCluster {
  readonly name: string;
  readonly settings: ClusterSettings;
  /** Absent where its credentials cannot be read; `trouble` says why. */
  readonly link?: Link;
  readonly trouble?: string;
  /** By the credentials that watch it; only where room is asked for. */
  readonly wide?: Link;
  /** Where jobs may write. */
  readonly scope?: WriterScope;
  readonly writer?: ClusterWriter;
  close(): Promise<void>;
}

export function openClusters(
  clusters: readonly Reached[],
  world: ClusterWorld,
  room: boolean,
): Promise<OpenedCluster[]> {
  return Promise.all(clusters.map((one) => openCluster(one, world, room)));
}

async function openCluster(
  reached: Reached,
  world: ClusterWorld,
  room: boolean,
): Promise<OpenedCluster> {
  const { settings, load } = reached;
  const { name, jobs } = settings;
  const scope = jobs && scopeOf(jobs);
  const base = { name, settings, ...(scope && { scope }) };
  try {
    const link = await openJobsLink(reached, world);
    const { jobs: _, ...watched } = settings;
    const wide = room ? await openJobsLink({ settings: watched, load }, world) : undefined;
    const writer = scope && withinScope(new KubernetesWriter(name, link), scope);
    const close = async (): Promise<void> =>
      void (await Promise.all([link.close(), wide?.close()]));
    return { ...base, link, ...(wide && { wide }), ...(writer && { writer }), close };
  } catch (error) {
    return { ...base, trouble: (error as Error).message, close: () => Promise.resolve() };
  }
}

export interface ReadAsking {
  readonly orders: Orders;
  readonly world: ClusterWorld;
  readonly timeoutMs: number;
  /** Of the fan-out: what carries it is read too. */
  readonly name?: string;
  /** What left the stream is looked for in all kinds that fan-outs are made of. */
  readonly prune: boolean;
  readonly headroomPercent: number;
  /** Of what Secrets hold; absent: without a key. */
  readonly sealing?: Sealing;
  /** By cluster. */
  readonly booked: ReadonlyMap<string, readonly Booked[]>;
}

export interface SeenCluster {
  readonly cluster: WorldCluster;
  readonly notes: readonly string[];
}

/** Pods without a node for so long have been looked at, and found none. */
const OLD_MS = 60_000;

export async function readCluster(opened: OpenedCluster, asking: ReadAsking): Promise<SeenCluster> {
  const { name, settings, link, trouble = '', scope } = opened;
  const { orders, world, timeoutMs, name: fanout, prune } = asking;
  const told = { ...(scope && { scope }) };
  if (!link) return { cluster: { cluster: faceOf(settings, false), trouble, ...told }, notes: [] };
  const wanted = wantedOf(orders).filter((one) => isReadable(one, scope));
  const isOld = (time: string): boolean => {
    const at = timeOf(time);
    return at !== undefined && world.wall().getTime() - at > OLD_MS;
  };
  const label = fanout === undefined ? undefined : `${FANOUT_LABEL}=${fanout}`;
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const question = {
      link,
      signal,
      isOld,
      ...(scope && { namespaces: scope.namespaces }),
      servicesOf: workloadNamespaces(orders, scope),
      ...(prune && { kinds: FANOUT_KINDS.filter((one) => isKindReadable(one.kind, scope)) }),
    };
    const [{ found, unserved, unlisted, services }, space] = await Promise.all([
      readLiveObjects(question, wanted, label),
      spaceOf(opened, asking, signal),
    ]);
    const notes = unlisted.map((what) => `${name}: may not list ${what}: what left is not known`);
    const seen = {
      live: found.map((one) => ({ ...one, object: sealed(one.object, asking.sealing) })),
      services: services as readonly Manifest[],
      unserved,
      ...(space && { space }),
      ...told,
    };
    return { cluster: { cluster: faceOf(settings, true), ...seen }, notes };
  } catch (error) {
    const { text } = failureOf(error);
    return { cluster: { cluster: faceOf(settings, false), trouble: text, ...told }, notes: [] };
  }
}

function spaceOf(
  { name, link, wide }: OpenedCluster,
  { orders, headroomPercent, booked }: ReadAsking,
  signal: AbortSignal,
): Promise<Space | undefined> {
  if (!link || !wide) return Promise.resolve(undefined);
  const namespaces = [...new Set(orders.orders.map(({ namespace }) => namespace))];
  return readSpace({
    wide: asker(wide, () => signal),
    own: asker(link, () => signal),
    namespaces: namespaces.filter((one) => one !== ''),
    headroomPercent,
    bookings: booked.get(name) ?? [],
  });
}

function wantedOf({ orders }: Orders): WantedObject[] {
  return orders.map(({ object, namespace }) => {
    const { apiVersion, kind, metadata } = modernise(object).object;
    return { apiVersion, kind, namespace, name: metadata.name };
  });
}

function workloadNamespaces({ orders }: Orders, scope: WriterScope | undefined): string[] {
  const own = orders.filter(({ object }) => podPath(object) !== undefined);
  const all = [...new Set(own.map(({ namespace }) => namespace))];
  return all.filter((one) => !scope || scope.namespaces.includes(one));
}

/** What jobs may not write they need not see: the plan says that it is barred. */
function isReadable({ namespace, ...ref }: WantedObject, scope: WriterScope | undefined): boolean {
  const where = namespace === '' ? {} : { namespace };
  return !scope || scopeFault({ ...ref, ...where }, scope) === undefined;
}

const isKindReadable = (kind: string, scope: WriterScope | undefined): boolean =>
  kind !== 'Secret' || !scope || scope.secrets;
