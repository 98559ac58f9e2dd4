// Plans of migrations as the API takes and answers them.

import { Type, type Static } from 'typebox';
import { APP_NAME } from '../inventory/settings.ts';
import { AskedGates, AskedLimits } from '../migration/run/settings.ts';
import { component, Whole } from './shapes.ts';

const closed = { additionalProperties: false } as const;
const Text = Type.String();
const may = Type.Optional;
const MOST_APPS = 500;
const CLUSTER = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';
/** The namespace becomes a part of paths at the API servers. */
const ASKED_APP = APP_NAME.replace('^', '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/)?');

export const PlanBody = Type.Object(
  {
    apps: Type.Array(
      Type.String({ pattern: ASKED_APP, maxLength: 127, description: 'APP or NAMESPACE/APP' }),
      { maxItems: MOST_APPS },
    ),
    from: Type.String({ pattern: CLUSTER }),
    to: Type.String({ pattern: CLUSTER }),
    mode: may(
      Type.Enum(['online', 'evacuate', 'offline'], {
        description: 'evacuate: the app is ill; offline: from a backup; default: online',
      }),
    ),
    stateful: may(Type.Boolean({ description: 'apps that keep data too; it is not moved' })),
    degrade: may(Type.Boolean({ description: 'fewer pods where room is short' })),
    adopt: may(Type.Boolean({ description: 'take over what is there and not ours' })),
  },
  closed,
);

export const MoveBody = Type.Object(
  {
    ...PlanBody.properties,
    digest: may(Type.String({ maxLength: 200, description: 'of the plan that was looked at' })),
    gates: may(AskedGates),
    limits: may(AskedLimits),
  },
  { ...closed, description: 'gates and limits: instead of the configuration’s' },
);

export const Finding = component('Finding', {
  app: may(Text),
  severity: Type.Enum(['refuse', 'warn']),
  code: Text,
  object: Text,
  text: Text,
});

const PassedOver = Type.Object({ backup: Text, why: Text });
export const Origin = component('Origin', {
  kind: Type.Enum(['live', 'backup']),
  backup: may(Text),
  startedAt: may(Type.String({ format: 'date-time' })),
  warnings: may(Type.Array(Text)),
  passedOver: may(Type.Array(PassedOver)),
});

export const Capacity = component('Capacity', {
  ok: Type.Boolean(),
  rung: Type.Integer({ minimum: 0, maximum: 3, description: 'of the degrade ladder; 0: in full' }),
  words: Text,
  apps: Type.Array(
    Type.Object({
      app: Text,
      before: Whole,
      after: Whole,
      deferred: Type.Boolean(),
      placed: Whole,
      why: Text,
      unchecked: Type.Array(Text),
    }),
  ),
});

const Manifest = Type.Unsafe<Readonly<Record<string, unknown>>>(
  Type.Object(
    {},
    { additionalProperties: true, description: 'of a Secret keys and a digest alone' },
  ),
);
const PlannedObject = Type.Object({
  step: Whole,
  manifest: Manifest,
  uid: Type.String({ description: 'at the source' }),
  how: Type.Enum(['apply', 'merge']),
  late: Type.Boolean({ description: 'once the workload is ready' }),
  shared: Type.Optional(
    Type.Array(Text, { description: 'who else needs it at the source, where it stays as long' }),
  ),
});
const WeightStep = Type.Object({
  step: Text,
  parts: Type.Array(
    Type.Object({
      from: Text,
      servers: Whole,
      sum: Whole,
      each: Whole,
      share: Type.Number({ minimum: 0, maximum: 1 }),
    }),
  ),
});

export const PlannedApp = component('PlannedApp', {
  app: Text,
  state: Type.Enum(['planned', 'refused', 'deferred']),
  namespace: may(Text),
  core: Type.Boolean(),
  importance: Type.Integer(),
  workload: may(Text),
  origin: may(Origin),
  replicas: may(Type.Object({ before: Whole, after: Whole })),
  objects: Type.Array(PlannedObject),
  behind: Type.Array(Type.Object({ object: Text, why: Text })),
  weights: may(
    Type.Object({ factor: Type.Number({ exclusiveMinimum: 0 }), steps: Type.Array(WeightStep) }),
  ),
});

export const Plan = component('MigrationPlan', {
  from: Text,
  to: Text,
  mode: Text,
  ok: Type.Boolean({ description: 'nothing refuses it' }),
  digest: Type.String({ description: 'of all that would be done' }),
  apps: Type.Array(PlannedApp, { description: 'in the order in which they are moved' }),
  capacity: Capacity,
  findings: Type.Array(Finding),
});

export const RehearsalShape = component('Rehearsal', {
  at: Type.String({ format: 'date-time' }),
  clusters: Type.Array(
    Type.Object({
      cluster: Text,
      ok: Type.Boolean({ description: 'all of its apps would come back, in one other cluster' }),
      apps: Type.Array(
        Type.Object({
          app: Text,
          namespace: may(Text),
          backup: may(Text),
          ageSeconds: may(Whole),
          warnings: Type.Array(Text),
          passedOver: Type.Array(PassedOver),
          trouble: may(Type.String({ description: 'why it would not come back' })),
        }),
      ),
      destinations: Type.Array(
        Type.Object({
          cluster: Text,
          ok: Type.Boolean(),
          rung: may(Type.Integer({ minimum: 0, maximum: 3, description: 'absent: no room' })),
          words: Text,
          refused: Type.Array(Text),
          deferred: Type.Array(Type.String({ description: 'apps that would wait for room' })),
        }),
        { description: 'the best first' },
      ),
    }),
  ),
});

export type RehearsalAnswer = Static<typeof RehearsalShape>;
export type PlanQuestion = Static<typeof PlanBody>;
export type PlanAnswer = Static<typeof Plan>;
export type FindingAnswer = Static<typeof Finding>;
export type CapacityAnswer = Static<typeof Capacity>;
