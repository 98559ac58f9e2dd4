// What has to change. Pure.
//
// Comes in: what is published and what the rule wants, for the dirty apps. Goes out: one change for
// each app whose bytes differ. Absence deletes nothing: an app that is not wanted is not a change.

import { encodeUpstream } from '../edges/document.ts';
import type { AppName, Upstream } from '../model.ts';

export interface Change {
  readonly app: AppName;
  /** Absent: the app has no document yet. */
  readonly before?: Upstream;
  readonly after: Upstream;
  /** Canonical bytes of `after`. */
  readonly body: string;
}

export interface PublishedBody {
  readonly upstream: Upstream;
  readonly body: string;
}

/** Compares bytes, not meanings: the canonical form makes them the same thing. */
export function diff(
  published: (app: AppName) => PublishedBody | undefined,
  desired: readonly Upstream[],
): Change[] {
  const changes: Change[] = [];
  for (const after of desired) {
    const before = published(after.app);
    const body = encodeUpstream(after);
    if (before?.body === body) continue;
    // An app without any server has nothing to say before it first had one.
    if (!before && after.servers.length === 0) continue;
    changes.push({ app: after.app, after, body, ...(before && { before: before.upstream }) });
  }
  return changes;
}
