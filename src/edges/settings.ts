// The keys under `leader:` and `edges:`.

import { Type, type Static } from 'typebox';

const closed = { additionalProperties: false } as const;

export const LeaderSettings = Type.Object(
  {
    leaseSeconds: Type.Optional(
      Type.Number({
        minimum: 1,
        maximum: 60,
        default: 5,
        description: 'a crashed leader is replaced after this time',
      }),
    ),
  },
  { ...closed, default: {} },
);

export const EdgeSettings = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$' }),
    control: Type.Optional(
      Type.String({
        pattern: '^(https?://.+|unix:/.+)$',
        description: 'the edge’s endpoint; absent: the edge only polls',
      }),
    ),
    token: Type.Optional(
      Type.Object({ file: Type.String({ minLength: 1, description: 'push token' }) }, closed),
    ),
  },
  closed,
);

export type LeaderSettings = Static<typeof LeaderSettings>;
export type EdgeSettings = Static<typeof EdgeSettings>;
