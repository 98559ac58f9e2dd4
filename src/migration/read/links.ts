// A cluster's API for the time of one plan, by both credentials.

import type { Clock } from '../../clock.ts';
import { abortAt } from '../../clusters/deadline.ts';
import { loadCluster } from '../../clusters/kubeconfig.ts';
import { LIMITS } from '../../clusters/limits.ts';
import { Link } from '../../clusters/link.ts';
import type { ClusterOrder } from '../../clusters/registry.ts';
import type { ClusterWorld } from '../../clusters/world.ts';
import type { Listings } from './live.ts';

export type Order = Pick<ClusterOrder, 'settings' | 'load'>;

/** In all; a plan is waited for by a person. */
const READ_MS = 30_000;

/** `read` with links that are closed afterwards. Throws what the credentials or the cluster throw. */
export async function withLinks<T>(
  { settings, load }: Order,
  world: ClusterWorld,
  read: (listings: Listings) => Promise<T>,
): Promise<T> {
  const { name, jobs } = settings;
  const hasOwn = jobs?.kubeconfig !== undefined || jobs?.inCluster === true;
  const limits = { ...LIMITS, ...world.limits };
  const open = async (how: Order['load']): Promise<Link> =>
    new Link(await how(), how, { ...world, limits });
  const wide = await open(load);
  const own = hasOwn ? await open(() => loadCluster({ name, ...jobs }, world)) : wide;
  try {
    return await inTime(world.clock, (signal) =>
      read({ wide: { link: wide, signal }, own: { link: own, signal } }),
    );
  } finally {
    await Promise.all([...new Set([wide, own])].map((link) => link.close()));
  }
}

/** The work is broken off after a while. */
export async function inTime<T>(
  clock: Clock,
  work: (signal: AbortSignal) => Promise<T>,
  ms = READ_MS,
): Promise<T> {
  const late = new AbortController();
  const done = new AbortController();
  const deadline = clock.now() + ms;
  void abortAt(() => deadline, late, done.signal, clock);
  try {
    return await work(late.signal);
  } finally {
    done.abort();
  }
}
