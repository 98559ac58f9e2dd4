// The body of `_holds`: every person's and every job's word, and what finished migrations leave behind, as
// Redis and the edges keep it. Pure.
//
// Comes in: holds to write, bytes to read. Goes out: canonical JSON, checked holds. On failure: a
// Fault that names the place. A key that nobody knows is one, and so is another format: a hold that is
// half understood would be half obeyed.

import { isAddress } from '../address.ts';
import type { Debt, Hold, MovedMark } from '../model.ts';
import { isObject, strange, type Fault } from './fault.ts';
import { formFault, isText, isWhole, type Form } from './form.ts';
import { debtFault, movedFault } from './left-behind.ts';

export interface HoldsBody {
  readonly holds: readonly Hold[];
  readonly debts: readonly Debt[];
  readonly moved: readonly MovedMark[];
}

/**
 * The first is written without its number, so that versions that know of none take it. What they would
 * misunderstand gets another.
 */
const FORMAT = 1;

export const NO_HOLDS: HoldsBody = { holds: [], debts: [], moved: [] };

export function encodeHolds({ holds, debts, moved }: HoldsBody): string {
  return JSON.stringify(
    sortKeys({
      debts: sortBy(debts, ({ id }) => id),
      holds: sortBy(holds, ({ id }) => id),
      moved: sortBy(moved, ({ app, from }) => `${app} ${from}`),
    }),
  );
}

function sortBy<T>(list: readonly T[], name: (one: T) => string): T[] {
  return list.toSorted((a, b) => (name(a) < name(b) ? -1 : 1));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  const keys = Object.keys(value).toSorted();
  return Object.fromEntries(keys.map((key) => [key, sortKeys(value[key])]));
}

export function decodeHolds(body: string): HoldsBody | Fault {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return { place: 'body', text: `not JSON: ${(error as Error).message}` };
  }
  return isObject(value) ? readHolds(value) : { place: 'body', text: 'not an object' };
}

const FAULTS = { debts: debtFault, holds: holdFault, moved: movedFault } as const;

function readHolds(body: Record<string, unknown>): HoldsBody | Fault {
  const { format = FORMAT, ...rest } = body;
  if (format !== FORMAT) {
    const text = `${JSON.stringify(format)}, and this version knows ${FORMAT}: run the version that wrote it`;
    return { place: 'format', text };
  }
  const fault = strange(rest, Object.keys(FAULTS), '');
  if (fault) return fault;
  const read: Record<keyof typeof FAULTS, unknown> = { debts: [], holds: [], moved: [], ...rest };
  for (const place of ['debts', 'holds', 'moved'] as const) {
    const wrong = listFault(place, read[place]);
    if (wrong) return wrong;
  }
  return read as unknown as HoldsBody;
}

function listFault(place: keyof typeof FAULTS, list: unknown): Fault | undefined {
  if (!Array.isArray(list)) return { place, text: 'not a list' };
  for (const [index, one] of list.entries()) {
    const wrong = FAULTS[place](one);
    if (wrong) return { ...wrong, place: `${place}[${index}]${wrong.place}` };
  }
  return undefined;
}

const isNumbers = (value: unknown): boolean =>
  isObject(value) && Object.values(value).every(isWhole);

const HOLD: Form = {
  needed: {
    id: isText,
    kind: (value) => ['drain', 'pin', 'freeze'].includes(value as string),
    who: isText,
    why: (value) => typeof value === 'string',
    since: isWhole,
  },
  optional: {
    app: isText,
    cluster: isText,
    server: (value) => typeof value === 'string' && isAddress(value),
    weight: isWhole,
    until: isWhole,
    allowEmpty: (value) => typeof value === 'boolean',
    job: isText,
    fence: isWhole,
    debt: isText,
    rampSeconds: isWhole,
    kept: (value) => isObject(value) && Object.values(value).every(isNumbers),
  },
};

function holdFault(hold: unknown): Fault | undefined {
  const fault = formFault(hold, HOLD);
  if (fault || !isObject(hold)) return fault;
  if (['app', 'cluster', 'server'].every((key) => hold[key] === undefined)) {
    return { place: '', text: 'names no app, cluster or server' };
  }
  if (hold['kind'] === 'pin' && hold['weight'] === undefined) {
    return { place: '.weight', text: 'missing: a pin has one' };
  }
  return undefined;
}
