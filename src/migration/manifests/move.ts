// The manifests of one workload for another cluster, in the order in which they are applied.
//
// Comes in: the workload, its namespace as read, the plan's number and maps. Goes out: the manifests with
// the uid each had at the source, what the destination must have of its own, and all findings at once.
// On failure: findings that refuse; there is nothing to undo.

import { collect, type Namespace, type Needed } from './collect.ts';
import { LEAVING } from '../kinds.ts';
import { isAutomatic } from './identity.ts';
import {
  at,
  groupOf,
  listOf,
  nameOf,
  refuse,
  textAt,
  warn,
  type Finding,
  type Manifest,
} from './manifest.ts';
import { foreignMarks, staysBehind } from './metadata.ts';
import { kindsNeeding, needersOf } from './needers.ts';
import { foreignRouters, isRollout } from './rollout.ts';
import { sanitise, type Ask, type Mapping } from './sanitise.ts';
import { hostPathFindings } from './stateful.ts';

export interface MovedObject {
  readonly manifest: Manifest;
  /** At the source: deletion names it. */
  readonly uid: string;
  /** Merged: what the destination has of its own stays. */
  readonly how: 'apply' | 'merge';
  /** Late ones are applied once the workload is ready. */
  readonly late: boolean;
  /** Who else needs it at the source: it stays there as long as that is so. */
  readonly shared?: readonly string[];
}

export interface Move {
  readonly objects: readonly MovedObject[];
  readonly behind: readonly { readonly object: string; readonly why: string }[];
  readonly needed: readonly Needed[];
  readonly findings: readonly Finding[];
}

export interface MoveAsk extends Mapping {
  readonly replicas: number;
}

const WORKLOADS = ['Rollout', 'Deployment', 'StatefulSet'];

/** Before the workload what its pods read, after it what leads to it. */
const ORDER: readonly string[] = [
  'ServiceAccount',
  'ConfigMap',
  'Secret',
  'PersistentVolumeClaim',
  'ResourceClaimTemplate',
  'Service',
  'AnalysisTemplate',
  'Deployment',
  'StatefulSet',
  'Rollout',
  'PodDisruptionBudget',
  'Ingress',
  'HTTPRoute',
  'HorizontalPodAutoscaler',
];

export function moveOf(workload: Manifest, namespace: Namespace, ask: MoveAsk): Move {
  if (!WORKLOADS.includes(workload.kind)) {
    const text = `only ${WORKLOADS.join(', ')} are moved`;
    return {
      objects: [],
      behind: [],
      needed: [],
      findings: [refuse(workload, 'kind-not-moved', text)],
    };
  }
  const { objects, needed, findings, template, secretsOfPods } = collect(workload, namespace);
  const replicaSets = namespace.objects.filter(({ kind }) => kind === 'ReplicaSet');
  const move = { objects: [] as MovedObject[], behind: [] as Move['behind'][number][] };
  const all: Needed[] = [...needed];
  const said: Finding[] = [
    ...findings,
    ...workloadFindings(workload, template),
    ...unknownFindings(workload, objects, namespace),
  ];
  const others = sharing(objects, namespace);
  for (const source of sorted(objects)) {
    const {
      manifest,
      behind,
      findings: more,
    } = sanitise(source, askFor(source, workload, { ...ask, replicaSets }));
    said.push(...foreignMarks(source), ...more);
    if (manifest) {
      const shared = others(source);
      move.objects.push({ ...moved(source, manifest), ...(shared.length > 0 && { shared }) });
      said.push(...sharedFindings(source, shared));
      all.push(...classesOf(manifest));
    } else if (behind !== undefined) {
      move.behind.push({ object: nameOf(source), why: behind });
      said.push(...stayFindings(source, workload, behind, secretsOfPods));
      if (isNeeded(source))
        all.push({ kind: source.kind, name: source.metadata.name, why: behind });
    }
  }
  return { ...move, needed: all, findings: said };
}

function sorted(objects: readonly Manifest[]): Manifest[] {
  return objects.toSorted(
    (a, b) =>
      ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || (a.metadata.name < b.metadata.name ? -1 : 1),
  );
}

function askFor(source: Manifest, workload: Manifest, ask: Ask): Ask {
  const isTemplate = source.kind === 'Deployment' && isRollout(workload);
  return isTemplate ? { ...ask, templateOf: workload } : ask;
}

function moved(source: Manifest, manifest: Manifest): MovedObject {
  return {
    manifest,
    uid: source.metadata.uid ?? '',
    how: source.kind === 'ServiceAccount' ? 'merge' : 'apply',
    late: source.kind === 'HorizontalPodAutoscaler',
  };
}

function sharing(
  objects: readonly Manifest[],
  namespace: Namespace,
): (source: Manifest) => readonly string[] {
  const own = new Set(objects.map(nameOf));
  return (source) => (leaves(source) ? needersOf(source, own, namespace).needers : []);
}

const leaves = ({ kind }: Manifest): boolean => LEAVING.includes(kind);

function sharedFindings(source: Manifest, shared: readonly string[]): Finding[] {
  if (shared.length === 0) return [];
  const text =
    `needed by ${shared.length} more at the source (${shared.join(', ')}): it comes whole, leads over ` +
    'there only to what comes, and stays at the source until they are gone';
  return [warn(source, 'shared', text)];
}

function unknownFindings(
  workload: Manifest,
  objects: readonly Manifest[],
  { unread }: Namespace,
): Finding[] {
  const kinds = objects.filter(leaves).flatMap((one) => kindsNeeding(one).map(({ kind }) => kind));
  const unknown = [...new Set(kinds)].filter((kind) => unread.has(kind)).toSorted();
  if (unknown.length === 0) return [];
  const text = `${unknown.join(', ')} objects could not be read: what they may need stays at the source`;
  return [warn(workload, 'unread', text)];
}

/** The destination's own name of what it must have. */
function classesOf(manifest: Manifest): Needed[] {
  const why = nameOf(manifest);
  const ingress = textAt(manifest, 'spec', 'ingressClassName');
  const claims = [manifest, ...listOf(at(manifest, 'spec', 'volumeClaimTemplates'))];
  const storage = claims.map((claim) => textAt(claim, 'spec', 'storageClassName'));
  return [
    ...(ingress === undefined ? [] : [{ kind: 'IngressClass', name: ingress, why }]),
    ...storage
      .filter((name) => name !== undefined)
      .map((name) => ({ kind: 'StorageClass', name, why })),
  ];
}

function workloadFindings(workload: Manifest, template: unknown): Finding[] {
  const routers = isRollout(workload) ? foreignRouters(workload) : [];
  return [
    ...hostPathFindings(workload, at(template, 'spec')),
    ...routers.map((name) =>
      warn(workload, 'traffic-routing', `objects of ${name} are not moved; they must be there`),
    ),
  ];
}

/** Someone makes it for the pods here, and must do so there. What every cluster has of its own is no need. */
function isNeeded(source: Manifest): boolean {
  if (isAutomatic(source) || staysBehind(source) === undefined) return false;
  const kinds = ['ConfigMap', 'Secret', 'PersistentVolumeClaim', 'Service'];
  return kinds.includes(source.kind) && groupOf(source) === '';
}

function stayFindings(
  source: Manifest,
  workload: Manifest,
  behind: string,
  secretsOfPods: ReadonlySet<string>,
): Finding[] {
  if (source === workload)
    return [refuse(source, 'being-deleted', `it cannot be moved: ${behind}`)];
  if (source.kind !== 'Secret' || !isAutomatic(source)) return [];
  if (!secretsOfPods.has(source.metadata.name)) return [];
  return [refuse(source, 'automatic-token', 'pods name it, and over there it has another name')];
}
