// What Federation v1's annotations hold.

import { type Static, Type } from 'typebox';
import { closed, Count, Name } from './shapes.ts';

export const PreferencesShape = closed({
  rebalance: Type.Optional(Type.Boolean()),
  clusters: Type.Optional(
    Type.Record(
      Type.String(),
      closed({
        weight: Type.Optional(Count),
        minReplicas: Type.Optional(Count),
        maxReplicas: Type.Optional(Count),
      }),
    ),
  ),
});
export type Preferences = Static<typeof PreferencesShape>;

const OPERATORS = ['in', 'notin', 'exists', '!', '=', '==', '!=', 'gt', 'lt'] as const;

export const ClusterSelectorShape = Type.Array(
  closed({
    key: Name,
    operator: Type.Enum([...OPERATORS]),
    values: Type.Optional(Type.Array(Type.String())),
  }),
);
export type ClusterSelector = Static<typeof ClusterSelectorShape>;
