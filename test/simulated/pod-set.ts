// Pure: from the pods an app has to those it should have. Only the difference changes; pods that stay
// keep name, uid, node and slice, as under a ReplicaSet.
import { randomBytes, randomUUID } from 'node:crypto';
import { SLICE_SIZE } from './app-objects.ts';
import type { SimulatedApp, SimulatedPod } from './simulated-app.ts';

export interface PodPlace {
  /** Numbers that were never used before, for addresses. */
  nextAddress(): number;
  readonly nodeNames: readonly string[];
}

/** Adds what is missing; what is too many is chosen by chooseLeaving(). */
export function growPods(
  app: SimulatedApp,
  pods: readonly SimulatedPod[],
  place: PodPlace,
): readonly SimulatedPod[] {
  const grown = [...pods];
  const sizes = new Map<number, number>();
  for (const { slice } of pods) sizes.set(slice, (sizes.get(slice) ?? 0) + 1);
  let slice = 0;
  for (let live = countLive(pods); live < app.pods; live++) {
    while ((sizes.get(slice) ?? 0) >= SLICE_SIZE) slice++;
    sizes.set(slice, (sizes.get(slice) ?? 0) + 1);
    grown.push(newPod(app, slice, place));
  }
  return grown;
}

/** Unready pods go first, then the newest, as the real controller chooses. */
export function chooseLeaving(
  app: SimulatedApp,
  pods: readonly SimulatedPod[],
): ReadonlySet<string> {
  const live = pods.filter((pod) => pod.state !== 'terminating');
  const excess = Math.max(0, live.length - app.pods);
  const unready = live.filter((pod) => pod.state === 'unready').reverse();
  const ready = live.filter((pod) => pod.state === 'ready').reverse();
  return new Set([...unready, ...ready].slice(0, excess).map((pod) => pod.uid));
}

/** The first `unready` live pods are not ready, the others are. */
export function setReadiness(
  pods: readonly SimulatedPod[],
  unready: number,
): readonly SimulatedPod[] {
  let left = unready;
  return pods.map((pod) => {
    if (pod.state === 'terminating') return pod;
    const state = left-- > 0 ? 'unready' : 'ready';
    return pod.state === state ? pod : { ...pod, state };
  });
}

function newPod(app: SimulatedApp, slice: number, place: PodPlace): SimulatedPod {
  const number = place.nextAddress();
  const nodeName = place.nodeNames[number % Math.max(1, place.nodeNames.length)] ?? 'worker';
  return {
    name: `${app.service}-${randomBytes(4).toString('hex')}`,
    uid: randomUUID(),
    address: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
    address6: app.dualStack ? `fd00::${number.toString(16)}` : undefined,
    nodeName,
    slice,
    state: 'ready',
    contained: true,
    silent: false,
    deletedAt: undefined,
  };
}

function countLive(pods: readonly SimulatedPod[]): number {
  return pods.filter((pod) => pod.state !== 'terminating').length;
}
