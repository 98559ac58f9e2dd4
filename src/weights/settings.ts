// The keys under `weights:`.

import { Type, type Static } from 'typebox';

export const WeightSettings = Type.Object(
  {
    base: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        default: 10,
        description: 'weight of one pod and of one VM',
      }),
    ),
  },
  { additionalProperties: false, default: {} },
);

export type WeightSettings = Static<typeof WeightSettings>;
