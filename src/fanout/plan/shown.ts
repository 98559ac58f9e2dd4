// A plan as it may leave the program: without the data of Secrets, of which digests stand in its place.

import { isMap } from '../document.ts';
import type { Manifest } from '../model.ts';
import { digestOf } from './canonical.ts';
import type { Difference } from './diff.ts';
import type { Entry } from './entry.ts';
import type { Plan } from './plan.ts';

export function shownPlan(plan: Plan): Plan {
  return { ...plan, entries: plan.entries.map(shownEntry) };
}

function shownEntry(entry: Entry): Entry {
  if (!entry.key.startsWith('Secret|')) return entry;
  const { object, differences } = entry;
  return {
    ...entry,
    ...(object && { object: hidden(object) }),
    differences: differences.map(hiddenDifference),
  };
}

const DATA = ['data', 'stringData'] as const;
const COPY = 'kubectl.kubernetes.io/last-applied-configuration';

function hidden(object: Manifest): Manifest {
  const parts = DATA.flatMap((key): [string, unknown][] => {
    const data = object[key];
    if (!isMap(data)) return [];
    return [
      [key, Object.fromEntries(Object.entries(data).map(([name, value]) => [name, mark(value)]))],
    ];
  });
  const { annotations = {} } = object.metadata;
  const copied = Object.hasOwn(annotations, COPY)
    ? {
        metadata: {
          ...object.metadata,
          annotations: { ...annotations, [COPY]: mark(annotations[COPY]) },
        },
      }
    : {};
  return { ...object, ...copied, ...Object.fromEntries(parts) };
}

/** All but what no Secret keeps secret. */
function hiddenDifference({ path, before, after }: Difference): Difference {
  const open = path.startsWith('/metadata/labels') || path === '/type' || path === '/immutable';
  if (open) return { path, ...given({ before, after }) };
  return { path, ...given({ before: before && mark(before), after: after && mark(after) }) };
}

const given = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

const mark = (value: unknown): string => `sha256:${digestOf(value)}`;
