// What the API answers, as schemas: for the OpenAPI document, and for the test that holds answers
// against it. Answers are not made by them: what a schema forgets is still sent, and then that test fails.

import {
  Type,
  type Static,
  type TObject,
  type TProperties,
  type TSchema,
  type TUnsafe,
} from 'typebox';

const components: TSchema[] = [];

/** Names a schema once, for all that use it; its type stays known, so that the commands read by it. */
export function component<P extends TProperties>(
  name: string,
  properties: P,
): TUnsafe<Static<TObject<P>>> {
  components.push({ ...Type.Object(properties), $id: name } as TSchema);
  return Type.Unsafe<Static<TObject<P>>>({ $ref: `${name}#` });
}

/** Every schema that has a name. */
export function namedSchemas(): readonly TSchema[] {
  return components;
}

export const Whole = Type.Integer({ minimum: 0 });
const Text = Type.String();
export const Seconds = Type.Number({ minimum: 0 });
const Share = Type.Number({ minimum: 0, maximum: 1, description: 'a fraction' });
const Names = Type.Array(Text);
const may = <S extends TSchema>(schema: S) => Type.Optional(schema);

export const stamp = { term: Whole, version: Whole };
export const Reason = component('Reason', {
  code: Text,
  text: Type.String({ description: 'one sentence with numbers' }),
});

const server = {
  address: Text,
  weight: Whole,
  from: Type.String({ description: 'a cluster, or vm' }),
  auto: may(Type.Integer({ description: 'the automatic weight, where another is shown' })),
};
const Server = component('Server', server);
const ServerShare = component('ServerShare', { ...server, share: Share });
const ExplainedServer = component('ExplainedServer', {
  ...server,
  hold: may(Type.String({ description: 'id of the hold whose word the weight is' })),
  formula: may(Text),
  exactShare: may(Share),
  share: Share,
  measuredShare: may(Share),
  unhealthyAt: may(Names),
});
const Policy = component('Policy', {
  balance: Type.Enum(['smooth', 'hash', 'least']),
  key: may(Text),
  whenUnhealthy: Type.Enum(['spread', 'reject']),
  panic: may(Type.Integer()),
  health: may(
    Type.Object({
      path: Text,
      host: may(Text),
      https: may(Type.Boolean()),
      intervalSeconds: Type.Number(),
      timeoutSeconds: Type.Number(),
      rise: Type.Integer(),
      fall: Type.Integer(),
    }),
  ),
  slowStart: may(Type.Object({ seconds: Type.Number() })),
});
const IngressNode = component('IngressNode', { name: Text, address: Text });

export const HoldAnswer = {
  id: Text,
  app: may(Text),
  cluster: may(Text),
  server: may(Text),
  kind: Type.Enum(['drain', 'pin', 'freeze']),
  weight: may(Whole),
  who: Text,
  why: Text,
  since: Type.String({ format: 'date-time' }),
  until: may(Type.String({ format: 'date-time' })),
  allowEmpty: may(Type.Boolean()),
  job: may(Text),
  fence: may(Whole),
  debt: may(Type.String({ description: 'as long as it lasts' })),
  rampSeconds: may(Whole),
  ageSeconds: Seconds,
  forgotten: may(Type.Boolean({ description: 'older than holds.forgottenHours, and without end' })),
};
export const HoldRef = component('Hold', HoldAnswer);

const appName = {
  name: Text,
  hosts: Names,
  version: Type.Union([Whole, Type.Null()], { description: 'null: not published' }),
  refused: may(Reason),
};
export const AppSummary = component('AppSummary', {
  ...appName,
  pods: Whole,
  servers: Whole,
  from: may(
    Type.Array(
      Type.Object({
        name: Type.String({ description: 'a cluster, or vm' }),
        pods: Type.Integer({ minimum: 0, description: 'or VMs' }),
        servers: Whole,
        weight: Type.Integer({ minimum: 0, description: 'of its servers together' }),
      }),
      { description: 'what it has where' },
    ),
  ),
});
export const App = component('App', {
  ...appName,
  clusters: may(
    Type.Array(
      Type.Object({
        name: Text,
        state: Type.Enum(['unseen', 'fresh', 'stale']),
        ageSeconds: Seconds,
        pods: Whole,
        routed: Type.Union([Type.Boolean(), Type.Literal('unchecked')]),
        ingressNodes: Type.Array(IngressNode),
        weight: Whole,
        formula: Text,
        reason: may(Reason),
      }),
    ),
  ),
  vms: may(Names),
  vmsReason: may(Reason),
  servers: Type.Array(ExplainedServer),
  holds: Type.Array(HoldRef),
});
export const Cluster = component('Cluster', {
  name: Text,
  state: Type.Enum(['unseen', 'fresh', 'stale']),
  ageSeconds: Seconds,
  reason: may(Text),
  ingressNodes: Type.Array(IngressNode),
  leftOut: Type.Array(Type.Object({ name: Text, reason: Text })),
  unread: may(Names),
  relists: Whole,
});
export const ClusterSource = component('ClusterSource', {
  source: Text,
  clusters: Names,
  trouble: Names,
});
export const VmSource = component('VmSource', {
  name: Text,
  state: Type.Enum(['unread', 'fresh', 'stale']),
  ageSeconds: Seconds,
  reason: may(Text),
  vms: Whole,
});
export const Leader = component('Leader', {
  leading: Type.Boolean(),
  phase: Type.String({ description: 'in words' }),
  term: may(Whole),
  address: may(Type.String({ description: 'of the one that leads, while this one stands by' })),
});
export const StampRef = component('Stamp', stamp);
export const Edge = component('Edge', {
  name: Text,
  configured: Type.Boolean(),
  control: may(Text),
  status: Type.Enum(['current', 'behind', 'unreachable', 'never']),
  ageSeconds: may(Seconds),
  trouble: may(Text),
  state: may(
    Type.Object({
      name: Text,
      start: Text,
      beat: Whole,
      control: may(Text),
      highest: Whole,
      mark: may(StampRef),
      saved: may(StampRef),
      workers: Type.Array(Type.Object({ pid: Whole, mark: may(StampRef) })),
      refused: Type.Array(Type.Object({ app: Text, stamp: StampRef, code: Text })),
      compared: Whole,
      above: Type.Array(Type.Object({ app: Text, ...stamp })),
      documents: Whole,
      source: Text,
    }),
  ),
});
export const Retired = component('Retired', { name: Text, retired: Type.Literal(true) });
export const Upstream = component('Upstream', {
  ...stamp,
  digest: Text,
  owner: Type.Enum(['controller', 'endpoint']),
  app: Text,
  hosts: may(Names),
  servers: Type.Array(Server),
  policy: Policy,
});
export const Weights = component('Weights', {
  ...stamp,
  upstreams: Type.Record(Text, Type.Array(Type.Object({ address: Text, weight: Whole }))),
});

const acknowledged = {
  acknowledged: may(Type.Boolean({ description: 'by every edge; with ?wait=' })),
  edges: may(
    Type.Array(
      Type.Object({
        name: Text,
        missing: may(Type.String({ description: 'why it has not acknowledged' })),
      }),
    ),
  ),
};
export const StandingHold = component('StandingHold', {
  ...HoldAnswer,
  kept: may(Type.Record(Text, Type.Record(Text, Type.Number()))),
  ...acknowledged,
});
const told = {
  ids: may(Names),
  wanted: may(Type.Array(ServerShare, { description: 'of a revert: the shares of that version' })),
  unheld: may(Type.Array(Text, { description: 'apps of an endpoint on such servers: they go on' })),
  idle: may(
    Type.Array(Type.Object({ id: Text, why: Text }), {
      description: 'holds that speak of no server that is there, as when a name is mistyped',
    }),
  ),
};
export const Written = component('Written', { ...stamp, ...told, ...acknowledged });
export const Preview = component('Preview', {
  items: Type.Array(
    Type.Object({ app: Text, before: Type.Array(ServerShare), after: Type.Array(ServerShare) }),
  ),
  refused: Type.Array(Type.Object({ app: Text, reason: Reason })),
  ...told,
});

const Problem = component('Problem', {
  type: Text,
  code: Text,
  status: Type.Integer(),
  title: Text,
  detail: Text,
  act: Type.String({ description: 'what to do about it' }),
  requestId: Type.String({ description: 'as in x-request-id, and in the log' }),
});
const PROBLEM = {
  description: 'what is wrong, and what to do about it',
  content: { 'application/problem+json': { schema: Problem } },
};

type Answers = Readonly<Record<number | 'default', unknown>>;

/** The responses of a route: what it answers when all is well, and problems. */
export function answers(good: TSchema, more: Readonly<Record<number, unknown>> = {}): Answers {
  return { 200: good, ...more, default: PROBLEM };
}

export function items(of: TSchema, beside: TProperties = {}): TObject {
  return Type.Object({ items: Type.Array(of), ...beside });
}

/** A write: made, or only looked at. */
export const WRITE_ANSWERS = {
  200: Type.Union([Written, Preview]),
  201: Written,
  default: PROBLEM,
} as const;
export const PROBLEMS = { default: PROBLEM } as const;
export const METRICS = {
  description: 'text',
  content: { 'text/plain': { schema: Text }, 'application/openmetrics-text': { schema: Text } },
};
export const TEXT = { description: 'text', content: { 'text/plain': { schema: Text } } };

export type AppSummaryAnswer = Static<typeof AppSummary>;
export type AppAnswer = Static<typeof App>;
export type ClusterAnswer = Static<typeof Cluster>;
export type ClusterSourceAnswer = Static<typeof ClusterSource>;
export type EdgeAnswer = Static<typeof Edge>;
export type HoldAnswered = Static<typeof HoldRef>;
export type LeaderAnswer = Static<typeof Leader>;
export type PreviewAnswer = Static<typeof Preview>;
export type ProblemAnswer = Static<typeof Problem>;
export type ReasonAnswer = Static<typeof Reason>;
export type StandingHoldAnswer = Static<typeof StandingHold>;
export type VmSourceAnswer = Static<typeof VmSource>;
export type UpstreamAnswer = Static<typeof Upstream>;
export type WeightsAnswer = Static<typeof Weights>;
export type WrittenAnswer = Static<typeof Written>;
