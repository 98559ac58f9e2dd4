// What of an object goes to another cluster.
//
// Comes in: an object as served, and what the migration maps and plans. Goes out: the manifest to apply,
// or why the object stays behind; beside it findings, all of them. Nothing that one cluster gave (uids,
// addresses, status, hashes) goes along; empty values do. On failure: a finding that refuses.

import {
  at,
  fieldsOf,
  groupOf,
  refuse,
  warn,
  type Fields,
  type Finding,
  type Manifest,
} from './manifest.ts';
import { cleanMetadata, ownershipFindings, staysBehind } from './metadata.ts';
import { cleanConfigMap, cleanSecret, cleanServiceAccount } from './identity.ts';
import { cleanTemplate, type ImageMap } from './pod-template.ts';
import { isUnsettled, stableTemplate } from './rollout.ts';
import { cleanService } from './service.ts';
import { cleanClaim, cleanStatefulSet } from './stateful.ts';

export interface Mapping {
  readonly images: ImageMap;
  readonly ingressClasses: Readonly<Record<string, string>>;
  readonly storageClasses: Readonly<Record<string, string>>;
  /** Stateful apps are refused unless told otherwise; their data is never moved. */
  readonly stateful: boolean;
}

export interface Ask extends Mapping {
  /** Of the workload, by the plan. */
  readonly replicas: number;
  /** Of the source, for Rollouts. */
  readonly replicaSets: readonly Manifest[];
  /** The Rollout whose pod template stands in this Deployment. */
  readonly templateOf?: Manifest;
}

export interface Cleaned {
  /** Absent: it stays behind. */
  readonly manifest?: Manifest;
  readonly behind?: string;
  readonly findings: readonly Finding[];
}

/** Changes the draft, a copy of the source without metadata and status. A text: it stays behind. */
type Clean = (draft: Fields, source: Manifest, ask: Ask) => readonly Finding[] | string;

const KINDS: Readonly<Record<string, Clean>> = {
  'argoproj.io/Rollout': cleanRollout,
  'argoproj.io/AnalysisTemplate': nothing,
  'apps/Deployment': cleanDeployment,
  'apps/StatefulSet': (draft, source, ask) => {
    setReplicas(draft, ask.replicas);
    cleanTemplate(at(draft, 'spec', 'template'), ask.images);
    return cleanStatefulSet(draft, source, ask);
  },
  'autoscaling/HorizontalPodAutoscaler': cleanAutoscaler,
  'policy/PodDisruptionBudget': (_, source, { replicas }) => budgetFindings(source, replicas),
  'networking.k8s.io/Ingress': cleanIngress,
  'gateway.networking.k8s.io/HTTPRoute': nothing,
  'resource.k8s.io/ResourceClaimTemplate': nothing,
  '/PersistentVolumeClaim': cleanClaim,
  '/Service': (draft, source) =>
    isApiServer(source) ? 'every cluster has its own' : cleanService(draft, source),
  '/ConfigMap': cleanConfigMap,
  '/Secret': cleanSecret,
  '/ServiceAccount': cleanServiceAccount,
};

export function sanitise(source: Manifest, ask: Ask): Cleaned {
  const behind = staysBehind(source);
  if (behind !== undefined) return { behind, findings: [] };
  const clean = KINDS[`${groupOf(source)}/${source.kind}`];
  if (clean === undefined)
    return { findings: [refuse(source, 'kind-not-moved', 'objects of this kind are not moved')] };
  const { metadata, status: _status, ...rest } = structuredClone(source);
  const draft: Fields = { ...rest, metadata: cleanMetadata(metadata) };
  const findings = clean(draft, source, ask);
  if (typeof findings === 'string') return { behind: findings, findings: [] };
  return {
    manifest: draft as Fields & Manifest,
    findings: [...ownershipFindings(source), ...findings],
  };
}

function nothing(): Finding[] {
  return [];
}

function isApiServer({ metadata }: Manifest): boolean {
  return metadata.namespace === 'default' && metadata.name === 'kubernetes';
}

function setReplicas(draft: Fields, replicas: number): void {
  fieldsOf(draft['spec'])['replicas'] = replicas;
}

/** A copy that is paused gets no pods at all; what a canary has reached stands in its status. */
function cleanRollout(draft: Fields, source: Manifest, ask: Ask): Finding[] {
  const spec = fieldsOf(draft['spec']);
  const findings = unpause(spec, source);
  delete spec['restartAt'];
  spec['replicas'] = ask.replicas;
  if (spec['workloadRef'] === undefined) findings.push(...settle(spec, source, ask));
  cleanTemplate(spec['template'], ask.images);
  return findings;
}

/** `owner`: the Rollout, whether or not the template stands in it. */
function settle(spec: Fields, owner: Manifest, { replicaSets }: Ask): Finding[] {
  if (!isUnsettled(owner)) return [];
  const template = stableTemplate(owner, replicaSets);
  if (template === undefined) {
    const text =
      'it is in the middle of a roll-out, and the ReplicaSet of its stable version is not there';
    return [refuse(owner, 'no-stable-version', text)];
  }
  spec['template'] = structuredClone(template);
  const text = 'it is in the middle of a roll-out: its stable version is moved';
  return [warn(owner, 'stable-version', text)];
}

function unpause(spec: Fields, source: Manifest): Finding[] {
  const paused = spec['paused'] === true;
  delete spec['paused'];
  return paused
    ? [warn(source, 'paused', 'it is paused, the copy is not: it would get no pods')]
    : [];
}

function cleanDeployment(draft: Fields, source: Manifest, ask: Ask): Finding[] {
  const spec = fieldsOf(draft['spec']);
  const { templateOf } = ask;
  const findings = unpause(spec, source);
  // A Rollout's Deployment has no pods of its own, and keeps its number.
  if (templateOf === undefined) spec['replicas'] = ask.replicas;
  else findings.push(...settle(spec, templateOf, ask));
  cleanTemplate(spec['template'], ask.images);
  return findings;
}

function cleanAutoscaler(draft: Fields, source: Manifest, { replicas }: Ask): Finding[] {
  const spec = fieldsOf(draft['spec']);
  const least = spec['minReplicas'] ?? 1;
  if (typeof least !== 'number' || least <= replicas) return [];
  spec['minReplicas'] = Math.max(1, replicas);
  return [
    warn(
      source,
      'min-replicas-lowered',
      `minReplicas ${least} -> ${Math.max(1, replicas)}, as planned`,
    ),
  ];
}

function budgetFindings(source: Manifest, replicas: number): Finding[] {
  const least = at(source, 'spec', 'minAvailable');
  if (typeof least !== 'number' || least <= replicas) return [];
  return [warn(source, 'min-available', `minAvailable ${least}, and ${replicas} are planned`)];
}

function cleanIngress(draft: Fields, _: Manifest, { ingressClasses }: Ask): Finding[] {
  mapClass(fieldsOf(draft['spec']), 'ingressClassName', ingressClasses);
  mapClass(
    fieldsOf(at(draft, 'metadata', 'annotations')),
    'kubernetes.io/ingress.class',
    ingressClasses,
  );
  return [];
}

export function mapClass(
  fields: Fields,
  key: string,
  classes: Readonly<Record<string, string>>,
): void {
  const name = fields[key];
  if (typeof name === 'string' && Object.hasOwn(classes, name)) fields[key] = classes[name];
}
