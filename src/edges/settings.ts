// The keys under `leader:`, `history:`, `audit:` and `edges:`.

import { Type, type Static } from 'typebox';
import { BOUNDS, type HistoryBounds } from './history-keeper.ts';

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

const MOST_ENTRIES = 1_000_000;

/** The script that commits keeps no more than that, whatever a file says. */
function keptSettings(what: string, days: number) {
  return Type.Object(
    {
      entries: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: MOST_ENTRIES,
          default: 50_000,
          description: `${what}; at most so many are kept`,
        }),
      ),
      days: Type.Optional(
        Type.Number({
          exclusiveMinimum: 0,
          maximum: 36_500,
          default: days,
          description: 'older ones are trimmed',
        }),
      ),
    },
    { ...closed, default: {} },
  );
}

export const HistorySettings = keptSettings('changes of apps', 30);
export const AuditSettings = keptSettings('writes by people, jobs and endpoints', 365);

export function boundsOf({ history, audit }: Kept): HistoryBounds {
  return {
    history: { ...BOUNDS.history, ...history },
    audit: { ...BOUNDS.audit, ...audit },
  };
}

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

interface Kept {
  readonly history: Static<typeof HistorySettings>;
  readonly audit: Static<typeof AuditSettings>;
}

export type LeaderSettings = Static<typeof LeaderSettings>;
export type EdgeSettings = Static<typeof EdgeSettings>;
