// The weights that the rule of README asks for, computed anew from the truth and the holds: what every
// edge must have once the faults have ended.
//
// Comes in: the true clusters, what is held. Goes out: the weights of an app, and of a frozen cluster the
// sum that it keeps.

import type { AppName, Hold } from '../../src/model.ts';
import type { TrueCluster } from './clusters.ts';
import { TOLD, VMS } from './controllers.ts';
import { isOf } from './watch.ts';

const BASE = 10;

export interface Due {
  readonly weights: ReadonlyMap<string, number>;
  /** Clusters whose sum is kept, split as it may be. */
  readonly frozen: ReadonlyMap<string, number>;
}

/** Undefined: nobody names the app, so it stays as it is. */
export function dueOf(
  app: AppName,
  clusters: readonly TrueCluster[],
  holds: readonly Hold[],
): Due | undefined {
  const named = clusters.filter(({ pods }) => pods.has(app));
  if (named.length === 0 && app !== TOLD) return undefined;
  const weights = new Map<string, number>();
  const frozen = new Map<string, number>();
  for (const cluster of named) {
    const pods = cluster.pods.get(app) ?? 0;
    const nodes = cluster.nodes.length;
    if (pods === 0 || nodes === 0) continue;
    const each = Math.max(1, Math.floor((pods * BASE) / nodes));
    const servers = cluster.nodes.map((node) => ({
      address: cluster.addressOf(node),
      from: cluster.name,
      weight: each,
    }));
    for (const [address, weight] of held(app, servers, holds, frozen)) weights.set(address, weight);
  }
  if (app === TOLD) {
    const vms = VMS.map((address) => ({ address, from: 'vm', weight: BASE }));
    for (const [address, weight] of held(app, vms, holds, frozen)) weights.set(address, weight);
  }
  return { weights, frozen };
}

interface One {
  readonly address: string;
  readonly from: string;
  readonly weight: number;
}

function held(
  app: AppName,
  servers: readonly One[],
  holds: readonly Hold[],
  frozen: Map<string, number>,
): Map<string, number> {
  const from = servers[0]?.from ?? '';
  const own = holds.filter((hold) => servers.some((server) => isOf(hold, app, server)));
  const drained = (server: One): boolean =>
    own.some((hold) => hold.kind === 'drain' && isOf(hold, app, server));
  const pins = strongestFirst(own.filter(({ kind }) => kind === 'pin'));
  const pinOf = (server: One): Hold | undefined =>
    pins.find((hold) => hold.server !== undefined && isOf(hold, app, server));
  const sum = pins.find(({ server }) => server === undefined);
  const freeze = strongestFirst(
    own.filter((hold) => hold.kind === 'freeze' && hold.kept?.[app] !== undefined),
  )[0];
  const open = servers.filter((server) => !drained(server));
  const free = open.filter((server) => !pinOf(server));
  const taken = open.reduce((all, server) => all + (pinOf(server)?.weight ?? 0), 0);
  const total = sum ? sum.weight : freeze && (freeze.kept?.[app]?.[from] ?? 0);
  const weights = new Map<string, number>();
  for (const server of servers) {
    if (drained(server)) weights.set(server.address, 0);
    else if (pinOf(server)) weights.set(server.address, pinOf(server)?.weight ?? 0);
    else if (total === undefined) weights.set(server.address, server.weight);
    else if (total === 0) weights.set(server.address, 0);
    else weights.set(server.address, Math.max(1, Math.floor((total - taken) / free.length)));
  }
  if (!sum && freeze) frozen.set(from, free.length);
  return weights;
}

function strongestFirst(holds: readonly Hold[]): Hold[] {
  const width = (hold: Hold): number =>
    (hold.server === undefined ? 4 : 0) + (hold.cluster === undefined ? 2 : 0) + (hold.app ? 0 : 1);
  return holds.toSorted(
    (a, b) => width(a) - width(b) || b.since - a.since || (a.id < b.id ? 1 : -1),
  );
}
