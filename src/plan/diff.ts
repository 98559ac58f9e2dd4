// What has to change. Pure.
//
// Comes in: what is published and what the rule wants, for the dirty apps. Goes out: one change for
// each app whose bytes differ. Absence deletes nothing: an app that is not wanted is not a change.

import type { AppName, Upstream } from '../model.ts';

/** An upstream and its canonical bytes. */
export interface Encoded {
  readonly upstream: Upstream;
  readonly body: string;
}

export interface Change {
  readonly app: AppName;
  /** Absent: the app has no document yet, or it was deleted. */
  readonly before?: Upstream;
  readonly after: Upstream;
  readonly body: string;
}

/** Compares bytes, not meanings: the canonical form makes them the same thing. */
export function diff(
  published: (app: AppName) => Encoded | undefined,
  desired: readonly Encoded[],
): Change[] {
  const changes: Change[] = [];
  for (const { upstream: after, body } of desired) {
    const before = published(after.app);
    if (before?.body === body) continue;
    // An app without any server has nothing to say before it first had one.
    if (!before && after.servers.length === 0) continue;
    changes.push({ app: after.app, after, body, ...(before && { before: before.upstream }) });
  }
  return changes;
}
