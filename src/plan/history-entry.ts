// One line of history: what a commit changed in one app, and why. Pure.

import type { AppName } from '../model.ts';
import type { Change } from './diff.ts';

export type Causes = ReadonlyMap<AppName, readonly string[]>;

/** JSON text; `at` is for people, nothing is decided by it. */
export function historyEntry(
  change: Change,
  causes: Causes,
  at: string,
  actor = 'controller',
): string {
  const weights = (servers: Change['after']['servers']) =>
    servers.map(({ address, from, weight }) => ({ address, from, weight }));
  return JSON.stringify({
    app: change.app,
    at,
    actor,
    causes: causes.get(change.app) ?? [],
    before: change.before ? weights(change.before.servers) : null,
    after: weights(change.after.servers),
  });
}
