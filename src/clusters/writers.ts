// The writers of all clusters in which jobs may act, opened when they are first asked for.
//
// Comes in: the orders of clusters as they are now. Goes out: a writer by name. On failure: a
// BallastError: no such cluster, read only, or credentials that cannot be read.

import type { ClusterName } from '../model.ts';
import { BallastError } from '../errors.ts';
import type { ClusterWriter } from './cluster-writer.ts';
import { loadCluster } from './kubeconfig.ts';
import { KubernetesWriter, WRITE_MS } from './kubernetes-writer.ts';
import { LIMITS } from './limits.ts';
import { Link } from './link.ts';
import type { ClusterOrder } from './registry.ts';
import type { ClusterSettings } from './settings.ts';
import type { ClusterWorld } from './world.ts';
import { READ_ONLY, withinScope, type WriterScope } from './writer-scope.ts';

type Order = Pick<ClusterOrder, 'settings' | 'load'>;
type JobsSettings = NonNullable<ClusterSettings['jobs']>;

export interface Writers {
  writer(name: ClusterName): Promise<ClusterWriter>;
  close(): Promise<void>;
}

interface Opened {
  /** Of what it was opened by: another, and it is opened anew. */
  readonly key: string;
  readonly writer: Promise<ClusterWriter>;
}

export function createWriters(orders: () => readonly ClusterOrder[], world: ClusterWorld): Writers {
  const opened = new Map<ClusterName, Opened>();
  const shut = ({ writer }: Opened): Promise<void> =>
    writer.then((one) => one.close()).catch(() => undefined);
  return {
    async writer(name) {
      const order = orders().find(({ settings }) => settings.name === name);
      if (!order) throw new BallastError('cluster-unknown', `there is no cluster ${name}`);
      const key = JSON.stringify([order.settings.jobs, order.digest]);
      const known = opened.get(name);
      if (known?.key === key) return await known.writer;
      const now = { key, writer: openWriter(order, world) };
      opened.set(name, now);
      // What could not be opened is tried again.
      now.writer.catch(() => opened.get(name) === now && opened.delete(name));
      if (known) void shut(known);
      return await now.writer;
    },
    async close() {
      await Promise.all([...opened.values()].map(shut));
      opened.clear();
    },
  };
}

export async function openWriter(order: Order, world: ClusterWorld): Promise<ClusterWriter> {
  const { name, jobs } = order.settings;
  if (!jobs) {
    throw new BallastError('jobs-not-allowed', `${name} ${READ_ONLY}`);
  }
  const link = await openJobsLink(order, world);
  return withinScope(new KubernetesWriter(name, link), scopeOf(jobs));
}

export function scopeOf({ namespaces, secrets = false }: JobsSettings): WriterScope {
  return { namespaces, secrets };
}

/** With the credentials of jobs, else those that the cluster is read by. */
export async function openJobsLink(
  { settings, load: read }: Order,
  world: ClusterWorld,
): Promise<Link> {
  const { name, jobs } = settings;
  const { kubeconfig, inCluster = false } = jobs ?? {};
  const own = kubeconfig !== undefined || inCluster;
  const place = { name, ...(kubeconfig && { kubeconfig }), inCluster };
  const load = own ? () => loadCluster(place, world) : read;
  const limits = { ...LIMITS, ...world.limits, headersMs: WRITE_MS };
  return new Link(await load(), load, { ...world, limits });
}
