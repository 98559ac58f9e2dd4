// Our own form: `ballast.io/v1 FanOut`, for teams without another system's YAML, and for the strategy
// beside it. A name alone may stand where a filter is expected; the reader has made it one before.

import { type Static, Type } from 'typebox';
import { closed, Count, Name, ObjectMetadata } from './shapes.ts';

const Labels = Type.Record(Type.String(), Type.String());
const Clusters = Type.Array(closed({ name: Type.Optional(Name), labels: Type.Optional(Labels) }));
const Duration = Type.String({ pattern: '^[0-9]+(s|m|h)$', description: 'such as 90s, 5m or 1h' });
const Amount = Type.String({
  pattern: '^[0-9]+%?$',
  description: 'a number, or a part such as 25%',
});
const Approval = Type.Enum(['none', 'before', 'after']);
const TimeOfDay = Type.String({
  pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
  description: 'in quotes, such as "22:00"',
});
/** Objects carry it as a label. */
const FanoutName = Type.String({
  pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$',
  description: 'a label’s value, which objects carry: at most 63 letters, digits, - _ .',
});
const Numbers = Type.Record(Type.String(), Count);

const StrategyShape = closed({
  order: Type.Optional(Type.Enum(['parallel', 'serial', 'waves'])),
  waves: Type.Optional(
    Type.Array(
      closed({
        name: Type.Optional(Name),
        clusters: Clusters,
        approval: Type.Optional(Approval),
        maxFailures: Type.Optional(Count),
      }),
    ),
  ),
  maxConcurrency: Type.Optional(Amount),
  soak: Type.Optional(Duration),
  deadline: Type.Optional(Duration),
  maxFailures: Type.Optional(Count),
  approval: Type.Optional(Approval),
  closedHours: Type.Optional(
    Type.Array(
      closed({
        days: Type.Optional(
          Type.Array(Type.Enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])),
        ),
        from: TimeOfDay,
        to: TimeOfDay,
        zone: Type.Optional(Name),
      }),
    ),
  ),
  drain: Type.Optional(Type.Enum(['auto', 'never'])),
  weights: Type.Optional(Type.Enum(['auto', 'none'])),
  onFailure: Type.Optional(Type.Enum(['pause', 'rollback-cluster', 'rollback-all', 'continue'])),
  floor: Type.Optional(Amount),
  errors: Type.Optional(
    closed({
      percent: Type.Integer({ minimum: 0, maximum: 100 }),
      requests: Type.Optional(Type.Integer({ minimum: 1 })),
      for: Type.Optional(Duration),
    }),
  ),
});
export type WrittenStrategy = Static<typeof StrategyShape>;

export const FanoutShape = closed({
  apiVersion: Name,
  kind: Name,
  metadata: closed({ ...ObjectMetadata.properties, name: FanoutName }),
  spec: closed({
    objects: Type.Optional(
      Type.Array(
        closed({
          apiVersion: Type.Optional(Name),
          kind: Type.Optional(Name),
          namespace: Type.Optional(Name),
          name: Type.Optional(Name),
          labels: Type.Optional(Labels),
        }),
      ),
    ),
    clusters: Type.Optional(Clusters),
    replicas: Type.Optional(
      closed({
        total: Type.Optional(Count),
        weights: Type.Optional(Numbers),
        min: Type.Optional(Numbers),
        max: Type.Optional(Numbers),
      }),
    ),
    strategy: Type.Optional(StrategyShape),
  }),
});
export type WrittenFanout = Static<typeof FanoutShape>;
