// KubeFed's objects: types.kubefed.io Federated*, scheduling.kubefed.io ReplicaSchedulingPreference.

import { type Static, Type } from 'typebox';
import { PreferencesShape } from './federation.ts';
import { closed, Count, documentOf, LabelSelectorShape, Name } from './shapes.ts';

const OPERATORS = ['add', 'remove', 'replace'] as const;

export const FederatedShape = documentOf({
  template: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  placement: Type.Optional(
    closed({
      clusters: Type.Optional(Type.Array(closed({ name: Name }))),
      clusterSelector: Type.Optional(LabelSelectorShape),
    }),
  ),
  overrides: Type.Optional(
    Type.Array(
      closed({
        clusterName: Name,
        clusterOverrides: Type.Optional(
          Type.Array(
            closed({
              op: Type.Optional(Type.Enum([...OPERATORS])),
              path: Name,
              value: Type.Optional(Type.Unknown()),
            }),
          ),
        ),
      }),
    ),
  ),
  retainReplicas: Type.Optional(Type.Boolean()),
});
export type Federated = Static<typeof FederatedShape>;

export const SchedulingShape = documentOf({
  targetKind: Type.Enum(['FederatedDeployment', 'FederatedReplicaSet']),
  totalReplicas: Count,
  rebalance: PreferencesShape.properties.rebalance,
  intersectWithClusterSelector: Type.Optional(Type.Boolean()),
  clusters: PreferencesShape.properties.clusters,
});
export type Scheduling = Static<typeof SchedulingShape>;
