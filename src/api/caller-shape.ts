// Who calls, as the API answers it (shapes.ts).

import { Type, type Static } from 'typebox';
import { component } from './shapes.ts';

const Text = Type.String();
const Names = Type.Optional(Type.Array(Text));

export const CallerRef = component('Caller', {
  name: Text,
  environment: Text,
  grants: Type.Array(
    Type.Object({
      roles: Type.Array(Type.Enum(['viewer', 'operator', 'migrator', 'admin', 'edge'])),
      apps: Names,
      clusters: Names,
      edges: Names,
    }),
    { description: 'names with * for anything; absent: all' },
  ),
});
export type CallerAnswer = Static<typeof CallerRef>;
