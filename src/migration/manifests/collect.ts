// Which objects belong to a workload: those it names, those they name, and those that look for it.
//
// Comes in: the workload and all that was read of its namespace. Goes out: the objects, what the other
// cluster must have of its own, and findings. On failure: what is named and not there refuses, unless the
// workload says that it may be absent; what could not be read is not taken for absent.

import { meetsSelector } from '../capacity/label-rules.ts';
import { CLUSTERS_OWN } from './identity.ts';
import {
  at,
  fieldsOf,
  groupOf,
  nameOf,
  textAt,
  textsAt,
  type Finding,
  type Manifest,
} from './manifest.ts';
import { namedBy } from './named-by.ts';
import type { Reference } from './reference.ts';
import { isRollout, servingTemplate } from './rollout.ts';
import { routesTo } from './routes.ts';
import { selects } from './service.ts';

export interface Namespace {
  /** As served, of every kind that was read. */
  readonly objects: readonly Manifest[];
  /** Kinds that could not be read, or may not be. */
  readonly unread: ReadonlySet<string>;
}

/** What must be at the destination already. */
export interface Needed {
  readonly kind: string;
  readonly name: string;
  readonly why: string;
}

export interface Collected {
  readonly objects: readonly Manifest[];
  readonly needed: readonly Needed[];
  readonly findings: readonly Finding[];
  /** Pods' own template and labels, by which others look for them. */
  readonly template: unknown;
  /** Names of the Secrets that pods read themselves. */
  readonly secretsOfPods: ReadonlySet<string>;
}

/** Clusters have them as a whole, or give them out; they are looked for, not moved. */
const NOT_MOVED: readonly string[] = [
  'ClusterAnalysisTemplate',
  'Gateway',
  'PriorityClass',
  'ResourceClaim',
  'RuntimeClass',
];

/** Kinds that say whom they are for; unread ones may be for this workload. */
const LOOKING = ['Service', 'Ingress', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'];

interface Walk {
  readonly workload: Manifest;
  readonly all: ReadonlyMap<string, Manifest>;
  readonly replicaSets: readonly Manifest[];
  readonly unread: ReadonlySet<string>;
  readonly found: Set<Manifest>;
  readonly needed: Needed[];
  readonly findings: Finding[];
  readonly secretsOfPods: Set<string>;
}

export function collect(workload: Manifest, { objects, unread }: Namespace): Collected {
  const walk: Walk = {
    workload,
    all: new Map(objects.map((one) => [keyOf(groupOf(one), one.kind, one.metadata.name), one])),
    replicaSets: objects.filter(({ kind }) => kind === 'ReplicaSet'),
    unread,
    found: new Set(),
    needed: [],
    findings: [],
    secretsOfPods: new Set(),
  };
  visit(walk, workload);
  const template = podTemplate(walk);
  visitSeekers(walk, template);
  for (const kind of LOOKING)
    if (unread.has(kind))
      walk.findings.push(
        finding(
          workload,
          'refuse',
          'unread',
          `${kind} objects could not be read: some may be for it`,
        ),
      );
  const { found, needed, findings, secretsOfPods } = walk;
  return { objects: [...found], needed, findings, template, secretsOfPods };
}

function keyOf(group: string, kind: string, name: string): string {
  return `${group}/${kind}/${name}`;
}

function visit(walk: Walk, object: Manifest): void {
  if (walk.found.has(object)) return;
  walk.found.add(object);
  for (const reference of referencesOf(walk, object)) resolve(walk, object, reference);
}

function referencesOf(walk: Walk, object: Manifest): Reference[] {
  const { workload, replicaSets } = walk;
  // A Deployment is named for its template.
  if (object !== workload && object.kind !== 'Deployment') return namedBy(object);
  const rollout = isRollout(workload) ? workload : undefined;
  const references = namedBy(object, servingTemplate(object, replicaSets, rollout));
  for (const { kind, name } of references) if (kind === 'Secret') walk.secretsOfPods.add(name);
  return references;
}

function resolve(walk: Walk, from: Manifest, reference: Reference): void {
  const { group, kind, name, by } = reference;
  const why = `${nameOf(from)}, ${by}`;
  if (NOT_MOVED.includes(kind)) {
    walk.needed.push({ kind, name, why });
    return;
  }
  const object = walk.all.get(keyOf(group, kind, name));
  if (object) return visit(walk, object);
  if (kind === 'ServiceAccount' && name === 'default') return;
  if (kind === 'ConfigMap' && CLUSTERS_OWN.includes(name)) return;
  const severity = reference.optional ? 'warn' : 'refuse';
  walk.findings.push(
    walk.unread.has(kind)
      ? finding(from, severity, 'unread', `${by}: ${kind} ${name} could not be read`)
      : finding(from, severity, 'missing', `${by}: ${kind} ${name} is not there`),
  );
}

function finding(
  { kind, metadata }: Manifest,
  severity: Finding['severity'],
  code: Finding['code'],
  text: string,
): Finding {
  return { severity, code, object: nameOf({ kind, metadata } as Manifest), text };
}

/** Of the workload, or of the Deployment it names. */
function podTemplate({ workload, all, replicaSets }: Walk): unknown {
  const name = textAt(workload, 'spec', 'workloadRef', 'name');
  const holder = name === undefined ? workload : all.get(keyOf('apps', 'Deployment', name));
  const rollout = isRollout(workload) ? workload : undefined;
  return holder && servingTemplate(holder, replicaSets, rollout);
}

/** Services first: routes look for them. */
function visitSeekers(walk: Walk, template: unknown): void {
  const labels = textsAt(template, 'metadata', 'labels');
  for (const one of walk.all.values()) if (selects(one, labels)) visit(walk, one);
  const services = new Set(
    [...walk.found].filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name),
  );
  for (const one of walk.all.values())
    if (routesTo(one, services) || scales(one, walk.workload) || protects(one, labels))
      visit(walk, one);
}

function scales(object: Manifest, workload: Manifest): boolean {
  if (object.kind !== 'HorizontalPodAutoscaler') return false;
  const { kind, name, apiVersion = '' } = fieldsOf(at(object, 'spec', 'scaleTargetRef'));
  const group = groupOf({ apiVersion: String(apiVersion), kind: String(kind) });
  return kind === workload.kind && name === workload.metadata.name && group === groupOf(workload);
}

function protects(object: Manifest, labels: Readonly<Record<string, string>>): boolean {
  if (object.kind !== 'PodDisruptionBudget') return false;
  const selector = at(object, 'spec', 'selector');
  return meetsSelector(labels, selector === undefined ? undefined : fieldsOf(selector));
}
