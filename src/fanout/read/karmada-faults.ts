// What is wrong with a propagation policy, or surprising in it, whatever it is used for.

import type { Path } from '../../config/place.ts';
import type { Report } from '../report.ts';
import { type LabelSelector, requirementFault, requirementsOf } from '../../label-requirements.ts';
import type { Affinity, Propagation } from '../schemas/karmada.ts';
import type { Read } from './checked.ts';
import { isByCluster, modeOf, type Written } from './karmada-placement.ts';

export function policyFaults({ document, read }: Read<Propagation>, report: Report): void {
  const path: Path = ['spec', 'placement'];
  const { placement = {}, suspension } = read.spec;
  const fault: Tell = (at, text) => report.fault(document, [...path, ...at], text);
  if (isSuspended(suspension)) {
    report.fault(document, ['spec', 'suspension'], 'a suspended policy is not fanned out');
  }
  placementFaults(placement, fault);
  overflowFaults(placement, fault);
  spreadFaults(placement, fault, (at, text) =>
    report.warn('max-groups-zero', document.where([...path, ...at]), text),
  );
  if (modeOf(placement) === 'static' && (placement.spreadConstraints ?? []).length > 0) {
    const text = 'have no effect with static weights';
    report.warn('has-no-effect', document.where([...path, 'spreadConstraints']), text);
  }
}

function isSuspended(suspension: Propagation['spec']['suspension']): boolean {
  if (suspension?.dispatching) return true;
  return (suspension?.dispatchingOnClusters?.clusterNames ?? []).length > 0;
}

function placementFaults(placement: Written, fault: Tell): void {
  if (placement.clusterAffinity && placement.clusterAffinities) {
    fault(['clusterAffinities'], 'cannot stand beside clusterAffinity');
  }
  if (placement.workloadAffinity !== undefined) {
    fault(['workloadAffinity'], 'is not supported: it depends on where other objects were placed');
  }
  for (const { at, affinity } of affinitiesOf(placement)) {
    const labels = requirementsOf(affinity.labelSelector as LabelSelector | undefined);
    for (const text of labels.map(requirementFault)) {
      if (text !== undefined) fault([...at, 'labelSelector'], text);
    }
  }
}

function affinitiesOf(placement: Written): { at: Path; affinity: Affinity }[] {
  const { clusterAffinity, clusterAffinities = [], replicaScheduling } = placement;
  const weights = replicaScheduling?.weightPreference?.staticWeightList ?? [];
  return [
    ...(clusterAffinity ? [{ at: ['clusterAffinity'], affinity: clusterAffinity }] : []),
    ...clusterAffinities.flatMap((term, index) => [
      { at: ['clusterAffinities', index], affinity: term },
      ...(term.overflowAffinities ?? []).map((affinity, tier) => ({
        at: ['clusterAffinities', index, 'overflowAffinities', tier],
        affinity,
      })),
    ]),
    ...weights.map(({ targetCluster }, index) => ({
      at: ['replicaScheduling', 'weightPreference', 'staticWeightList', index, 'targetCluster'],
      affinity: targetCluster,
    })),
  ];
}

type Tell = (at: Path, text: string) => void;

function overflowFaults(placement: Written, fault: Tell): void {
  const names = new Set<string>();
  const mode = modeOf(placement);
  for (const [index, term] of (placement.clusterAffinities ?? []).entries()) {
    const at = ['clusterAffinities', index];
    if (names.has(term.affinityName)) {
      fault([...at, 'affinityName'], `${term.affinityName} stands twice`);
    }
    names.add(term.affinityName);
    if (!term.overflowAffinities) continue;
    if (mode !== 'dynamic' && mode !== 'aggregated') {
      const text = 'needs dynamic weights or Aggregated: nothing else looks at room';
      fault([...at, 'overflowAffinities'], text);
    }
  }
}

function spreadFaults(placement: Written, fault: Tell, warn: Tell): void {
  for (const [index, constraint] of (placement.spreadConstraints ?? []).entries()) {
    const at = ['spreadConstraints', index];
    const { minGroups = 0, maxGroups = 0, spreadByField, spreadByLabel = '' } = constraint;
    if (!isByCluster(constraint)) {
      const by = spreadByLabel === '' ? spreadByField : `label ${spreadByLabel}`;
      fault(at, `spread by ${by} is not supported; by cluster is`);
    } else if (maxGroups === 0) {
      const text = 'maxGroups is 0 or absent: Karmada would select no cluster; read as no limit';
      warn(at, text);
    } else if (maxGroups < minGroups) {
      fault([...at, 'maxGroups'], `is less than minGroups, ${minGroups}: no number is both`);
    }
  }
}
