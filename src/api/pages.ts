// Pages of lists that are in order of names. Pure.
//
// Comes in: a list, how many are wanted, where the page before ended. Goes out: a page, and how to ask for the
// next one; without a limit, all. Names that come or go between two pages are met or not: no page
// holds one twice, and none that stays is left out. On failure: `request-invalid` for a strange `continue`.

import { Type, type Static } from 'typebox';
import { BallastError } from '../errors.ts';

export const LONGEST_PAGE = 1000;

export const PageQuery = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: LONGEST_PAGE,
      description: 'at most so many; absent: all',
    }),
  ),
  continue: Type.Optional(
    Type.String({ maxLength: 400, description: 'of the page before, as it was given' }),
  ),
};
const Asked = Type.Object(PageQuery);

/** Beside `items`. */
export const more = {
  continue: Type.Optional(Type.String({ description: 'there are more: ask with it' })),
};

export interface PageOf {
  readonly names: readonly string[];
  readonly continue?: string;
}

export function pageOf(sorted: readonly string[], asked: Static<typeof Asked>): PageOf {
  const from = asked.continue === undefined ? 0 : firstAfter(sorted, nameIn(asked.continue));
  const end = from + (asked.limit ?? sorted.length);
  const names = sorted.slice(from, end);
  const last = names.at(-1);
  return end < sorted.length && last !== undefined
    ? { names, continue: Buffer.from(`after:${last}`).toString('base64url') }
    : { names };
}

function nameIn(text: string): string {
  const [, name] = /^after:(.+)$/.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (name !== undefined) return name;
  throw new BallastError('request-invalid', 'querystring/continue is not of a page before');
}

function firstAfter(sorted: readonly string[], name: string): number {
  const at = sorted.findIndex((one) => one > name);
  return at < 0 ? sorted.length : at;
}
