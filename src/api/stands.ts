// Whether a word that was written stands yet. Another term may have begun since, and its Redis have
// lost the word before any edge had it.
//
// Comes in: what is published, the stamp of the word's commit. Goes out: the version of the present term
// that has the word. On failure: undefined, or `word-lost`, where it does not stand any more.

import type { Published } from '../edges/published.ts';
import { BallastError } from '../errors.ts';
import type { AppName, ClusterName, Stamp } from '../model.ts';

export type Stands = (published: Published) => boolean;

export function standsHeld(held: readonly string[], lifted: readonly string[] = []): Stands {
  return ({ heldSince }) =>
    held.every((id) => heldSince.has(id)) && !lifted.some((id) => heldSince.has(id));
}

export function standsOwned(app: AppName): Stands {
  return (published) => published.app(app)?.owner === 'controller';
}

export function standsDeleted(app: AppName): Stands {
  return (published) => published.app(app) === undefined;
}

export function standsDropped(cluster: ClusterName): Stands {
  return (published) =>
    [...published.apps()].every((app) =>
      published.app(app)?.upstream.servers.every(({ from }) => from !== cluster),
    );
}

/** Under another term: of what is held since that began. */
export function versionOf(
  published: Published | undefined,
  commit: Stamp,
  stands: Stands,
): number | undefined {
  if (published?.mark.term === commit.term) return commit.version;
  return published && stands(published) ? published.holdsAt : undefined;
}

export function versionOrLost(
  published: Published | undefined,
  commit: Stamp,
  stands: Stands,
): number {
  const version = versionOf(published, commit, stands);
  if (version !== undefined) return version;
  throw new BallastError('word-lost', `version ${commit.version} of term ${commit.term}`);
}
