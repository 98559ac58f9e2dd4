// Preferences of the planner, as Federation v1 and KubeFed write them.

import type { Preference } from '../model.ts';
import type { Preferences } from '../schemas/federation.ts';
import type { Spot } from './checked.ts';

/** None given: all weigh 1. */
export const EVEN: Readonly<Record<string, Preference>> = { '*': { weight: 1, min: 0 } };

export function preferencesOf(
  clusters: NonNullable<Preferences['clusters']>,
  { document, path, report }: Spot,
): Record<string, Preference> {
  const entries = Object.entries(clusters).map(([name, preference]): [string, Preference] => {
    const { weight = 0, minReplicas: min = 0, maxReplicas: max } = preference;
    if (max !== undefined && max < min) {
      const text = `is less than minReplicas, ${min}: no number is both`;
      report.fault(document, [...path, name, 'maxReplicas'], text);
    }
    return [name, { weight, min, ...(max !== undefined && { max }) }];
  });
  return Object.fromEntries(entries);
}
