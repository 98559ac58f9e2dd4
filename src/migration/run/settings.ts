// The keys under `migration.gates` and `migration.limits`; a request may name its own of both.

import { Type, type Static } from 'typebox';
import { GATES, type Gates } from '../flow/gates.ts';
import { LIMITS, type MigrationLimits } from '../flow/next.ts';

const may = Type.Optional;
const closed = { additionalProperties: false } as const;
const DAY = 86_400;

/** A request that names one of them leaves the others to the configuration: there it has no defaults. */
function gatesShape(usual: Partial<Gates>) {
  const seconds = (key: 'readySeconds' | 'deadlineSeconds' | Waits, description: string) =>
    may(Type.Number({ minimum: 0, maximum: DAY, ...defaultOf(usual[key]), description }));
  return Type.Object(
    {
      readySeconds: seconds('readySeconds', 'pods, endpoints and probes are well for so long'),
      deadlineSeconds: seconds(
        'deadlineSeconds',
        'until they are, or there is room; then it goes back',
      ),
      intervalSeconds: seconds('intervalSeconds', 'each step of a shift is looked at for so long'),
      samples: may(
        Type.Integer({
          minimum: 1,
          maximum: 1_000_000,
          ...defaultOf(usual.samples),
          description: 'requests and probes below which nothing is judged',
        }),
      ),
      errorPercent: may(
        Type.Number({
          minimum: 0,
          maximum: 100,
          ...defaultOf(usual.errorPercent),
          description: 'of requests at the destination, by all edges and by each',
        }),
      ),
      slowSeconds: may(
        Type.Number({
          exclusiveMinimum: 0,
          maximum: 600,
          description: 'mean time of an answer there; absent: not looked at',
        }),
      ),
      failedChecks: may(
        Type.Integer({
          minimum: 1,
          maximum: 100,
          ...defaultOf(usual.failedChecks),
          description: 'so many in a row, and it goes back',
        }),
      ),
      bakeSeconds: seconds('bakeSeconds', 'the source at 0, its pods run on'),
      quietSeconds: seconds('quietSeconds', 'no request at the source, on any edge'),
      drainSeconds: seconds(
        'drainSeconds',
        'what is under way there longer does not end by itself: not below the edges’ time-outs',
      ),
      cut: may(
        Type.Boolean({
          ...defaultOf(usual.cut),
          description: 'such requests are cut; else a person is asked',
        }),
      ),
      callers: may(
        Type.Enum(['edges', 'others'], {
          ...defaultOf(usual.callers),
          description: 'who asks the source; others: a hook or a person consents to its deletion',
        }),
      ),
      pollersSeconds: may(
        Type.Number({
          minimum: 0,
          maximum: 3600,
          ...defaultOf(usual.pollersSeconds),
          description: 'a poller that was seen within so long may still ask the source',
        }),
      ),
    },
    closed,
  );
}

type Waits = 'intervalSeconds' | 'bakeSeconds' | 'quietSeconds' | 'drainSeconds';

function defaultOf<T>(value: T | undefined): { readonly default?: T } {
  return value === undefined ? {} : { default: value };
}

function limitsShape(usual: Partial<MigrationLimits>) {
  const apps = (key: 'atOnce' | 'shifting', description: string) =>
    may(Type.Integer({ minimum: 1, maximum: 1000, ...defaultOf(usual[key]), description }));
  return Type.Object(
    {
      atOnce: apps('atOnce', 'apps on their way'),
      shifting: apps(
        'shifting',
        'so many whose weights move, of all migrations to one destination',
      ),
      failedPart: may(
        Type.Number({
          minimum: 0,
          maximum: 1,
          ...defaultOf(usual.failedPart),
          description: 'no further app begins once a greater part has failed',
        }),
      ),
    },
    closed,
  );
}

export const GatesSettings = gatesShape(GATES);
export const LimitsSettings = limitsShape(LIMITS);
export const AskedGates = gatesShape({});
export const AskedLimits = limitsShape({});

export type GatesSettings = Static<typeof GatesSettings>;
export type LimitsSettings = Static<typeof LimitsSettings>;

/** The later ones count. */
export function gatesOf(...settings: readonly GatesSettings[]): Gates {
  return Object.assign({}, GATES, ...settings) as Gates;
}

export function limitsOf(...settings: readonly LimitsSettings[]): MigrationLimits {
  return Object.assign({}, LIMITS, ...settings) as MigrationLimits;
}
