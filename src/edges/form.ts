// The form of an object of a document: which keys it needs, which it may have, and no other. Pure.

import { isObject, strange, type Fault } from './fault.ts';

type Check = (value: unknown) => boolean;

export interface Form {
  readonly needed: Readonly<Record<string, Check>>;
  readonly optional: Readonly<Record<string, Check>>;
}

export const isText: Check = (value) => typeof value === 'string' && value !== '';
export const isWhole: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

export function formFault(value: unknown, { needed, optional }: Form): Fault | undefined {
  if (!isObject(value)) return { place: '', text: 'not an object' };
  const isRight = ([key, check]: [string, Check]): boolean =>
    value[key] === undefined ? key in optional : check(value[key]);
  const checks = { ...needed, ...optional };
  const wrong = Object.entries(checks).find((entry) => !isRight(entry));
  if (wrong) return { place: `.${wrong[0]}`, text: 'missing, or of a wrong form' };
  return strange(value, Object.keys(checks), '.');
}
