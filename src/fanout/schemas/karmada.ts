// Karmada's policies, policy.karmada.io/v1alpha1, up to 1.19.

import { type Static, Type } from 'typebox';
import { closed, Count, documentOf, LabelSelectorShape, Name, Names } from './shapes.ts';

const Selectors = Type.Array(
  closed({
    apiVersion: Name,
    kind: Name,
    namespace: Type.Optional(Type.String()),
    name: Type.Optional(Type.String()),
    labelSelector: Type.Optional(LabelSelectorShape),
  }),
);

const affinity = {
  labelSelector: Type.Optional(LabelSelectorShape),
  fieldSelector: Type.Optional(
    closed({
      matchExpressions: Type.Optional(
        Type.Array(
          closed({
            key: Type.Enum(['provider', 'region', 'zone']),
            operator: Type.Enum(['In', 'NotIn']),
            values: Type.Optional(Type.Array(Type.String())),
          }),
        ),
      ),
    }),
  ),
  clusterNames: Type.Optional(Names),
  exclude: Type.Optional(Names),
};
const Affinity = closed(affinity);
export type Affinity = Static<typeof Affinity>;

export const PropagationShape = documentOf({
  resourceSelectors: Selectors,
  association: Type.Optional(Type.Boolean()),
  propagateDeps: Type.Optional(Type.Boolean()),
  placement: Type.Optional(
    closed({
      clusterAffinity: Type.Optional(Affinity),
      clusterAffinities: Type.Optional(
        Type.Array(
          closed({
            affinityName: Name,
            ...affinity,
            overflowAffinities: Type.Optional(
              Type.Array(closed({ affinityName: Name, ...affinity })),
            ),
          }),
        ),
      ),
      clusterTolerations: Type.Optional(
        Type.Array(
          closed({
            key: Type.Optional(Type.String()),
            operator: Type.Optional(Type.Enum(['Exists', 'Equal'])),
            value: Type.Optional(Type.String()),
            effect: Type.Optional(Type.String()),
            tolerationSeconds: Type.Optional(Type.Integer()),
          }),
        ),
      ),
      spreadConstraints: Type.Optional(
        Type.Array(
          closed({
            spreadByField: Type.Optional(Type.Enum(['cluster', 'region', 'zone', 'provider'])),
            spreadByLabel: Type.Optional(Type.String()),
            minGroups: Type.Optional(Count),
            maxGroups: Type.Optional(Count),
          }),
        ),
      ),
      replicaScheduling: Type.Optional(
        closed({
          replicaSchedulingType: Type.Optional(Type.Enum(['Duplicated', 'Divided'])),
          replicaDivisionPreference: Type.Optional(Type.Enum(['Weighted', 'Aggregated'])),
          weightPreference: Type.Optional(
            closed({
              staticWeightList: Type.Optional(
                Type.Array(closed({ targetCluster: Affinity, weight: Count })),
              ),
              dynamicWeight: Type.Optional(Type.Enum(['AvailableReplicas'])),
            }),
          ),
        }),
      ),
      workloadAffinity: Type.Optional(Type.Unknown()),
    }),
  ),
  priority: Type.Optional(Type.Integer()),
  preemption: Type.Optional(Type.Enum(['Always', 'Never'])),
  dependentOverrides: Type.Optional(Names),
  schedulerName: Type.Optional(Type.String()),
  failover: Type.Optional(Type.Unknown()),
  conflictResolution: Type.Optional(Type.Enum(['Abort', 'Overwrite'])),
  activationPreference: Type.Optional(Type.Enum(['Lazy'])),
  suspension: Type.Optional(
    closed({
      dispatching: Type.Optional(Type.Boolean()),
      dispatchingOnClusters: Type.Optional(closed({ clusterNames: Type.Optional(Names) })),
    }),
  ),
  preserveResourcesOnDeletion: Type.Optional(Type.Boolean()),
  schedulePriority: Type.Optional(Type.Unknown()),
});
export type Propagation = Static<typeof PropagationShape>;

const Operator = Type.Enum(['add', 'remove', 'replace']);
const Steps = Type.Array(
  closed({ subPath: Name, operator: Operator, value: Type.Optional(Type.Unknown()) }),
);
const Words = Type.Array(
  closed({
    containerName: Name,
    operator: Type.Enum(['add', 'remove']),
    value: Type.Optional(Type.Array(Type.String())),
  }),
);
const Pairs = Type.Array(
  closed({
    operator: Operator,
    value: Type.Optional(Type.Record(Type.String(), Type.String())),
  }),
);

const Overriders = closed({
  imageOverrider: Type.Optional(
    Type.Array(
      closed({
        predicate: Type.Optional(closed({ path: Name })),
        component: Type.Enum(['Registry', 'Repository', 'Tag']),
        operator: Operator,
        value: Type.Optional(Type.String()),
      }),
    ),
  ),
  commandOverrider: Type.Optional(Words),
  argsOverrider: Type.Optional(Words),
  labelsOverrider: Type.Optional(Pairs),
  annotationsOverrider: Type.Optional(Pairs),
  fieldOverrider: Type.Optional(
    Type.Array(closed({ fieldPath: Name, json: Type.Optional(Steps), yaml: Type.Optional(Steps) })),
  ),
  plaintext: Type.Optional(
    Type.Array(closed({ path: Name, operator: Operator, value: Type.Optional(Type.Unknown()) })),
  ),
});
export type Overriders = Static<typeof Overriders>;

export const PatchPolicyShape = documentOf({
  resourceSelectors: Type.Optional(Selectors),
  overrideRules: Type.Optional(
    Type.Array(closed({ targetCluster: Type.Optional(Affinity), overriders: Overriders })),
  ),
  targetCluster: Type.Optional(Affinity),
  overriders: Type.Optional(Overriders),
});
export type PatchPolicy = Static<typeof PatchPolicyShape>;
