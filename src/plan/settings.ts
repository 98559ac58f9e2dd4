// The keys under `guard:`, and those of an app of its own.

import { Type, type Static } from 'typebox';
import type { Minimum } from './guard.ts';
import type { ShareLimits } from './share-limit.ts';
import type { RemovedRule } from '../weights/removed-drains.ts';

const closed = { additionalProperties: false } as const;

const points = (fallback: number, description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: fallback, description }));

const leastOf = (what: string, options: { readonly default?: number } = {}) =>
  Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 10_000,
      ...options,
      description: `so many ${what} of an app keep serving; what would leave fewer is refused`,
    }),
  );

/** Stands instead of the one for all, key by key: no defaults in it. */
export const OwnMinimumSettings = Type.Object(
  { clusters: leastOf('clusters'), servers: leastOf('servers') },
  closed,
);

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
    share: Type.Optional(
      Type.Object(
        {
          clusterPoints: points(
            40,
            'of an app’s requests a cluster may gain within a minute; it may always double; 100: no limit',
          ),
          upstreamPoints: points(
            50,
            'of an app’s requests may move between clusters within a minute; 100: no limit',
          ),
        },
        { ...closed, default: {} },
      ),
    ),
    removed: Type.Optional(
      Type.Object(
        {
          drain: Type.Optional(
            Type.Boolean({
              default: true,
              description:
                'a cluster that no source names any more is drained; false: only by a person',
            }),
          ),
          afterSeconds: Type.Optional(
            Type.Integer({
              minimum: 1,
              default: 600,
              description: 'so long it has to be gone, while every source is well',
            }),
          ),
          rampSeconds: Type.Optional(
            Type.Integer({
              minimum: 1,
              default: 600,
              description: 'so long its weights take to fall',
            }),
          ),
        },
        { ...closed, default: {} },
      ),
    ),
    minimum: Type.Optional(
      Type.Object(
        {
          clusters: leastOf('clusters', { default: 1 }),
          servers: leastOf('servers', { default: 1 }),
        },
        { ...closed, default: {} },
      ),
    ),
  },
  { ...closed, default: {} },
);

/** Absent: none is drained. */
export function removedOf({ removed = {} }: GuardSettings): RemovedRule | undefined {
  const { drain = true, afterSeconds = 600, rampSeconds = 600 } = removed;
  return drain ? { afterSeconds, rampSeconds } : undefined;
}

export type GuardSettings = Static<typeof GuardSettings>;
type OwnMinimum = Static<typeof OwnMinimumSettings>;

export function shareLimitsOf({ share = {} }: GuardSettings): ShareLimits {
  const { clusterPoints = 40, upstreamPoints = 50 } = share;
  return { clusterPoints, upstreamPoints };
}

export function minimumOf({ minimum }: GuardSettings, own: OwnMinimum = {}): Minimum {
  return { clusters: 1, servers: 1, ...minimum, ...own };
}
