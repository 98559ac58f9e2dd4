// Federation v1: an object with annotations. The total is always divided; Federation's own defaults for
// what it could not read are errors here.

import { replicasOf } from '../kinds.ts';
import type { Division, Manifest, Order, Placement } from '../model.ts';
import type { Report } from '../report.ts';
import { type Requirement, requirementFault } from '../../label-requirements.ts';
import { ClusterSelectorShape, PreferencesShape } from '../schemas/federation.ts';
import type { StreamDocument } from '../document.ts';
import { checked, type Spot } from './checked.ts';
import { EVEN, preferencesOf } from './preferences.ts';

const PREFERENCES = [
  'federation.kubernetes.io/replica-set-preferences',
  'federation.kubernetes.io/deployment-preferences',
] as const;
const SELECTOR = 'federation.alpha.kubernetes.io/cluster-selector';

/** Which annotation divides which kind. Federation itself knew the first two. */
const DIVIDED: Readonly<Record<string, (typeof PREFERENCES)[number]>> = {
  ReplicaSet: PREFERENCES[0],
  Deployment: PREFERENCES[1],
  StatefulSet: PREFERENCES[1],
  Rollout: PREFERENCES[1],
};

export function isFederation({ metadata }: Manifest): boolean {
  const annotations = metadata.annotations ?? {};
  return [...PREFERENCES, SELECTOR].some((key) => Object.hasOwn(annotations, key));
}

export function readFederation(document: StreamDocument, namespace: string, report: Report): Order {
  const { object } = document;
  return {
    dialect: 'federation',
    object,
    namespace,
    placement: placementOf(document, report),
    division: divisionOf(document, namespace, report),
    patches: [],
    keep: { replicas: false, annotations: false, adopt: false },
    place: document.where([]),
    chosenBy: 'Federation v1’s annotations',
  };
}

function placementOf(document: StreamDocument, report: Report): Placement {
  const labels = selectorOf(document, report);
  const all = { exclude: [], labels, fields: [] };
  return { groups: [{ name: '', tiers: [all] }], within: [], readyOnly: true };
}

function divisionOf(document: StreamDocument, namespace: string, report: Report): Division {
  const { object } = document;
  const mine = dividedBy(document, report);
  if (mine === undefined) return { kind: 'as-written' };
  const spot = { document, path: ['metadata', 'annotations', mine], report };
  const preferences = jsonOf(object.metadata.annotations?.[mine], PreferencesShape, spot);
  const clusters = preferences?.clusters;
  return {
    kind: 'planner',
    total: replicasOf(object),
    key: `${namespace}/${object.metadata.name}`,
    rebalance: preferences?.rebalance ?? false,
    preferences: clusters ? preferencesOf(clusters, spot) : EVEN,
    others: 'object',
  };
}

/** The annotation that divides this kind. */
function dividedBy(document: StreamDocument, report: Report): string | undefined {
  const { kind, metadata } = document.object;
  const mine = DIVIDED[kind];
  const hint = mine === undefined ? 'has no replicas that it divides' : `is divided by ${mine}`;
  for (const key of PREFERENCES) {
    if (key === mine || !Object.hasOwn(metadata.annotations ?? {}, key)) continue;
    report.fault(document, ['metadata', 'annotations', key], `has no effect: a ${kind} ${hint}`);
  }
  if (kind === 'StatefulSet' || kind === 'Rollout') {
    const text = `Federation v1 did not divide a ${kind}; Ballast divides it as a Deployment`;
    report.warn('other-than-original', document.where([]), text);
  }
  return mine;
}

/** Federation took a text it could not read for none. */
function jsonOf<Shape extends Parameters<typeof checked>[0]>(
  text: string | undefined,
  shape: Shape,
  spot: Spot,
): ReturnType<typeof checked<Shape>> {
  if (text === undefined) return undefined;
  try {
    return checked(shape, JSON.parse(text), spot);
  } catch (error) {
    const fault = `is not JSON: ${(error as Error).message}`;
    spot.report.fault(spot.document, spot.path, fault);
    return undefined;
  }
}

function selectorOf(document: StreamDocument, report: Report): Requirement[] {
  const path = ['metadata', 'annotations', SELECTOR];
  const spot = { document, path, report };
  const text = document.object.metadata.annotations?.[SELECTOR];
  const requirements = jsonOf(text, ClusterSelectorShape, spot) ?? [];
  return requirements.map(({ key, operator, values = [] }, index) => {
    const requirement: Requirement = { key, operator: OPERATORS[operator] ?? 'In', values };
    const fault = ONE_VALUE.has(operator)
      ? oneValueFault(operator, values)
      : requirementFault(requirement);
    if (fault !== undefined) report.fault(document, [...path, index], fault);
    return requirement;
  });
}

const OPERATORS: Readonly<Record<string, Requirement['operator']>> = {
  in: 'In',
  '=': 'In',
  '==': 'In',
  notin: 'NotIn',
  '!=': 'NotIn',
  exists: 'Exists',
  '!': 'DoesNotExist',
  gt: 'Gt',
  lt: 'Lt',
};
const ONE_VALUE = new Set(['=', '==', '!=']);

function oneValueFault(operator: string, values: readonly string[]): string | undefined {
  return values.length === 1 ? undefined : `${operator} needs one value`;
}
