// The keys under `guard:`.

import { Type, type Static } from 'typebox';

export const GuardSettings = Type.Object(
  {
    secondLookSeconds: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 3600,
        default: 10,
        description:
          'a list that shows none or less than half of what counted waits for a second one, so much later',
      }),
    ),
  },
  { additionalProperties: false, default: {} },
);

export type GuardSettings = Static<typeof GuardSettings>;
