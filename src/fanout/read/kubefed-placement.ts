// Where KubeFed puts an object, and how a preference divides it.
//
// A names list, even an empty one, beats the selector; neither is no cluster, an empty selector all. A
// preference looks at all ready clusters instead (only the selector's, when told to intersect); what it
// gives to a cluster that the namespace is not federated to is lost there, so `within` cuts afterwards.

import type { ClusterFilter, Placement, PlannerDivision } from '../model.ts';
import type { Report } from '../report.ts';
import {
  type LabelSelector,
  type Requirement,
  requirementFault,
  requirementsOf,
} from '../../label-requirements.ts';
import type { Federated, Scheduling } from '../schemas/kubefed.ts';
import type { FederatedNamespaces, Read } from './checked.ts';
import { EVEN, preferencesOf } from './preferences.ts';

const ANY: ClusterFilter = { exclude: [], labels: [], fields: [] };

interface Around {
  readonly preference: Read<Scheduling> | undefined;
  readonly namespaces: readonly Read<Federated>[];
  readonly known: FederatedNamespaces;
}

export function placementOf(
  one: Read<Federated>,
  { preference, namespaces, known }: Around,
  report: Report,
): Placement | undefined {
  const intersects = preference?.read.spec.intersectWithClusterSelector ?? false;
  const written = filterOf(one, report);
  const selected = intersects ? selectedBy(one, report) : ANY;
  const within = withinOf(one, namespaces, known, report);
  if (!within) return undefined;
  const groups = [{ name: '', tiers: [preference ? selected : written] }];
  return { groups, within, readyOnly: preference !== undefined };
}

function filterOf(one: Read<Federated>, report: Report): ClusterFilter {
  const names = one.read.spec.placement?.clusters?.map(({ name }) => name);
  return names ? { ...ANY, names } : selectedBy(one, report);
}

function selectedBy({ document, read }: Read<Federated>, report: Report): ClusterFilter {
  const selector = read.spec.placement?.clusterSelector;
  if (!selector) return { ...ANY, names: [] };
  const labels = requirementsOf(selector as LabelSelector);
  for (const text of labels.map(requirementFault).filter((fault) => fault !== undefined)) {
    report.fault(document, ['spec', 'placement', 'clusterSelector'], text);
  }
  return { ...ANY, labels: labels satisfies Requirement[] };
}

/** Undefined, and a fault: KubeFed would put it nowhere. */
function withinOf(
  { document, read, namespace }: Read<Federated>,
  namespaces: readonly Read<Federated>[],
  known: FederatedNamespaces,
  report: Report,
): ClusterFilter[] | undefined {
  if (read.kind === 'FederatedNamespace' || known.includes(namespace)) return [];
  const found = namespaces.find((one) => one.read.metadata.name === namespace);
  // What is wrong in it is told once, where it is an order itself.
  if (found) return [filterOf(found, { ...report, fault: () => undefined })];
  const text = `namespace ${namespace} is not federated, so KubeFed puts this nowhere: add its FederatedNamespace, or say that it is federated to all clusters`;
  report.fault(document, ['metadata', 'namespace'], text);
  return undefined;
}

export function divisionOf(
  { document, read, namespace }: Read<Scheduling>,
  report: Report,
): PlannerDivision {
  const { spec, metadata } = read;
  const clusters = spec.clusters ?? {};
  const given = Object.keys(clusters).length > 0;
  const spot = { document, path: ['spec', 'clusters'], report };
  return {
    kind: 'planner',
    total: spec.totalReplicas,
    key: `${namespace}/${metadata.name}`,
    rebalance: spec.rebalance ?? false,
    preferences: given ? preferencesOf(clusters, spot) : EVEN,
    others: 'nothing',
  };
}
