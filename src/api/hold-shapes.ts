// Holds as the API takes and shows them.
//
// Comes in: a body whose form was checked; holds that stand. Goes out: new holds; views. On failure:
// `request-invalid`, with the place.

import { Type, type Static } from 'typebox';
import { canonicalAddress, isAddress } from '../address.ts';
import { timeOf, timeText } from '../clock.ts';
import { BallastError } from '../errors.ts';
import type { Hold, Server } from '../model.ts';
import { isForgotten } from '../weights/hold-changes.ts';
import type { NewHold } from '../words/of-holds.ts';

const closed = { additionalProperties: false } as const;
const NAME = '^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$';
const HEAVIEST = 65535;
const MOST_AT_ONCE = 200;

const hold = {
  id: Type.Optional(Type.String({ pattern: NAME, description: 'default: made up' })),
  app: Type.Optional(Type.String({ pattern: NAME })),
  cluster: Type.Optional(
    Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$', description: 'or vm' }),
  ),
  server: Type.Optional(Type.String({ description: 'IPv4:port or [IPv6]:port' })),
  kind: Type.Optional(Type.Enum(['drain', 'pin', 'freeze'])),
  weight: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 100 * HEAVIEST,
      description: 'of a pin: of the server, or the sum of the cluster’s',
    }),
  ),
  why: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  until: Type.Optional(Type.String({ description: 'RFC 3339' })),
  allowEmpty: Type.Optional(Type.Boolean()),
  rampSeconds: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 86_400, description: 'a drain falls over this time' }),
  ),
};

/** One hold, or `holds` with several: a union of the two would have errors that nobody understands. */
export const HoldsRequest = Type.Object(
  {
    ...hold,
    holds: Type.Optional(Type.Array(Type.Object(hold, closed), { maxItems: MOST_AT_ONCE })),
    lift: Type.Optional(
      Type.Array(Type.String({ pattern: NAME }), {
        maxItems: MOST_AT_ONCE,
        uniqueItems: true,
        description: 'holds that end in the same commit',
      }),
    ),
  },
  closed,
);

type Asked = Omit<Static<typeof HoldsRequest>, 'holds' | 'lift'>;

export interface Making {
  readonly who: string;
  /** Milliseconds of the time of day. */
  readonly now: number;
  readonly random: () => number;
}

export function readHolds(body: Static<typeof HoldsRequest>, making: Making): NewHold[] {
  const { holds, lift = [], ...one } = body;
  if (!holds) return [readHold(one, 'body', making)];
  if (holds.length + lift.length === 0) throw wrong('body', 'says nothing', 'holds');
  if (Object.keys(one).length > 0) throw wrong('body', 'stands beside holds', Object.keys(one)[0]);
  return holds.map((asked, index) => readHold(asked, `body/holds/${index}`, making));
}

function readHold(asked: Asked, place: string, { who, now, random }: Making): NewHold {
  const { kind, why, until, id = newId(random), ...rest } = asked;
  if (kind === undefined) throw wrong(place, 'is missing: drain, pin or freeze', 'kind');
  if (why === undefined) throw wrong(place, 'is missing: a reason, for others', 'why');
  plainText(why, place);
  checkScope(asked, place);
  checkKind({ ...asked, kind }, place);
  const { server } = rest;
  return {
    ...rest,
    ...(server !== undefined && { server: canonicalAddress(server) }),
    id,
    kind,
    who,
    why,
    ...(until !== undefined && { until: endOf(until, now, place) }),
  };
}

/** As it is, where others can read it. */
export function plainText(why: string, place: string): string {
  if (why.trim() === '') throw wrong(place, 'is blank: a reason, for others', 'why');
  if (why.isWellFormed() && !/\p{Cc}/u.test(why)) return why;
  throw wrong(place, 'is no plain text', 'why');
}

function checkScope({ app, cluster, server }: Asked, place: string): void {
  if (app === undefined && cluster === undefined && server === undefined) {
    throw wrong(place, 'names none of app, cluster and server');
  }
  if (server !== undefined && !isAddress(server)) {
    throw wrong(place, 'must be IPv4:port or [IPv6]:port', 'server');
  }
}

type Kinded = Asked & { readonly kind: Hold['kind'] };

function checkKind(asked: Kinded, place: string): void {
  const { kind } = asked;
  if (kind === 'pin') checkPin(asked, place);
  const strange = {
    drain: ['weight'],
    pin: ['rampSeconds'],
    freeze: ['weight', 'rampSeconds', 'allowEmpty'],
  } as const;
  const key = strange[kind].find((one) => one in asked);
  if (key !== undefined) throw wrong(place, `is not for a ${kind}`, key);
}

function checkPin({ app, cluster, server, weight }: Kinded, place: string): void {
  if (weight === undefined) throw wrong(place, 'is missing: a pin has one', 'weight');
  if (app === undefined || (cluster ?? server) === undefined) {
    throw wrong(place, 'needs app, and cluster or server, for a pin');
  }
  if (server !== undefined && weight > HEAVIEST) {
    throw wrong(place, `must be at most ${HEAVIEST} for a server`, 'weight');
  }
}

export function endOf(until: string, now: number, place: string): number {
  const end = timeOf(until);
  if (end === undefined) throw wrong(place, 'must be a time as 2026-01-31T12:00:00Z', 'until');
  if (end <= now) throw wrong(place, `lies in the past: it is ${timeText(now)}`, 'until');
  return Math.floor(end);
}

function wrong(place: string, text: string, key?: string): BallastError {
  return new BallastError(
    'request-invalid',
    `${place}${key === undefined ? '' : `/${key}`} ${text}`,
  );
}

/** 36^8: two alike among a thousand are a matter of one in millions, and then refused. */
export function newId(random: () => number): string {
  const part = (): string =>
    Math.floor(random() * 36 ** 4)
      .toString(36)
      .padStart(4, '0');
  return `h-${part()}${part()}`;
}

export interface HoldView {
  readonly id: string;
  readonly [key: string]: unknown;
}

export function viewHold(hold: Hold, now: number, forgottenHours: number): HoldView {
  const { kept: _kept, since, until, ...rest } = hold;
  return {
    ...rest,
    since: timeText(since),
    ...(until !== undefined && { until: timeText(until) }),
    ageSeconds: Math.max(0, (now - since) / 1000),
    ...(isForgotten(hold, now, forgottenHours) && { forgotten: true }),
  };
}

/** Weights with their shares. */
export function sharesOf(servers: readonly Server[]): object[] {
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  return servers.map((server) => ({ ...server, share: total === 0 ? 0 : server.weight / total }));
}
