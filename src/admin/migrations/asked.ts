// What a migration is asked to do, as it stands in the URL: a link to a plan asks for it again. Pure.

import type { PlanQuestion } from '../../api/migration-shapes.ts';
import type { Place } from '../route.ts';

export type Mode = NonNullable<PlanQuestion['mode']>;
export const MODES = ['online', 'evacuate', 'offline'] as const satisfies readonly Mode[];
export const FLAGS = ['stateful', 'degrade', 'adopt'] as const;

export interface Asked {
  /** As it was typed. */
  readonly apps: string;
  readonly from: string;
  readonly to: string;
  readonly mode: Mode;
  readonly flags: readonly (typeof FLAGS)[number][];
}

export function readAsked({ apps = '', from = '', to = '', ...rest }: Place['query']): Asked {
  const mode = MODES.find((one) => one === rest['mode']) ?? 'online';
  return { apps, from, to, mode, flags: FLAGS.filter((flag) => rest[flag] === 'yes') };
}

export function queryOf({ apps, from, to, mode, flags }: Asked): Record<string, string> {
  const chosen = FLAGS.map((flag) => [flag, flags.includes(flag) ? 'yes' : '']);
  const own = { apps: namesOf(apps).join(' '), from, to, mode: mode === 'online' ? '' : mode };
  return { ...own, ...Object.fromEntries(chosen) };
}

/** Undefined: it is not whole. */
export function questionOf({ apps, from, to, mode, flags }: Asked): PlanQuestion | undefined {
  const names = namesOf(apps);
  if (names.length === 0 || from === '' || to === '') return undefined;
  return { apps: names, from, to, mode, ...Object.fromEntries(flags.map((flag) => [flag, true])) };
}

const namesOf = (apps: string): string[] => apps.split(/[\s,]+/).filter(Boolean);
