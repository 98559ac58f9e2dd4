// The rule: what one app's upstream is, from what is where. Pure.
//
// Comes in: an app's inventory and what is published for it. Goes out: the upstream, and for every
// server the sum that made its weight. On failure: there is none; what cannot count is left out
// with a reason.

import { type ClusterCount, NO_PODS } from '../inventory/cluster-count.ts';
import type { AppInventory } from '../inventory/inventory.ts';
import type { Address, ClusterName, Hold, Reason, Server, Upstream } from '../model.ts';
import { scaleDown, type Entry } from './scale.ts';
import { showOver, type Over, type Ramp } from './over.ts';

/** The sum behind one server's weight. */
export interface Sum {
  readonly from: ClusterName | 'vm';
  readonly pods: number;
  readonly ingressNodes: number;
  readonly base: number;
  /** `12 pods * 10 / 3 ingress nodes = 40`. */
  readonly formula: string;
  /** Before rounding, as a fraction of the upstream's exact weights. */
  readonly exactShare: number;
  /** Weight over the sum of the upstream's weights. */
  readonly share: number;
}

export interface Weighed {
  readonly upstream: Upstream;
  readonly sums: ReadonlyMap<Address, Sum>;
  /** Per cluster (or `vm`): why something of it does not count. */
  readonly reasons: ReadonlyMap<ClusterName | 'vm', Reason>;
  /** Whose word a server's weight is. */
  readonly holds: ReadonlyMap<Address, Hold>;
  /** Clusters on their way up. */
  readonly ramps: ReadonlyMap<ClusterName | 'vm', Ramp>;
  /** Clusters that the guard holds back on their way up; absent: none. */
  readonly delays?: ReadonlyMap<ClusterName | 'vm', Delay>;
}

/** Sums over a cluster's servers: shown now, and where they go. */
export interface Delay {
  readonly weight: number;
  readonly of: number;
}

/** `max(1, floor(pods * base / nodes))`; the caller has dealt with 0 pods and 0 nodes. */
export function nodeWeight(pods: number, nodes: number, base: number): number {
  return Math.max(1, Math.floor((pods * base) / nodes));
}

/** Why a seen cluster contributes nothing although it could: the first reason that holds. */
export function whyNothing(count: ClusterCount): Reason | undefined {
  if (count.pods === 0) return count.reason ?? NO_PODS;
  if (count.routed === false) {
    const { reason } = count;
    const why =
      reason?.code === 'not-routed'
        ? reason.text
        : `no Ingress or HTTPRoute of ${count.cluster} leads to them`;
    return { code: 'not-routed', text: `${pods(count.pods)} ready, but ${why}` };
  }
  if (count.ingressNodes.length === 0) {
    return {
      code: 'no-ingress-nodes',
      text: `${pods(count.pods)} ready, but ${count.cluster} has no ingress node to reach them`,
    };
  }
  return undefined;
}

/**
 * The upstream of one app. `published` decides who keeps an address that two places claim; `over` is
 * what stands over the automatic weights.
 */
export function weigh(
  inventory: AppInventory,
  published: Upstream | undefined,
  base: number,
  over?: Over,
): Weighed {
  const reasons = new Map<ClusterName | 'vm', Reason>();
  const entries: Entry[] = [];
  for (const count of inventory.clusters) {
    // Its reason stands with it, once for all apps.
    if (count.absent) continue;
    const reason = count.kept ? count.reason : (whyNothing(count) ?? count.reason);
    if (reason) reasons.set(count.cluster, reason);
    entries.push(...clusterEntries(count, published, base));
  }
  if (inventory.vmsReason) reasons.set('vm', inventory.vmsReason);
  entries.push(...vmEntries(inventory, published, base));

  const settled = settleAddresses(removedLast(entries), published, reasons);
  const { app, hosts, policy } = inventory;
  const rest = { app, ...(hosts.length > 0 && { hosts }), policy };
  const scaled = scaleDown(settled, published);
  const shown = showEntries(scaled, { rest, published, over, base }, reasons);
  return { ...shown, reasons: reasons.size > 0 ? reasons : NONE };
}

/** What is published for an app that nobody weighs now: it stays, but for what stands over it. */
export function weighPublished(
  published: Upstream,
  standing: 'unseen' | 'orphaned',
  base: number,
  over?: Over,
): Weighed {
  const reasons = new Map<ClusterName | 'vm', Reason>();
  const { servers, ...rest } = published;
  const until = standing === 'orphaned' ? REMOVED : 'what may have it is seen';
  const entries = [...new Set(servers.map(({ from }) => from))]
    .flatMap((from) => keptEntries(from, published, until))
    // Nobody will ever know more of an orphan: it may rise to what it had.
    .map((entry) => ({ ...entry, kept: standing === 'unseen' }));
  return { ...showEntries(entries, { rest, published, over, base }, reasons), reasons };
}

/** Most apps have nothing of these: one map for all of them. */
const NONE: ReadonlyMap<string, never> = new Map<string, never>();

interface Shown {
  readonly rest: Omit<Upstream, 'servers'>;
  readonly published: Upstream | undefined;
  readonly over: Over | undefined;
  readonly base: number;
}

function showEntries(
  entries: readonly Entry[],
  { rest, published, over, base }: Shown,
  reasons: Map<ClusterName | 'vm', Reason>,
): Omit<Weighed, 'reasons'> {
  const { entries: shown, ramps, words } = showOver(entries, { app: rest.app, published, over });
  for (const [from, reason] of words) if (!reasons.has(from)) reasons.set(from, reason);
  const held = shown.flatMap(({ server, hold }) => (hold ? [[server.address, hold] as const] : []));
  return {
    upstream: { ...rest, servers: shown.map(({ server }) => server).toSorted(byAddress) },
    sums: sumsOf(shown, base),
    holds: held.length > 0 ? new Map(held) : NONE,
    ramps: ramps.size > 0 ? ramps : NONE,
  };
}

function clusterEntries(
  count: ClusterCount,
  published: Upstream | undefined,
  base: number,
): Entry[] {
  if (count.kept) return keptEntries(count.cluster, published, untilWhen(count));
  if (whyNothing(count)) return [];
  const nodes = count.ingressNodes.length;
  const weight = nodeWeight(count.pods, nodes, base);
  const exact = (count.pods * base) / nodes;
  const formula = `${pods(count.pods)} * ${base} / ${nodes} ingress node${nodes === 1 ? '' : 's'} = ${rounding(exact, weight)}`;
  return count.ingressNodes.map((node) => ({
    server: { address: node.address, weight, from: count.cluster },
    exact,
    pods: count.pods,
    ingressNodes: nodes,
    formula,
  }));
}

function untilWhen({ cluster, removed }: ClusterCount): string {
  return removed ? REMOVED : `${cluster} is seen`;
}

const REMOVED = 'a person deletes it';

/** A cluster that comes back under another name takes its addresses over, one by one. */
function removedLast(entries: readonly Entry[]): Entry[] {
  const firm = entries.filter((entry) => !entry.removed);
  const claimed = new Set(firm.map(({ server }) => server.address));
  const left = entries.filter((entry) => entry.removed && !claimed.has(entry.server.address));
  return [...firm, ...left];
}

/** What the published document holds from a cluster: `auto` where a hold showed another weight. */
function keptEntries(
  from: ClusterName | 'vm',
  published: Upstream | undefined,
  until: string,
): Entry[] {
  const servers = published?.servers.filter((server) => server.from === from) ?? [];
  return servers.map((server) => {
    const weight = server.auto ?? server.weight;
    return {
      server: { address: server.address, weight, from },
      exact: weight,
      kept: true,
      pods: 0,
      ingressNodes: from === 'vm' ? 0 : servers.length,
      formula: `${weight} as published, until ${until}`,
      ...(until === REMOVED && { removed: true as const }),
    };
  });
}

function vmEntries(
  inventory: AppInventory,
  published: Upstream | undefined,
  base: number,
): Entry[] {
  const kept = inventory.vmsKept ? keptEntries('vm', published, 'every source of VMs is read') : [];
  const known = new Set(kept.map(({ server }) => server.address));
  const others = inventory.vms.filter((address) => !known.has(address));
  return [...kept, ...others.map((address) => vmEntry(address, base))];
}

function vmEntry(address: Address, base: number): Entry {
  return {
    server: { address, weight: base, from: 'vm' },
    exact: base,
    pods: 0,
    ingressNodes: 0,
    formula: `1 VM * ${base} = ${base}`,
  };
}

/** One address once: who is published keeps it, else who comes first in the configuration. */
function settleAddresses(
  entries: readonly Entry[],
  published: Upstream | undefined,
  reasons: Map<ClusterName | 'vm', Reason>,
): Entry[] {
  const before = new Map(published?.servers.map((server) => [server.address, server.from]));
  const taken = new Map<Address, Entry>();
  for (const entry of entries) {
    const { address } = entry.server;
    const rival = taken.get(address);
    if (!rival) {
      taken.set(address, entry);
      continue;
    }
    const keeps = before.get(address) === entry.server.from ? entry : rival;
    const loses = keeps === entry ? rival : entry;
    taken.set(address, keeps);
    reasons.set(loses.server.from, {
      code: 'address-conflict',
      text: `${address} of ${loses.server.from} is left out: ${keeps.server.from} has the same address`,
    });
  }
  return [...taken.values()];
}

function sumsOf(entries: readonly Entry[], base: number): Map<Address, Sum> {
  const exact = entries.reduce((total, entry) => total + entry.exact, 0);
  const rounded = entries.reduce((total, entry) => total + entry.server.weight, 0);
  return new Map(
    entries.map((entry) => [
      entry.server.address,
      {
        from: entry.server.from,
        pods: entry.pods,
        ingressNodes: entry.ingressNodes,
        base,
        formula: entry.formula,
        exactShare: exact === 0 ? 0 : entry.exact / exact,
        share: rounded === 0 ? 0 : entry.server.weight / rounded,
      },
    ]),
  );
}

function pods(count: number): string {
  return `${count} pod${count === 1 ? '' : 's'}`;
}

function rounding(exact: number, weight: number): string {
  return exact === weight ? `${weight}` : `${Math.round(exact * 100) / 100}, so ${weight}`;
}

/** By bytes: addresses are ASCII, so code units are bytes. */
function byAddress(a: Server, b: Server): number {
  if (a.address === b.address) return 0;
  return a.address < b.address ? -1 : 1;
}
