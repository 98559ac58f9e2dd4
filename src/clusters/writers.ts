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
import type { ClusterWorld } from './world.ts';
import { withinScope } from './writer-scope.ts';

type Order = Pick<ClusterOrder, 'settings' | 'digest' | 'load'>;

export interface Writers {
  writer(name: ClusterName): Promise<ClusterWriter>;
  close(): Promise<void>;
}

interface Opened {
  /** Of what it was opened by: another, and it is opened anew. */
  readonly key: string;
  readonly writer: Promise<ClusterWriter>;
}

export function createWriters(orders: () => readonly Order[], world: ClusterWorld): Writers {
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

/** With the credentials of jobs, else those that the cluster is read by. */
export async function openWriter(
  { settings, load: read }: Pick<ClusterOrder, 'settings' | 'load'>,
  world: ClusterWorld,
): Promise<ClusterWriter> {
  const { name, jobs } = settings;
  if (!jobs) {
    const text = `${name} is read only: the configuration has no clusters[].jobs for it`;
    throw new BallastError('jobs-not-allowed', text);
  }
  const { kubeconfig, inCluster, namespaces, secrets = false } = jobs;
  const own = kubeconfig !== undefined || inCluster === true;
  const place = { name, ...(kubeconfig && { kubeconfig }), inCluster: inCluster ?? false };
  const load = own ? () => loadCluster(place, world) : read;
  const limits = { ...LIMITS, ...world.limits, headersMs: WRITE_MS };
  const link = new Link(await load(), load, { ...world, limits });
  return withinScope(new KubernetesWriter(name, link), { namespaces, secrets });
}
