// In which order the clusters of a plan are stepped.

import type { ClusterFilter, FanoutCluster, Order, Strategy } from '../model.ts';
import { matchesCluster } from '../placement/filter.ts';

export interface PlannedWave {
  readonly name: string;
  readonly clusters: readonly string[];
  /** Of these at once. */
  readonly concurrency: number;
}

export interface Waves {
  readonly waves: readonly PlannedWave[];
  /** Clusters that no wave takes: a plan with one is refused. */
  readonly forgotten: readonly string[];
}

/** `clusters`: those that get something. */
export function wavesOf(
  strategy: Strategy,
  orders: readonly Order[],
  clusters: readonly FanoutCluster[],
): Waves {
  switch (strategy.order) {
    case 'parallel': {
      const names = clusters.map(({ name }) => name).toSorted();
      return { waves: [waveOf('all', names, strategy)], forgotten: [] };
    }
    case 'serial': {
      const names = inGivenOrder(orders, clusters);
      return { waves: names.map((name) => waveOf(name, [name], strategy)), forgotten: [] };
    }
    case 'waves':
      return byWaves(strategy, clusters);
  }
}

/** As the FanOut lists them; other systems list none, so by name. */
function inGivenOrder(orders: readonly Order[], clusters: readonly FanoutCluster[]): string[] {
  const own = orders.find(({ dialect }) => dialect === 'plain');
  const filters: readonly ClusterFilter[] = own?.placement.groups[0]?.tiers ?? [];
  const rank = (cluster: FanoutCluster): number => {
    const found = filters.findIndex((filter) => matchesCluster(cluster, filter));
    return found < 0 ? filters.length : found;
  };
  return clusters
    .toSorted((left, right) => rank(left) - rank(right) || (left.name < right.name ? -1 : 1))
    .map(({ name }) => name);
}

/** A cluster that fits several waves is stepped in the first of them. */
function byWaves(strategy: Strategy, clusters: readonly FanoutCluster[]): Waves {
  let open = clusters.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  const waves = strategy.waves.map(({ name, clusters: filters }) => {
    const taken = open.filter((one) => filters.some((filter) => matchesCluster(one, filter)));
    open = open.filter((one) => !taken.includes(one));
    return waveOf(
      name,
      taken.map((one) => one.name),
      strategy,
    );
  });
  return { waves, forgotten: open.map(({ name }) => name) };
}

/** A part is rounded down, and is 1 at least: a wave must go on. */
function waveOf(
  name: string,
  clusters: readonly string[],
  { maxConcurrency }: Strategy,
): PlannedWave {
  const all = clusters.length;
  if (!maxConcurrency) return { name, clusters, concurrency: all };
  const wanted =
    'count' in maxConcurrency
      ? maxConcurrency.count
      : Math.floor((all * maxConcurrency.percent) / 100);
  return { name, clusters, concurrency: Math.min(Math.max(1, wanted), Math.max(1, all)) };
}
