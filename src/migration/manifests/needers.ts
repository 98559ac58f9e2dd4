// Who in a namespace needs an object there, so that it is not to go: whoever names it, by itself or by its
// account, and whoever it leads to, pods behind a Service or Services behind a route. Pure.
//
// Comes in: the object, names of what goes with it, the namespace as it is. Goes out: who needs it, and which
// kinds could not be looked at and may. Of what somebody makes (a pod, a ReplicaSet) whoever makes it is named,
// and it goes with them. What is on its way out, is left of a workload that is gone, or has come to its end
// needs nothing. A kind that the cluster does not have has nobody.

import { MOVED_KINDS, STAYING_KINDS, type MovedKind } from '../kinds.ts';
import type { Namespace } from './collect.ts';
import { at, groupOf, listOf, nameOf, textAt, textsAt, type Manifest } from './manifest.ts';
import { namedBy } from './named-by.ts';
import { templateOf } from './pod-template.ts';
import type { Reference } from './reference.ts';
import { endsOf, type RouteEnd } from './routes.ts';
import { selects } from './service.ts';

type Kinds = Readonly<Record<string, readonly string[]>>;

/** They have pods, which need something and are led to. */
const PODS = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Rollout',
  'Job',
  'CronJob',
  'Pod',
];
/** They need nothing for themselves: somebody names them. */
export const BETWEEN: readonly string[] = ['ServiceAccount', 'AnalysisTemplate'];

/** Of a kind that is not here nobody has to be asked. */
const NAMING: Kinds = {
  ServiceAccount: [...PODS, 'AnalysisTemplate'],
  ConfigMap: [...PODS, 'AnalysisTemplate'],
  Secret: [...PODS, ...BETWEEN, 'Ingress'],
  PersistentVolumeClaim: [...PODS, 'AnalysisTemplate'],
  ResourceClaimTemplate: [...PODS, 'AnalysisTemplate'],
  Service: ['StatefulSet', 'Rollout', 'Ingress', 'HTTPRoute'],
  AnalysisTemplate: ['Rollout', 'AnalysisTemplate'],
  Deployment: ['Rollout'],
  Ingress: ['Rollout'],
};
const LED_TO: Kinds = {
  Service: PODS,
  Ingress: ['Service', ...PODS],
  HTTPRoute: ['Service', ...PODS],
};

export interface Needers {
  /** `Kind namespace/name`. */
  readonly needers: readonly string[];
  /** Kinds. */
  readonly unread: readonly string[];
}

/** Which kinds have to be looked at. */
export function kindsNeeding({ kind, spec }: Manifest): readonly MovedKind[] {
  const leads = spec === undefined ? undefined : LED_TO[kind];
  const kinds = new Set([...(NAMING[kind] ?? []), ...(leads ?? [])]);
  return [...MOVED_KINDS, ...STAYING_KINDS].filter((one) => kinds.has(one.kind));
}

/** `object`: without its spec whoever it leads to is left out. `own`: by `nameOf`. */
export function needersOf(
  object: Manifest,
  own: ReadonlySet<string>,
  { objects, unread }: Namespace,
): Needers {
  const kinds = kindsNeeding(object);
  const read = new Set(kinds.filter(({ kind }) => !unread.has(kind)).map(kindKey));
  const there = objects.filter((one) => read.has(kindKey({ ...one, group: groupOf(one) })));
  const staying = stayingIn(there, own, read);
  const needers = [...namersOf(object, staying), ...ledTo(object, own, { there, staying })];
  return {
    needers: [...new Set(needers)].toSorted(),
    unread: kinds.map(({ kind }) => kind).filter((kind) => unread.has(kind)),
  };
}

const kindKey = ({ group, kind }: Pick<MovedKind, 'group' | 'kind'>): string => `${group}/${kind}`;

interface Staying {
  readonly one: Manifest;
  /** Itself, or whoever makes it. */
  readonly name: string;
}

function stayingIn(
  there: readonly Manifest[],
  own: ReadonlySet<string>,
  read: ReadonlySet<string>,
): Staying[] {
  const byUid = new Map(there.map((one) => [one.metadata.uid, one]));
  return there.flatMap((one) => {
    if (hasEnded(one)) return [];
    const makers = makersOf(one, byUid);
    const names = [nameOf(one), ...makers.map((maker) => maker.name)];
    const last = makers.at(-1);
    const isLeft = last?.is === undefined && read.has(last?.kind ?? '');
    if (isLeft || names.some((name) => own.has(name))) return [];
    return [{ one, name: names.at(-1) ?? nameOf(one) }];
  });
}

interface Maker {
  readonly name: string;
  readonly kind: string;
  /** Absent: it is gone, or of a kind that nobody looks at. */
  readonly is: Manifest | undefined;
}

/** Of a pod its ReplicaSet, and that one's Deployment. */
function makersOf(object: Manifest, byUid: ReadonlyMap<string | undefined, Manifest>): Maker[] {
  const makers: Maker[] = [];
  // A set that grows while it is walked: each is looked at once.
  const line = new Set([object]);
  for (const { metadata } of line) {
    const owners = listOf(metadata['ownerReferences']);
    const owner = owners.find(({ controller }) => controller === true);
    if (!owner) break;
    const { apiVersion = '', kind = '', name = '', uid } = owner;
    const ref = { apiVersion: String(apiVersion), kind: String(kind) };
    const is = byUid.get(String(uid));
    const place = { ...metadata, name: String(name) };
    makers.push({
      name: nameOf({ ...ref, metadata: place }),
      kind: kindKey({ ...ref, group: groupOf(ref) }),
      is,
    });
    if (is) line.add(is);
  }
  return makers;
}

/** A job that has run, and an earlier version of a workload, have no pods any more. */
function hasEnded({ kind, metadata, spec, status }: Manifest): boolean {
  if (textAt(metadata, 'deletionTimestamp') !== undefined) return true;
  if (kind === 'Pod') return ['Succeeded', 'Failed'].includes(textAt(status, 'phase') ?? '');
  if (kind === 'Job')
    return listOf(at(status, 'conditions')).some(
      (one) => ['Complete', 'Failed'].includes(String(one['type'])) && one['status'] === 'True',
    );
  const isOwned = listOf(metadata['ownerReferences']).length > 0;
  return kind === 'ReplicaSet' && isOwned && at(spec, 'replicas') === 0;
}

function namersOf(object: Manifest, staying: readonly Staying[]): string[] {
  const target = keyOf(object);
  const between = new Map(
    staying.flatMap(({ one }) => (BETWEEN.includes(one.kind) ? [[keyOf(one), one]] : [])),
  );
  const namers = staying.filter(
    ({ one }) => !BETWEEN.includes(one.kind) && names(one, target, between),
  );
  return namers.map(({ name }) => name);
}

function names(root: Manifest, target: string, between: ReadonlyMap<string, Manifest>): boolean {
  const all = new Set([root]);
  for (const one of all) {
    for (const { group, kind, name } of [...namedBy(one), ...servicesOf(one)]) {
      const key = `${group}/${kind}/${name}`;
      if (key === target) return true;
      const next = between.get(key);
      if (next) all.add(next);
    }
  }
  return false;
}

const keyOf = (one: Pick<Manifest, 'apiVersion' | 'kind' | 'metadata'>): string =>
  `${groupOf(one)}/${one.kind}/${one.metadata.name}`;

const servicesOf = (route: Manifest): Pick<Reference, 'group' | 'kind' | 'name'>[] =>
  endsOf(route)
    .filter(({ kind, isHere }) => kind === 'Service' && isHere)
    .map(({ name }) => ({ group: '', kind: 'Service', name }));

interface Around {
  readonly there: readonly Manifest[];
  readonly staying: readonly Staying[];
}

function ledTo(object: Manifest, own: ReadonlySet<string>, around: Around): string[] {
  const ends = endsOf(object).flatMap((end) => needingEnd(end, own, around));
  return [...ends, ...behind(object, around)];
}

/** A route to a Service that is not there serves nobody; one to its own app's does where others are behind it. */
function needingEnd(end: RouteEnd, own: ReadonlySet<string>, around: Around): string[] {
  const name = `${end.kind} ${end.namespace}/${end.name}`;
  if (end.kind !== 'Service' || !end.isHere) return [name];
  if (!own.has(name)) return around.staying.some(({ one }) => nameOf(one) === name) ? [name] : [];
  const service = around.there.find((one) => nameOf(one) === name);
  return service ? behind(service, around) : [];
}

function behind(service: Manifest, { staying }: Around): string[] {
  return staying
    .filter(({ one }) => selects(service, textsAt(templateOf(one), 'metadata', 'labels')))
    .map(({ name }) => name);
}
