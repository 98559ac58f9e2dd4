// Secrets without what they hold: a mark of each value stands in its place, so that plans, journals, logs
// and diffs may have them, and what is the same stays the same. Pure.
//
// Comes in: objects. Goes out: those that are no Secrets as they are; Secrets with marks, and the values
// by their marks. On failure: undefined where a mark has no value: nothing half known is written.
//
// Under a key nobody without it can try values against a mark. Who reads what lives in a cluster seals it
// there: what is sealed already stays as it is, and the rest of a plan needs no key.

import { createHmac, hkdfSync } from 'node:crypto';
import { isMap } from '../document.ts';
import type { Manifest } from '../model.ts';
import { canonical, digestOf } from './canonical.ts';

/** The value behind a mark. A function: no JSON, no journal takes it in. */
export type Secrets = (mark: string) => unknown;

/** Of a Secret the rest may hold anything, also what was misspelt. */
const OPEN: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'type', 'immutable']);
/** kubectl keeps the whole object there, values and all. */
const COPY = 'kubectl.kubernetes.io/last-applied-configuration';
/** Nothing that anybody has for a password, or for base64. */
const MARK = /^sealed:(hmac-)?sha256:[0-9a-f]{64}$/;

/** What stands for a value: the same for the same. */
export type Sealing = (value: unknown) => string;

const plain: Sealing = (value) => `sealed:sha256:${digestOf(value)}`;

/** Of the key another is made: what it signs elsewhere is nothing that could be had made as a mark. */
export function sealingBy(key: string): Sealing {
  const own = Buffer.from(hkdfSync('sha256', key, '', 'marks of Secrets', 32));
  const hash = (value: unknown): string =>
    createHmac('sha256', own).update(canonical(value)).digest('hex');
  return (value) => `sealed:hmac-sha256:${hash(value)}`;
}

export function isSecret({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>): boolean {
  return kind === 'Secret' && apiVersion === 'v1';
}

/** One that is sealed already stays as it is. */
export function sealed(object: Manifest, sealing = plain): Manifest {
  return isSecret(object) ? each(asServed(object), markBy(sealing)) : object;
}

/** What is to be known to open it again. */
export function valuesIn(object: Manifest, sealing = plain): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  if (!isSecret(object)) return values;
  const markOf = markBy(sealing);
  each(asServed(object), (value) => values.set(markOf(value), value));
  return values;
}

export function opened(object: Manifest, secrets: Secrets): Manifest | undefined {
  if (!isSecret(object)) return object;
  let isWhole = true;
  const whole = each(object, (value) => {
    if (!isMark(value)) return value;
    const found = secrets(value);
    isWhole &&= found !== undefined;
    return found;
  });
  return isWhole ? whole : undefined;
}

const isMark = (value: unknown): value is string => typeof value === 'string' && MARK.test(value);

const markBy =
  (sealing: Sealing) =>
  (value: unknown): string =>
    isMark(value) ? value : sealing(value);

/** As a server gives it back: all of it under `data`, in its own spelling of base64. */
function asServed(object: Manifest): Manifest {
  const { data, stringData, metadata, ...rest } = object;
  const { annotations, ...others } = metadata;
  const { [COPY]: _, ...notes } = annotations ?? {};
  const clean = annotations ? { ...others, annotations: notes } : metadata;
  if (!isMap(stringData) && !isMap(data)) return { ...object, metadata: clean };
  const texts = isMap(stringData) ? stringData : {};
  const all = {
    ...(isMap(data) ? mapped(data, spelled) : {}),
    ...mapped(texts, (text) => (isText(text) ? Buffer.from(text).toString('base64') : text)),
  };
  return { ...rest, metadata: clean, data: all } as Manifest;
}

function spelled(value: unknown): unknown {
  if (!isText(value)) return value;
  const bytes = value.replaceAll(/[\r\n]/g, '');
  const again = Buffer.from(bytes, 'base64').toString('base64');
  // What is no base64 is the server's to refuse.
  return again === bytes ? again : value;
}

const isText = (value: unknown): value is string => typeof value === 'string' && !MARK.test(value);

function each(object: Manifest, make: (value: unknown) => unknown): Manifest {
  const fields = Object.entries(object).map(([key, value]) => {
    if (OPEN.has(key)) return [key, value];
    return [
      key,
      isMap(value) ? mapped(value, (one) => (isNone(one) ? one : make(one))) : make(value),
    ];
  });
  return Object.fromEntries(fields) as Manifest;
}

const isNone = (value: unknown): boolean => value === undefined || value === null;

function mapped(map: object, make: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, make(value)]));
}
