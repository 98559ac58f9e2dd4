// Which clusters a propagation policy means, and how it divides replicas over them.

import { replicasKey, replicasOf } from '../kinds.ts';
import type {
  ClusterFilter,
  ClusterGroup,
  Division,
  Manifest,
  Placement,
  Spread,
} from '../model.ts';
import type { Report } from '../report.ts';
import { type LabelSelector, requirementsOf } from '../../label-requirements.ts';
import type { Affinity, Propagation } from '../schemas/karmada.ts';
import type { Read } from './checked.ts';

export type Written = NonNullable<Propagation['spec']['placement']>;
type Policy = Read<Propagation>;

export function filterOf(affinity: Affinity | undefined): ClusterFilter {
  const names = affinity?.clusterNames ?? [];
  const fields = affinity?.fieldSelector?.matchExpressions ?? [];
  return {
    // An empty list is none here: any cluster.
    ...(names.length > 0 && { names }),
    exclude: affinity?.exclude ?? [],
    labels: requirementsOf(affinity?.labelSelector as LabelSelector | undefined),
    fields: fields.map(({ key, operator, values = [] }) => ({ key, operator, values })),
  };
}

export function placementOf({ read }: Policy, object: Manifest): Placement {
  const placement = read.spec.placement ?? {};
  const spread = modeOf(placement) === 'static' ? undefined : spreadOf(placement);
  // Overflow is for what needs room; other objects stay in the first tier.
  const divided = replicasKey(object) !== undefined;
  return {
    groups: groupsOf(placement).map(({ name, tiers }) => ({
      name,
      tiers: divided ? tiers : tiers.slice(0, 1),
    })),
    within: [],
    readyOnly: false,
    tolerations: placement.clusterTolerations ?? [],
    ...(spread && { spread }),
  };
}

function groupsOf(placement: Written): ClusterGroup[] {
  const terms = placement.clusterAffinities ?? [];
  if (terms.length === 0) return [{ name: '', tiers: [filterOf(placement.clusterAffinity)] }];
  return terms.map((term) => ({
    name: term.affinityName,
    tiers: [filterOf(term), ...(term.overflowAffinities ?? []).map((one) => filterOf(one))],
  }));
}

/** Karmada reads an absent maxGroups as 0 and selects nothing; here it is no limit, with a warning. */
function spreadOf(placement: Written): Spread | undefined {
  const constraint = placement.spreadConstraints?.find(isByCluster);
  if (!constraint) return undefined;
  const { minGroups = 0, maxGroups = 0 } = constraint;
  return { min: Math.max(1, minGroups), ...(maxGroups > 0 && { max: maxGroups }) };
}

export type Constraint = NonNullable<Written['spreadConstraints']>[number];

export const isByCluster = ({ spreadByField, spreadByLabel = '' }: Constraint): boolean =>
  spreadByField === 'cluster' || (spreadByField === undefined && spreadByLabel === '');

type Mode = 'duplicated' | 'static' | 'dynamic' | 'aggregated';

/** Present without a type is divided; divided without a preference is by weight; that, without more, static. */
export function modeOf({ replicaScheduling }: Written): Mode {
  if (!replicaScheduling || replicaScheduling.replicaSchedulingType === 'Duplicated') {
    return 'duplicated';
  }
  if (replicaScheduling.replicaDivisionPreference === 'Aggregated') return 'aggregated';
  return replicaScheduling.weightPreference?.dynamicWeight === undefined ? 'static' : 'dynamic';
}

/** Kinds whose replicas Karmada does not know by itself. */
const BEYOND = new Set(['Rollout', 'ReplicaSet']);

export function divisionOf({ read, document }: Policy, object: Manifest, report: Report): Division {
  if (replicasKey(object) === undefined) return { kind: 'as-written' };
  const placement = read.spec.placement ?? {};
  const kind = modeOf(placement);
  const replicas = replicasOf(object);
  if (kind !== 'duplicated' && BEYOND.has(object.kind)) {
    const text = `Karmada itself does not divide a ${object.kind}; Ballast divides it as a Deployment`;
    const place = document.where(['spec', 'placement', 'replicaScheduling']);
    report.warn('other-than-original', place, text);
  }
  if (kind !== 'static') return { kind, replicas };
  const list = placement.replicaScheduling?.weightPreference?.staticWeightList ?? [];
  const weights = list.map(({ targetCluster, weight }) => ({
    clusters: filterOf(targetCluster),
    weight,
  }));
  return { kind, replicas, weights };
}
