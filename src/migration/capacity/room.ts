// Room: how many pods of a kind still fit in a cluster.
//
// Comes in: nodes, pods and quotas of the destination as served, and what others have reserved. Goes out:
// a number with what bounds it; never the sum of what is free, for a pod needs one whole node's. On
// failure: what could not be read, or no node at all, is room for none, and the reason says so.

import type { V1LimitRange, V1Node, V1Pod, V1ResourceQuota } from '@kubernetes/client-node';
import { refusal, type NodeFace } from './label-rules.ts';
import { hostPortsOf, needOf, requestsOf, type Need } from './need.ts';
import { amountsOf, shownAmount } from '../../quantity.ts';
import { drawQuotas, fitQuotas, quotaRoom, type QuotaRoom } from './quota.ts';

/** What is absent could not be read. */
export interface DestinationView {
  readonly nodes?: readonly V1Node[];
  /** Of all namespaces. */
  readonly pods?: readonly V1Pod[];
  readonly quotas?: readonly V1ResourceQuota[];
  /** What they add goes into the need of a pod; unread, needs are not known. */
  readonly limitRanges?: readonly V1LimitRange[];
  /** Of each node, what stays free. */
  readonly headroomPercent: number;
}

/** So many pods that are to come, and are not there yet. */
export interface Booking {
  readonly pods: number;
  readonly need: Need;
}

export interface NodeRoom extends NodeFace {
  readonly free: Record<string, number>;
  slots: number;
  readonly ports: Set<string>;
}

/** A working copy: placing pods takes from it. */
export interface Room {
  readonly nodes: readonly NodeRoom[];
  readonly quotas: readonly QuotaRoom[];
  /** Why nothing fits, whatever is asked. */
  readonly closed?: string;
}

export interface Fit {
  readonly pods: number;
  /** What bounds it, with numbers. */
  readonly why: string;
  /** Rules that can only make it fewer. */
  readonly unchecked: readonly string[];
}

function closed(why: string): Room {
  return { nodes: [], quotas: [], closed: why };
}

export function roomOf(view: DestinationView, bookings: readonly Booking[]): Room {
  const { nodes, pods, quotas, limitRanges } = view;
  if (nodes === undefined) return closed('its nodes could not be read');
  if (pods === undefined) return closed('its pods could not be read');
  if (quotas === undefined) return closed('its quotas could not be read');
  if (limitRanges === undefined) return closed('its limit ranges could not be read');
  if (nodes.length === 0) return closed('it has no nodes');
  const room = {
    nodes: nodeRooms(nodes, pods, view.headroomPercent),
    quotas: quotas.map(quotaRoom),
  };
  for (const pod of pods) if (isWaiting(pod)) placeOnNodes(room, needOfPod(pod), 1);
  for (const { need, pods: count } of bookings) {
    placeOnNodes(room, need, count);
    drawQuotas(room.quotas, need, count);
  }
  return room;
}

function nodeRooms(
  nodes: readonly V1Node[],
  pods: readonly V1Pod[],
  headroomPercent: number,
): NodeRoom[] {
  const rooms = new Map(
    nodes.map((node) => [node.metadata?.name, emptyRoom(node, headroomPercent)]),
  );
  for (const pod of pods) {
    const room = rooms.get(pod.spec?.nodeName);
    if (room && !isFinished(pod)) occupy(room, pod);
  }
  // First fit must not depend on the order in which a list came.
  return [...rooms.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function emptyRoom(node: V1Node, headroomPercent: number): NodeRoom {
  const { pods: slots = 0, ...allocatable } = amountsOf(node.status?.allocatable);
  const free = Object.entries(allocatable).map(([name, all]) => [
    name,
    all - Math.ceil((all * headroomPercent) / 100),
  ]);
  return { ...faceOf(node), free: Object.fromEntries(free), slots, ports: new Set() };
}

function faceOf({ metadata, spec }: V1Node): NodeFace {
  const cordon = spec?.unschedulable ? [CORDON] : [];
  return {
    name: metadata?.name ?? '',
    labels: metadata?.labels ?? {},
    taints: [...(spec?.taints ?? []), ...cordon],
  };
}

const CORDON = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** A pod that is terminating still holds what it has. */
function isFinished({ status }: V1Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function isWaiting(pod: V1Pod): boolean {
  return !pod.spec?.nodeName && !isFinished(pod);
}

const NO_SPEC = { containers: [] };

function needOfPod({ metadata, spec = NO_SPEC }: V1Pod): Need {
  const described = { namespace: metadata?.namespace ?? '', labels: metadata?.labels ?? {} };
  return needOf({ ...described, spec });
}

function occupy(room: NodeRoom, { spec = NO_SPEC }: V1Pod): void {
  room.slots = Math.max(0, room.slots - 1);
  for (const [name, amount] of Object.entries(requestsOf(spec)))
    room.free[name] = Math.max(0, (room.free[name] ?? 0) - amount);
  for (const port of hostPortsOf(spec)) room.ports.add(port);
}

/** Takes what fits of `pods`, first fit over the nodes by name, and says what bounds it. */
export function place(room: Room, need: Need, pods: number): Fit {
  const { unchecked } = need;
  if (room.closed !== undefined) return { pods: 0, why: room.closed, unchecked };
  const quota = fitQuotas(room.quotas, need);
  const allowed = Math.min(pods, quota?.pods ?? pods);
  const { pods: placed, bounds } = placeOnNodes(room, need, allowed);
  drawQuotas(room.quotas, need, placed);
  if (placed === pods) return { pods, why: `${pods} fit`, unchecked };
  if (placed === allowed && quota) return { pods: placed, why: quota.why, unchecked };
  return { pods: placed, why: whyFull(room.nodes.length, bounds, need), unchecked };
}

/** How many fit in all, taking nothing. */
export function fitOf(room: Room, need: Need): Fit {
  return place(copyOf(room), need, Number.MAX_SAFE_INTEGER);
}

export function copyOf(room: Room): Room {
  const nodes = room.nodes.map((node) => ({
    ...node,
    free: { ...node.free },
    ports: new Set(node.ports),
  }));
  return {
    ...room,
    nodes,
    quotas: room.quotas.map((quota) => ({ ...quota, left: { ...quota.left } })),
  };
}

interface Placed {
  readonly pods: number;
  /** By what binds there. */
  readonly bounds: ReadonlyMap<string, Bound>;
}

interface Bound {
  /** How many took all they can. */
  readonly nodes: number;
  /** Of a resource: the most that one of them has left. */
  readonly left: number;
}

const NO_NODE: Bound = { nodes: 0, left: 0 };

function placeOnNodes({ nodes }: Room, need: Need, pods: number): Placed {
  const bounds = new Map<string, Bound>();
  let left = pods;
  for (const node of nodes) {
    if (left === 0) break;
    const fit = fitOnNode(node, need);
    const count = Math.min(left, fit.pods);
    left -= count;
    if (count > 0) takeFrom(node, need, count);
    const known = bounds.get(fit.why) ?? NO_NODE;
    const most = Math.max(known.left, node.free[fit.why] ?? 0);
    bounds.set(fit.why, { nodes: known.nodes + 1, left: most });
  }
  return { pods: pods - left, bounds };
}

function takeFrom(node: NodeRoom, need: Need, count: number): void {
  node.slots -= count;
  for (const [name, each] of Object.entries(need.requests))
    node.free[name] = (node.free[name] ?? 0) - count * each;
  for (const port of need.hostPorts) node.ports.add(port);
}

/** `why` names what binds; where nothing does, pod slots do. */
function fitOnNode(node: NodeRoom, need: Need): { readonly pods: number; readonly why: string } {
  const refused = refusal(node, need);
  if (refused !== undefined) return { pods: 0, why: refused };
  const taken = need.hostPorts.find((port) => node.ports.has(port));
  if (taken !== undefined) return { pods: 0, why: `host port ${taken} is taken` };
  let fit = { pods: node.slots, why: 'pod slots' };
  for (const [name, each] of Object.entries(need.requests)) {
    if (each === 0) continue;
    const pods = Math.floor((node.free[name] ?? 0) / each);
    if (pods < fit.pods) fit = { pods, why: name };
  }
  if (need.oncePerNode !== undefined && fit.pods > 1) return { pods: 1, why: need.oncePerNode };
  return fit;
}

function whyFull(nodes: number, bounds: Placed['bounds'], { requests }: Need): string {
  const sorted = [...bounds].sort(([a, x], [b, y]) => y.nodes - x.nodes || (a < b ? -1 : 1));
  const words = sorted.map(([why, bound]) => {
    const each = requests[why];
    const amounts = each === undefined ? '' : ` ${amountsText(why, each, bound)}`;
    return `${why}${amounts} on ${bound.nodes}`;
  });
  return `full: ${words.join(', ')} of ${nodes} node${nodes === 1 ? '' : 's'}`;
}

function amountsText(resource: string, each: number, { nodes, left }: Bound): string {
  const most = nodes > 1 && left > 0 ? 'at most ' : '';
  return `(${most}${shownAmount(resource, left)} left, ${shownAmount(resource, each)} a pod)`;
}
