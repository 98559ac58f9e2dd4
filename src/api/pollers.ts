// Who polls weights: edges of another kind, which acknowledge nothing.
//
// Comes in: each answer to a poller. Goes out: who was here lately, and which version it was given. It is
// bounded: the longest silent ones are forgotten first.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Clock } from '../clock.ts';
import type { Stamp } from '../model.ts';
import { answers, items, stamp } from './shapes.ts';

export interface Pollers {
  /** `what` it polls: weights, or one app’s in another’s form. */
  answered(request: FastifyRequest, what: string, given: Stamp): void;
  /** Those that were given an answer within so long; of an hour at most. */
  lately(withinMs: number): readonly Poller[];
  /** Since when they are noted, by the clock. */
  readonly since: number;
}

export interface Poller {
  readonly caller: string;
  readonly address: string;
  readonly agent: string;
  readonly what: string;
  readonly given: Stamp;
  readonly at: number;
}

const SHOWN_MS = 600_000;
const FORGOTTEN_MS = 3_600_000;
const MOST = 1000;
const AGENT_LENGTH = 200;

const Answer = items(
  Type.Object({
    caller: Type.String(),
    address: Type.String(),
    agent: Type.String({ description: 'as it calls itself' }),
    what: Type.String({ description: 'weights, or upsync and the app' }),
    ...stamp,
    ageSeconds: Type.Number({ minimum: 0, description: 'since its last answer' }),
  }),
);

export function notePollers(clock: Clock): Pollers {
  const pollers = new Map<string, Poller>();
  return {
    since: clock.now(),
    lately(withinMs) {
      const now = clock.now();
      const within = Math.min(withinMs, FORGOTTEN_MS);
      return [...pollers.values()].filter(({ at }) => now - at < within);
    },
    answered({ caller, ip, headers }, what, given) {
      const agent = (headers['user-agent'] ?? '').slice(0, AGENT_LENGTH);
      const key = JSON.stringify([caller.name, ip, agent, what]);
      pollers.delete(key);
      const at = clock.now();
      pollers.set(key, { caller: caller.name, address: ip, agent, what, given, at });
      const [oldest] = pollers.keys();
      if (pollers.size > MOST && oldest !== undefined) pollers.delete(oldest);
    },
  };
}

export function addPollerRoutes(api: FastifyInstance, clock: Clock, pollers: Pollers): void {
  const config = { needs: 'viewer', whole: true } as const;
  const schema = { summary: 'Who polls weights', response: answers(Answer) };

  api.get('/api/v1/pollers', { config, schema }, async () => {
    const now = clock.now();
    return {
      items: pollers.lately(SHOWN_MS).map(({ at, given, ...poller }) => ({
        ...poller,
        term: given.term,
        version: given.version,
        ageSeconds: (now - at) / 1000,
      })),
    };
  });
}
