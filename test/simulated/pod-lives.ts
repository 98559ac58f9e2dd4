// Which pods ended without grace, so that their running requests break. A force deletion marks a pod as
// terminating for an instant too, so only the grace it was given tells: a pod that was ever seen with
// some finishes what it has begun. A pod that went unseen, between two lists, is left to finish as well.
import type { ServerResponse } from 'node:http';
import type { FollowedObject } from './follower.ts';
import { endpointsOf } from './routing-knowledge.ts';

export interface PodLives {
  readonly running: Map<string, Set<ServerResponse>>;
  /** Pods that exist now. */
  readonly known: Set<string>;
  /** Pods that were deleted with grace, the latest of them. */
  readonly graceful: Set<string>;
}

type Change = FollowedObject | undefined;

const GRACEFUL_LIMIT = 50_000;

export function createPodLives(): PodLives {
  return { running: new Map(), known: new Set(), graceful: new Set() };
}

export function addRunning({ running }: PodLives, uid: string, res: ServerResponse): void {
  const requests = running.get(uid) ?? new Set();
  running.set(uid, requests.add(res));
  res.on('close', () => {
    requests.delete(res);
    if (requests.size === 0 && running.get(uid) === requests) running.delete(uid);
  });
}

export function countRunning({ running }: PodLives): number {
  return [...running.values()].reduce((sum, requests) => sum + requests.size, 0);
}

/** What a pod's life needs; whole pods would be kept for nothing. */
export function slimPod({ metadata }: FollowedObject): FollowedObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  const slim = { name, uid, resourceVersion, ...(namespace === undefined ? {} : { namespace }) };
  const grace = metadata.deletionGracePeriodSeconds;
  return { metadata: grace === undefined ? slim : { ...slim, deletionGracePeriodSeconds: grace } };
}

export function takePod(
  lives: PodLives,
  now: Change,
  before: Change,
  how: 'listed' | 'watched',
): void {
  const uid = (now ?? before)?.metadata.uid;
  if (uid === undefined) return;
  if (((now ?? before)?.metadata.deletionGracePeriodSeconds ?? 0) > 0) rememberGraceful(lives, uid);
  if (now) return void lives.known.add(uid);
  lives.known.delete(uid);
  if (how === 'watched') breakUnlessGraceful(lives, uid);
}

/** For clusters that show no pods: an endpoint that leaves without having been terminating was killed. */
export function takeEndpoints(lives: PodLives, now: Change, before: Change): void {
  const present = endpointsOf(now);
  for (const [uid, terminating] of endpointsOf(before)) {
    if (present.has(uid) || terminating || lives.known.has(uid)) continue;
    breakUnlessGraceful(lives, uid);
  }
}

function breakUnlessGraceful({ running, graceful }: PodLives, uid: string): void {
  if (graceful.has(uid)) return;
  for (const res of running.get(uid) ?? []) res.destroy();
}

function rememberGraceful({ graceful }: PodLives, uid: string): void {
  const [oldest] = graceful;
  if (oldest !== undefined && graceful.size >= GRACEFUL_LIMIT) graceful.delete(oldest);
  graceful.add(uid);
}
