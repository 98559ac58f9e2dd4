// Who else needs an object of an app where it stands: what stays there is not to lose it. Pure.
//
// Comes in: an object, names of what belongs to its app, the namespace as it is. Goes out: who needs it, by
// name. What is on its way out needs nothing any more; what cannot be looked at is taken to be there.

import { at, groupOf, nameOf, textAt, textsAt, type Manifest } from './manifest.ts';
import type { Reference } from './reference.ts';
import { isRollout, rolloutReferences } from './rollout.ts';
import { endsOf, type RouteEnd } from './routes.ts';
import { selects } from './service.ts';

/** Kinds that are deleted at a source, and of which another may have a need. */
const SHARED: readonly string[] = ['Service', 'Ingress', 'HTTPRoute', 'Deployment'];
/** Kinds that may have it. */
export const NEEDING: readonly string[] = ['Service', 'Deployment', 'StatefulSet', 'Rollout'];

export function maybeShared({ kind }: Pick<Manifest, 'kind'>): boolean {
  return SHARED.includes(kind);
}

/** `own`: by `nameOf`. */
export function othersOf(
  object: Manifest,
  own: ReadonlySet<string>,
  objects: readonly Manifest[],
): string[] {
  const others = objects.filter((one) => !own.has(nameOf(one)) && !isGoing(one));
  const users = others.filter((one) => uses(one, object));
  const ends = endsOf(object).flatMap((end) => endNeeds(end, own, { objects, others }));
  return [...new Set([...ends, ...users.map(nameOf)])].toSorted();
}

function isGoing({ metadata }: Manifest): boolean {
  return textAt(metadata, 'deletionTimestamp') !== undefined;
}

interface Around {
  readonly objects: readonly Manifest[];
  readonly others: readonly Manifest[];
}

/** A route to a Service that is not there serves nobody; one to its own app's does where others are behind it. */
function endNeeds(end: RouteEnd, own: ReadonlySet<string>, { objects, others }: Around): string[] {
  const name = `${end.kind} ${end.namespace}/${end.name}`;
  if (end.kind !== 'Service' || !end.isHere) return [name];
  if (!own.has(name)) return others.some((one) => nameOf(one) === name) ? [name] : [];
  const service = objects.find((one) => nameOf(one) === name);
  return service ? others.filter((one) => uses(one, service)).map(nameOf) : [];
}

/** The other's pods are behind it, or it names it. */
function uses(other: Manifest, object: Manifest): boolean {
  const template = at(other, 'spec', 'template');
  if (other.kind !== 'Service' && selects(object, textsAt(template, 'metadata', 'labels')))
    return true;
  const { kind, metadata } = object;
  return referencesOf(other).some(
    (one) => one.group === groupOf(object) && one.kind === kind && one.name === metadata.name,
  );
}

function referencesOf(other: Manifest): readonly Pick<Reference, 'group' | 'kind' | 'name'>[] {
  if (isRollout(other)) return rolloutReferences(other);
  const name = other.kind === 'StatefulSet' ? textAt(other, 'spec', 'serviceName') : undefined;
  return name === undefined ? [] : [{ group: '', kind: 'Service', name }];
}
