// What an API server says where it did not do what was asked, read from its Status. Pure.

import type { FieldConflict, ObjectRef } from './cluster-writer.ts';

export interface StatusBody {
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly details?: unknown;
}

interface Cause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

function causesOf({ details }: StatusBody): readonly Cause[] {
  const { causes } = (details ?? {}) as { readonly causes?: unknown };
  return Array.isArray(causes) ? (causes as Cause[]) : [];
}

/** By manager, in the order of their names. */
export function conflictsOf(status: StatusBody): FieldConflict[] {
  const fields = new Map<string, string[]>();
  for (const { reason, message = '', field = '' } of causesOf(status)) {
    if (reason !== 'FieldManagerConflict') continue;
    // `conflict with "kubectl" using apps/v1`, or with a subresource before the version.
    const manager = /^conflict with "([^"]*)"/.exec(message)?.[1] ?? 'someone else';
    fields.set(manager, [...(fields.get(manager) ?? []), field]);
  }
  return [...fields]
    .map(([manager, all]) => ({ manager, fields: all.toSorted() }))
    .toSorted((left, right) => (left.manager < right.manager ? -1 : 1));
}

/** Another UID than the one that is there is a field that may not change. */
export function isMoved(status: number, body: StatusBody): boolean {
  if (status === 409) return true;
  return status === 422 && causesOf(body).some(({ field }) => field === 'metadata.uid');
}

const LONGEST = 500;

/** As they are said of the template of a Job, the spec of a StatefulSet, the address of a Service, a role. */
const FIXED = /immutable|may not change|cannot change|updates to .* are forbidden/;

/** Fields that keep what they were made with. */
function fixedIn(body: StatusBody): string[] {
  const fixed = causesOf(body).filter(({ message = '' }) => FIXED.test(message));
  return fixed.map(({ field = '', message = '' }) => {
    const others = [...message.matchAll(/'(\w+)'/g)].map(([, name]) => name);
    return others.length > 0 ? `${field} but for ${others.join(', ')}` : field;
  });
}

/**
 * In its own words, which of a field that cannot be changed hold the whole of it and not what to do. Of a
 * Secret only where it is wrong, for the words may hold what it holds.
 */
export function wordsOf({ kind }: ObjectRef, status: number, body: StatusBody): string {
  const fixed = [...new Set(fixedIn(body))].join(', ');
  if (fixed !== '') {
    return `${fixed} cannot be changed once it is there: leave it as it was, delete the ${kind} there first, or give the new one another name`;
  }
  const { message, reason } = body;
  const said = typeof message === 'string' ? message : '';
  if (kind !== 'Secret' && said !== '') return `HTTP ${status}: ${said.slice(0, LONGEST)}`;
  const fields = causesOf(body).flatMap(({ field }) => (field === undefined ? [] : [field]));
  const where = fields.length > 0 ? ` (${[...new Set(fields)].join(', ')})` : '';
  return `HTTP ${status}: ${typeof reason === 'string' ? reason : 'refused'}${where}`;
}
