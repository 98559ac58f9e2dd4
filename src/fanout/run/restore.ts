// What to write so that an object is as it was before a fan-out. Pure.
//
// Comes in: the object as it was, and what we wrote over it. Goes out: of the former as much as we own or
// wrote: a server-side apply of it gives back the old values, and drops what we had added. What others own
// of it is not named, and stays theirs.

import { isMap } from '../document.ts';
import type { Manifest } from '../model.ts';
import { ownedBy, type Owned } from '../plan/owned.ts';
import { sealed } from '../plan/seal.ts';
import { FIELD_MANAGER } from '../plan/world.ts';

/** What a journal may keep of a live object: of a Secret marks of what it holds. */
export function kept(object: Manifest): Manifest {
  const { status: _, ...rest } = sealed(object);
  return rest as Manifest;
}

export function restored(before: Manifest, written: Manifest | undefined): Manifest {
  const { apiVersion, kind, metadata } = before;
  const owned = ownedBy(before, FIELD_MANAGER);
  const { labels, annotations } = metadata;
  const { apiVersion: _, kind: __, metadata: ___, status: ____, ...rest } = before;
  const body = pick(
    { ...rest, metadata: { labels: labels ?? {}, annotations: annotations ?? {} } },
    written && bodyOf(written),
    owned,
  ) as Record<string, unknown>;
  const { metadata: picked = {}, ...fields } = body;
  const { name, namespace } = metadata;
  return {
    apiVersion,
    kind,
    ...fields,
    metadata: { ...(picked as object), name, ...(namespace !== undefined && { namespace }) },
  };
}

/** Of a deleted one: all of it, but what a server gives to each. */
export function renewed(before: Manifest): Manifest {
  const { name, namespace, labels, annotations } = before.metadata;
  const { status: _, ...rest } = before;
  return {
    ...rest,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
    },
  } as Manifest;
}

function bodyOf(object: Manifest): object {
  const { apiVersion: _, kind: __, status: ___, metadata, ...rest } = object;
  const { labels = {}, annotations = {} } = metadata;
  return { ...rest, metadata: { labels, annotations } };
}

/** Lists are whole: their items are named by rules that only the server knows. */
function pick(before: unknown, written: unknown, owned: Owned | undefined): unknown {
  if (!isMap(before)) return before;
  const keys = Object.keys(before).filter(
    (key) => (isMap(written) && Object.hasOwn(written, key)) || owned?.fields.has(key),
  );
  const leaf = !isMap(written) && (owned === undefined || owned.fields.size === 0);
  if (leaf) return before;
  return Object.fromEntries(
    keys.map((key) => [
      key,
      pick(before[key], isMap(written) ? written[key] : undefined, owned?.fields.get(key)),
    ]),
  );
}
