// The weights of every step of a migration. Pure.
//
// Comes in: where the app's requests go by the rule, how many pods come to how many ingress nodes. Goes
// out: for each step what every cluster and the VMs have. The source's part W goes over in steps; all else
// keeps its weight times the same factor, and so its share. On failure: there is none; what cannot be
// shifted is a finding of the plan.

import { nodeWeight } from '../../weights/rule.ts';
import type { Traffic, WeightPart, WeightStep, WeightTable } from './model.ts';

export const PERCENTS = [5, 10, 25, 50, 75, 100] as const;
const FINEST = 10;
const HEAVIEST = 65535;

export interface Shift {
  readonly from: string;
  readonly to: string;
  readonly traffic: Traffic;
  /** That the destination will have of the app by the plan. */
  readonly pods: number;
  readonly ingressNodes: number;
  readonly base: number;
}

/** By the rule, or as published: one server's weight, and how many there are. */
interface Part {
  readonly from: string;
  readonly servers: number;
  readonly weight: number;
}

export function weightTable(shift: Shift): WeightTable {
  const { source, destination, others } = partsOf(shift);
  // An app that serves nothing any more still comes: with what its pods are worth there.
  const moved = source.weight > 0 ? source.weight : ruleOf(shift);
  const factor = factorOf(shift, moved, [source, destination, ...others]);
  const kept = others.map(({ from, servers, weight }) => pinned(from, servers, weight * factor));
  const steps = PERCENTS.map((percent) => {
    const come = Math.round((moved * factor * percent) / 100);
    const stay = percent === 100 ? 0 : Math.max(source.servers, moved * factor - come);
    // Each of its servers gets something with the first step, however little there is to move.
    const least = moved > 0 ? destination.servers : 0;
    return step(`${percent} %`, [
      pinned(shift.to, destination.servers, Math.max(least, destination.weight * factor + come)),
      ...(source.servers === 0 ? [] : [pinned(shift.from, source.servers, stay)]),
      ...kept,
    ]);
  });
  const now = step('now', [source, destination, ...others].filter(isThere).map(asIs));
  return { factor, steps: [now, ...steps, step('the rule', afterwards(shift, others))] };
}

function partsOf({ from, to, traffic, ingressNodes, base }: Shift) {
  const clusters = traffic.clusters.map(({ cluster, ingressNodes: servers, weight }) => ({
    from: cluster,
    servers,
    weight,
  }));
  const of = (name: string): Part =>
    clusters.find((one) => one.from === name) ?? { from: name, servers: 0, weight: 0 };
  const vms = { from: 'vm', servers: traffic.vms, weight: traffic.vms * base };
  const rest = clusters.filter((one) => one.from !== from && one.from !== to);
  return {
    source: of(from),
    destination: { ...of(to), servers: ingressNodes },
    others: [...rest, vms].filter(isThere),
  };
}

const isThere = ({ weight }: Part): boolean => weight > 0;

function ruleOf({ pods, ingressNodes, base }: Shift): number {
  if (pods === 0 || ingressNodes === 0) return 0;
  return nodeWeight(pods, ingressNodes, base) * ingressNodes;
}

/** As fine as fits: no server is weighed more than an edge takes. */
function factorOf({ to }: Shift, moved: number, parts: readonly Part[]): number {
  const heaviest = parts.map(({ from, servers, weight }) =>
    servers === 0 ? 0 : (weight + (from === to ? moved : 0)) / servers,
  );
  const room = HEAVIEST / Math.max(1, ...heaviest);
  return room < 1 ? room : Math.min(FINEST, Math.floor(room));
}

interface Split extends Omit<WeightPart, 'share'> {}

/** As a pin splits a sum over the servers that are there. */
function pinned(from: string, servers: number, exact: number): Split {
  const sum = Math.round(exact);
  const each = servers === 0 || sum === 0 ? 0 : Math.max(1, Math.floor(sum / servers));
  return { from, servers, sum, each: Math.min(HEAVIEST, each) };
}

function asIs({ from, servers, weight }: Part): Split {
  return { from, servers, sum: weight, each: servers === 0 ? 0 : Math.floor(weight / servers) };
}

/** The source has left, and the destination's pods count as they are: with fewer of them VMs gain. */
function afterwards(shift: Shift, others: readonly Part[]): Split[] {
  const before = shift.traffic.clusters.find(({ cluster }) => cluster === shift.to)?.pods ?? 0;
  const rule = ruleOf({ ...shift, pods: shift.pods + before });
  return [pinned(shift.to, shift.ingressNodes, rule), ...others.map(asIs)];
}

function step(name: string, parts: readonly Split[]): WeightStep {
  const all = parts.reduce((sum, { each, servers }) => sum + each * servers, 0);
  return {
    step: name,
    parts: parts.map((part) => ({
      ...part,
      share: all === 0 ? 0 : (part.each * part.servers) / all,
    })),
  };
}
