// One count for all apps of which nothing is in a cluster. In a fleet of many clusters most apps are in
// few of them: the others would be most of the work and of the memory. Pure.
//
// Comes in: a cluster as it is seen, an app, its count of the last round. Goes out: whether nothing of it
// is there; the count that says so. On failure: there is none; in doubt an app has a count of its own.

import type { AppName, AppNames, ClusterStatus, Reason } from '../model.ts';
import { type ClusterCount, NO_PODS } from './cluster-count.ts';

/** A told app is looked for everywhere, and told what is missing. */
export function isAbsent(
  { status, apps }: { readonly status: ClusterStatus; readonly apps: AppNames },
  of: {
    readonly app: AppName;
    readonly isTold: boolean;
    readonly isPublished: boolean;
    readonly before: ClusterCount | undefined;
  },
): boolean {
  const { app, before } = of;
  if (of.isPublished) return false;
  if (status.state === 'unseen') return true;
  if (of.isTold || apps.has(app)) return false;
  if (status.state === 'stale') return before?.absent === true && !before.kept;
  return before === undefined || before.pods === 0;
}

export function absentCount(status: ClusterStatus): ClusterCount {
  const { name, state, ingressNodes } = status;
  const common = { cluster: name, state, ageSeconds: 0, pods: 0, hosts: [], absent: true } as const;
  const count = { ...common, routed: 'unchecked', ingressNodes } as const;
  if (state === 'fresh') return { ...count, kept: false, reason: NO_PODS };
  return { ...count, kept: state === 'unseen', reason: stateReason(status) };
}

/** Of one that is not fresh. Its words have ages and causes that move: a count's are of its last round. */
export function stateReason({ name, state, ageSeconds, reason }: ClusterStatus): Reason {
  if (state === 'unseen') {
    const text = `${name} is not seen yet: ${reason ?? 'its lists are not in'}`;
    return { code: 'unseen', text };
  }
  const text = `${name} is stale since ${Math.floor(ageSeconds)} s: ${reason ?? 'no word from it'}`;
  return { code: 'stale', text };
}
