// The body of `_holds`: every person's and every job's word, as Redis and the edges keep it. Pure.
//
// Comes in: holds to write, bytes to read. Goes out: canonical JSON, checked holds. On failure: a
// Fault that names the place. A key that nobody knows is one, and so is another format: a hold that is
// half understood would be half obeyed.

import { isAddress } from '../address.ts';
import type { Hold } from '../model.ts';
import { isObject, strange, type Fault } from './fault.ts';

export interface HoldsBody {
  readonly holds: readonly Hold[];
  /** What finished jobs leave behind; kept as it is. */
  readonly debts: readonly unknown[];
  readonly moved: readonly unknown[];
}

/**
 * The first is written without its number, so that versions that know of none take it. What they would
 * misunderstand gets another.
 */
const FORMAT = 1;

export const NO_HOLDS: HoldsBody = { holds: [], debts: [], moved: [] };

export function encodeHolds({ holds, debts, moved }: HoldsBody): string {
  const sorted = holds.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return JSON.stringify(sortKeys({ debts, holds: sorted, moved }));
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

function readHolds(body: Record<string, unknown>): HoldsBody | Fault {
  const { format = FORMAT, ...rest } = body;
  if (format !== FORMAT) {
    const text = `${JSON.stringify(format)}, and this version knows ${FORMAT}: run the version that wrote it`;
    return { place: 'format', text };
  }
  const fault = strange(rest, ['debts', 'holds', 'moved'], '');
  if (fault) return fault;
  const read = { debts: [], holds: [], moved: [], ...rest };
  for (const [place, list] of Object.entries(read)) {
    if (!Array.isArray(list)) return { place, text: 'not a list' };
  }
  for (const [index, hold] of read.holds.entries()) {
    const wrong = holdFault(hold);
    if (wrong) return { ...wrong, place: `holds[${index}]${wrong.place}` };
  }
  return read;
}

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string' && value !== '';
const whole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumbers: Check = (value) => isObject(value) && Object.values(value).every(whole);

const NEEDED: Readonly<Record<string, Check>> = {
  id: text,
  kind: (value) => ['drain', 'pin', 'freeze'].includes(value as string),
  who: text,
  why: (value) => typeof value === 'string',
  since: whole,
};
const OPTIONAL: Readonly<Record<string, Check>> = {
  app: text,
  cluster: text,
  server: (value) => typeof value === 'string' && isAddress(value),
  weight: whole,
  until: whole,
  allowEmpty: (value) => typeof value === 'boolean',
  job: text,
  fence: whole,
  rampSeconds: whole,
  kept: (value) => isObject(value) && Object.values(value).every(isNumbers),
};
const CHECKS: Readonly<Record<string, Check>> = { ...NEEDED, ...OPTIONAL };

function holdFault(hold: unknown): Fault | undefined {
  if (!isObject(hold)) return { place: '', text: 'not an object' };
  const wrong = Object.keys(CHECKS).find((key) => !isRight(hold, key));
  if (wrong !== undefined) return { place: `.${wrong}`, text: 'missing, or of a wrong form' };
  if (['app', 'cluster', 'server'].every((key) => hold[key] === undefined)) {
    return { place: '', text: 'names no app, cluster or server' };
  }
  if (hold['kind'] === 'pin' && hold['weight'] === undefined) {
    return { place: '.weight', text: 'missing: a pin has one' };
  }
  return strange(hold, Object.keys(CHECKS), '.');
}

function isRight(hold: Record<string, unknown>, key: string): boolean {
  const value = hold[key];
  return value === undefined ? key in OPTIONAL : (CHECKS[key]?.(value) ?? false);
}
