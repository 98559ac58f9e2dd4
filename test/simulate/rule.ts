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
  /** Servers whose sum is kept, split as it may be. */
  readonly frozen: readonly Frozen[];
}

interface Frozen {
  readonly addresses: readonly string[];
  /** At least. */
  readonly sum: number;
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
  const frozen: Frozen[] = [];
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
  frozen: Frozen[],
): Map<string, number> {
  const from = servers[0]?.from ?? '';
  const own = holds.filter((hold) => servers.some((server) => isOf(hold, app, server)));
  const drained = (server: One): boolean =>
    own.some((hold) => hold.kind === 'drain' && isOf(hold, app, server));
  const pins = strongestFirst(own.filter(({ kind }) => kind === 'pin'));
  const freezes = strongestFirst(
    own.filter(({ kind, kept }) => kind === 'freeze' && kept?.[app] !== undefined),
  );
  const sum = pins.find(({ server }) => server === undefined);
  const freeze = freezes.find(({ server }) => server === undefined);
  const wordOf = (server: One): number | undefined => {
    const ofServer = ({ server: only }: Hold): boolean => only === server.address;
    const frozenAt = sum ? undefined : freezes.find(ofServer)?.kept?.[app]?.[server.address];
    return pins.find(ofServer)?.weight ?? frozenAt;
  };
  const open = servers.filter((server) => !drained(server));
  const free = open.filter((server) => wordOf(server) === undefined);
  const taken = open.reduce((all, server) => all + (wordOf(server) ?? 0), 0);
  const total = sum ? sum.weight : freeze && (freeze.kept?.[app]?.[from] ?? 0);
  const each =
    total === undefined || total === 0
      ? 0
      : Math.min(65_535, Math.max(1, Math.floor((total - taken) / free.length)));
  const weights = new Map<string, number>();
  for (const server of servers) {
    const word = wordOf(server);
    if (drained(server)) weights.set(server.address, 0);
    else if (word !== undefined) weights.set(server.address, word);
    else weights.set(server.address, total === undefined ? server.weight : each);
  }
  if (!sum && freeze && free.length > 0 && each > 0) {
    frozen.push({ addresses: free.map(({ address }) => address), sum: each * free.length });
  }
  return weights;
}

function strongestFirst(holds: readonly Hold[]): Hold[] {
  const width = (hold: Hold): number =>
    (hold.server === undefined ? 4 : 0) + (hold.cluster === undefined ? 2 : 0) + (hold.app ? 0 : 1);
  return holds.toSorted(
    (a, b) => width(a) - width(b) || b.since - a.since || (a.id < b.id ? 1 : -1),
  );
}
