// Requests that a pod is working on, so that they break when the pod is deleted without grace.
import type { ServerResponse } from 'node:http';

export interface RunningRequests {
  readonly byPod: Map<string, Set<ServerResponse>>;
}

export function createRunningRequests(): RunningRequests {
  return { byPod: new Map() };
}

export function addRunning({ byPod }: RunningRequests, uid: string, res: ServerResponse): void {
  const running = byPod.get(uid) ?? new Set();
  byPod.set(uid, running.add(res));
  res.on('close', () => {
    running.delete(res);
    if (running.size === 0 && byPod.get(uid) === running) byPod.delete(uid);
  });
}

export function breakRunning({ byPod }: RunningRequests, uid: string): void {
  for (const res of byPod.get(uid) ?? []) res.destroy();
}
