// Whether a plan that was looked at is still the one that would be made. Pure.
//
// Comes in: the plan that a person saw, and the one of now. Goes out: what is another, a sentence each;
// nothing where the digests are the same.

import type { Entry } from './entry.ts';
import { digestOf } from './canonical.ts';
import { placeOf } from './leaving.ts';
import type { Plan } from './plan.ts';

/** Both as they may be shown: of Secrets only digests. */
export function movedSince(seen: Plan, now: Plan): string[] {
  if (seen.digest === now.digest) return [];
  const before = byPlace(seen);
  const after = byPlace(now);
  const places = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  const entries = places.flatMap((place) => {
    const text = difference(before.get(place), after.get(place));
    return text === undefined ? [] : [`${titleOf(before.get(place) ?? after.get(place))}: ${text}`];
  });
  // The order of clusters, the strategy.
  return entries.length > 0 ? entries : ['the strategy, or the order of clusters, is another'];
}

const byPlace = ({ entries }: Plan): Map<string, Entry> =>
  new Map(entries.map((entry) => [placeOf(entry.cluster, entry.key), entry]));

function titleOf(entry: Entry | undefined): string {
  const { cluster = '', key = '' } = entry ?? {};
  const [kind = '', , namespace = '', name = ''] = key.split('|');
  return `${cluster}: ${[kind, namespace, name].filter((part) => part !== '').join('/')}`;
}

function difference(seen: Entry | undefined, now: Entry | undefined): string | undefined {
  if (!seen) return 'was not in the plan';
  if (!now) return 'is not in the plan any more';
  if (seen.uid !== now.uid) return 'is another object there, or came or went';
  if (seen.liveDigest !== now.liveDigest) return 'was changed there';
  if (digestOf(seen.object ?? null) !== digestOf(now.object ?? null)) return 'is written otherwise';
  return seen.action === now.action ? undefined : `${seen.action} became ${now.action}`;
}
