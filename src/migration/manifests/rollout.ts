// Argo Rollouts: which version of one is moved, and what it needs beside its pods.

import {
  at,
  fieldsOf,
  groupOf,
  isFields,
  listOf,
  textAt,
  type Fields,
  type Manifest,
} from './manifest.ts';
import { podReferences, type Reference } from './reference.ts';

const HASH = 'rollouts-pod-template-hash';

/** In the middle of a roll-out, or after one was broken off, the spec is not what serves. */
export function isUnsettled({ status }: Manifest): boolean {
  const stable = textAt(status, 'stableRS');
  if (stable === undefined || at(status, 'abort') === true) return true;
  return textAt(status, 'currentPodHash') !== stable;
}

/** The pod template of the version that serves, as its ReplicaSet has it; undefined: nobody has it. */
export function stableTemplate(
  rollout: Manifest,
  replicaSets: readonly Manifest[],
): Fields | undefined {
  const stable = textAt(rollout, 'status', 'stableRS');
  if (stable === undefined) return undefined;
  const owned = replicaSets.find(
    (one) => one.metadata.labels?.[HASH] === stable && isOwnedBy(one, rollout),
  );
  return owned && fieldsOf(at(owned, 'spec', 'template'));
}

function isOwnedBy({ metadata }: Manifest, owner: Manifest): boolean {
  return listOf(metadata['ownerReferences']).some(
    (one) => one['kind'] === owner.kind && one['name'] === owner.metadata.name,
  );
}

/** The pod template that serves: of a Rollout, and of the Deployment where its template stands. */
export function servingTemplate(
  holder: Manifest,
  replicaSets: readonly Manifest[],
  rollout: Manifest | undefined,
): unknown {
  const own = at(holder, 'spec', 'template');
  if (rollout === undefined || !isUnsettled(rollout)) return own;
  return stableTemplate(rollout, replicaSets) ?? own;
}

export function isRollout(object: Manifest): boolean {
  return object.kind === 'Rollout' && groupOf(object) === 'argoproj.io';
}

const SERVICES = [
  ['canary', 'stableService'],
  ['canary', 'canaryService'],
  ['canary', 'pingPong', 'pingService'],
  ['canary', 'pingPong', 'pongService'],
  ['blueGreen', 'activeService'],
  ['blueGreen', 'previewService'],
] as const;

const ANALYSES = [
  ['canary', 'analysis'],
  ['blueGreen', 'prePromotionAnalysis'],
  ['blueGreen', 'postPromotionAnalysis'],
] as const;

export function rolloutReferences({ spec }: Manifest): Reference[] {
  const strategy = at(spec, 'strategy');
  const deployment = textAt(spec, 'workloadRef', 'name');
  const services = SERVICES.map((path) => textAt(strategy, ...path)).filter(
    (name) => name !== undefined,
  );
  const steps = listOf(at(strategy, 'canary', 'steps'));
  const analyses = [
    ...ANALYSES.map((path) => at(strategy, ...path)),
    ...steps.map((step) => step['analysis']),
  ].flatMap((analysis) => listOf(at(analysis, 'templates')));
  const experiments = steps.flatMap((step) => listOf(at(step, 'experiment', 'analyses')));
  return [
    ...(deployment === undefined
      ? []
      : [{ group: 'apps', kind: 'Deployment', name: deployment, by: 'workloadRef' }]),
    ...services.map((name) => ({ group: '', kind: 'Service', name, by: 'strategy' })),
    ...[...analyses, ...experiments].flatMap(templateReference),
    ...stableIngresses(strategy),
  ];
}

/** Of an AnalysisTemplate: the templates it is made of, the Secrets of its arguments. */
export function analysisReferences({ spec }: Manifest): Reference[] {
  const jobs = listOf(at(spec, 'metrics')).map((one) =>
    at(one, 'provider', 'job', 'spec', 'template'),
  );
  const secrets = listOf(at(spec, 'args')).map((one) =>
    textAt(one, 'valueFrom', 'secretKeyRef', 'name'),
  );
  return [
    ...listOf(at(spec, 'templates')).flatMap(templateReference),
    ...secrets
      .filter((name) => name !== undefined)
      .map((name) => ({ group: '', kind: 'Secret', name, by: 'argument' })),
    ...jobs.filter(isFields).flatMap((job) => podReferences(job['spec'])),
  ];
}

function templateReference(one: Fields): Reference[] {
  const name = textAt(one, 'templateName');
  if (name === undefined) return [];
  const kind = one['clusterScope'] === true ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate';
  return [{ group: 'argoproj.io', kind, name, by: 'analysis' }];
}

function stableIngresses(strategy: unknown): Reference[] {
  const routing = at(strategy, 'canary', 'trafficRouting');
  const { nginx, alb } = fieldsOf(routing);
  const more = at(nginx, 'stableIngresses');
  const names = [
    textAt(nginx, 'stableIngress'),
    ...(Array.isArray(more) ? more : []),
    textAt(alb, 'ingress'),
  ];
  return names
    .filter((name): name is string => typeof name === 'string')
    .map((name) => ({ group: 'networking.k8s.io', kind: 'Ingress', name, by: 'trafficRouting' }));
}

/** Routers whose own objects are not moved. */
export function foreignRouters({ spec }: Manifest): string[] {
  const routing = fieldsOf(at(spec, 'strategy', 'canary', 'trafficRouting'));
  return Object.keys(routing).filter(
    (name) => !['nginx', 'alb', 'managedRoutes', 'maxTrafficWeight'].includes(name),
  );
}
