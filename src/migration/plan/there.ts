// What the destination says to an app's manifests: what it lacks, what it has already. Pure.

import { canonical } from '../../fanout/plan/canonical.ts';
import type { Move, MovedObject } from '../manifests/move.ts';
import {
  at,
  groupOf,
  listOf,
  nameOf,
  refuse,
  textAt,
  warn,
  type Finding,
  type FindingCode,
  type Manifest,
} from '../manifests/manifest.ts';
import type { DestinationWorld } from './model.ts';

export interface There {
  readonly to: string;
  readonly namespace: string;
  readonly adopt: boolean;
  readonly destination: DestinationWorld;
}

export function thereFindings(move: Move, there: There): Finding[] {
  return [
    ...namespaceFindings(there),
    ...move.objects.flatMap((object) => objectFindings(object, there)),
    ...move.needed.flatMap((needed) => neededFindings(needed, move, there)),
  ];
}

function namespaceFindings({ to, namespace, destination }: There): Finding[] {
  const { jobs } = destination;
  if (jobs && !jobs.namespaces.includes(namespace)) {
    const text = `clusters[].jobs.namespaces of ${to} has only ${jobs.namespaces.join(', ')}`;
    return [{ severity: 'refuse', code: 'not-allowed', object: `Namespace ${namespace}`, text }];
  }
  if (destination.namespaces.has(namespace)) return [];
  const text = `${to} has no such namespace: whoever runs it makes it, with its quotas and rights`;
  return [
    { severity: 'refuse', code: 'namespace-missing', object: `Namespace ${namespace}`, text },
  ];
}

function objectFindings({ manifest, how, shared = [] }: MovedObject, there: There): Finding[] {
  const { to, destination } = there;
  const { apiVersion, kind } = manifest;
  if (destination.unserved.has(`${apiVersion}/${kind}`))
    return [refuse(manifest, 'unserved', `${to} does not serve ${apiVersion} ${kind}`)];
  if (kind === 'Secret' && destination.jobs && destination.jobs.secrets !== true)
    return [refuse(manifest, 'not-allowed', `clusters[].jobs.secrets is not true for ${to}`)];
  const clashes = hostsIn(manifest).flatMap((host) => hostFinding(host, manifest, destination));
  if (how === 'merge') return clashes;
  const found = existing(manifest, there);
  const isThere = found.some(({ code }) => code === 'same');
  return [...clashes, ...found, ...(isThere ? [] : openedFindings(manifest, shared, there))];
}

/** What leads to another's Service that stands there without it so far. */
function openedFindings(
  manifest: Manifest,
  shared: readonly string[],
  { to, namespace, destination }: There,
): Finding[] {
  const names = destination.namespaces.get(namespace)?.objects.map(nameOf) ?? [];
  const opened = shared.filter((name) => name.startsWith('Service ') && names.includes(name));
  if (opened.length === 0) return [];
  const text = `${to} has ${opened.join(', ')} already: with it requests may come there too`;
  return [warn(manifest, 'shared', text)];
}

function existing(manifest: Manifest, { to, namespace, adopt, destination }: There): Finding[] {
  const { objects, unread } = destination.namespaces.get(namespace) ?? {
    objects: [],
    unread: new Set<string>(),
  };
  if (unread.has(manifest.kind))
    return [warn(manifest, 'destination-unread', `whether ${to} has one is not known`)];
  const found = objects.find(
    (one) =>
      one.kind === manifest.kind &&
      groupOf(one) === groupOf(manifest) &&
      one.metadata.name === manifest.metadata.name,
  );
  if (!found) return [];
  if (hasAll(found, manifest)) return [warn(manifest, 'same', `${to} has it already, the same`)];
  const mayAdopt = adopt && manifest.kind !== 'Secret';
  const text = `${to} has another of that name`;
  return mayAdopt
    ? [warn(manifest, 'exists', `${text}, which is taken over`)]
    : [refuse(manifest, 'exists', text)];
}

/** All that the manifest says stands there; what the API server fills in is no difference. */
export function hasAll(found: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return canonical(found) === canonical(wanted);
  if (Array.isArray(wanted))
    return (
      Array.isArray(found) &&
      found.length === wanted.length &&
      wanted.every((one, index) => hasAll(found[index], one))
    );
  return Object.entries(wanted).every(([key, value]) => hasAll(at(found, key), value));
}

export function hostsIn(manifest: Manifest): string[] {
  const { kind, spec } = manifest;
  if (kind === 'Ingress')
    return listOf(at(spec, 'rules')).flatMap((rule) => textAt(rule, 'host') ?? []);
  const names = kind === 'HTTPRoute' ? at(spec, 'hostnames') : undefined;
  return Array.isArray(names) ? names.map(String) : [];
}

function hostFinding(host: string, manifest: Manifest, { hosts }: DestinationWorld): Finding[] {
  const own = `${manifest.metadata.namespace ?? ''}/${manifest.metadata.name}`;
  const owner = hosts.get(host);
  if (owner === undefined || owner === own) return [];
  return [refuse(manifest, 'host-clash', `${host} leads to ${owner} there`)];
}

/** What is in the namespace is looked for there, classes in the cluster. */
function neededFindings(
  { kind, name, why }: Move['needed'][number],
  move: Move,
  there: There,
): Finding[] {
  const { to, namespace, destination } = there;
  const said = (severity: Finding['severity'], code: FindingCode, text: string): Finding[] => [
    { severity, code, object: `${kind} ${name}`, text: `${text} (${why})` },
  ];
  if (destination.classKinds.has(kind)) {
    if (destination.classes.has(`${kind} ${name}`)) return [];
    return said('refuse', 'not-there', `${to} has none`);
  }
  const inside = destination.namespaces.get(namespace);
  const isRead = inside !== undefined && !inside.unread.has(kind);
  const has = inside?.objects.some((one) => one.kind === kind && one.metadata.name === name);
  if (
    has ||
    move.objects.some(({ manifest }) => nameOf(manifest) === `${kind} ${namespace}/${name}`)
  )
    return [];
  return isRead && KNOWN_INSIDE.has(kind)
    ? said('refuse', 'not-there', `${to} has none`)
    : said('warn', 'destination-unread', `whether ${to} has one is not known`);
}

/** Kinds of which everything in a namespace is read. */
const KNOWN_INSIDE = new Set(['ConfigMap', 'Secret', 'PersistentVolumeClaim', 'Service']);
