// The keys under `weights:` and `holds:`.

import { Type, type Static } from 'typebox';
import type { RampSettings } from './ramps.ts';

const closed = { additionalProperties: false } as const;

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
    ramp: Type.Optional(
      Type.Object(
        {
          percent: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 100,
              default: 25,
              description: 'of its automatic weight a server rises by at most, a step',
            }),
          ),
          seconds: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 3600,
              default: 30,
              description: 'between two steps; 0: no ramps',
            }),
          ),
          errorPercent: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 100,
              default: 5,
              description: 'of failed requests in the last minute; more, and it rises no further',
            }),
          ),
        },
        { ...closed, default: {}, description: 'of clusters that are new to an app, or undrained' },
      ),
    ),
  },
  { ...closed, default: {} },
);

export const HoldSettings = Type.Object(
  {
    forgottenHours: Type.Optional(
      Type.Number({
        minimum: 0.01,
        default: 24,
        description: 'a hold without end that is older is forgotten',
      }),
    ),
  },
  { ...closed, default: {} },
);

export type WeightSettings = Static<typeof WeightSettings>;
export type HoldSettings = Static<typeof HoldSettings>;

export function rampOf({ ramp = {} }: WeightSettings): RampSettings {
  const { percent = 25, seconds = 30, errorPercent = 5 } = ramp;
  return { percent, seconds, errorPercent };
}
