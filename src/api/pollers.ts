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
}

interface Poller {
  readonly caller: string;
  readonly address: string;
  readonly agent: string;
  readonly what: string;
  readonly given: Stamp;
  readonly at: number;
}

const FORGOTTEN_MS = 600_000;
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

export function addPollerRoutes(api: FastifyInstance, clock: Clock): Pollers {
  const pollers = new Map<string, Poller>();
  const config = { needs: 'viewer', whole: true } as const;
  const schema = { summary: 'Who polls weights', response: answers(Answer) };

  api.get('/api/v1/pollers', { config, schema }, async () => {
    const now = clock.now();
    const lately = [...pollers.values()].filter(({ at }) => now - at < FORGOTTEN_MS);
    return {
      items: lately.map(({ at, given, ...poller }) => ({
        ...poller,
        term: given.term,
        version: given.version,
        ageSeconds: (now - at) / 1000,
      })),
    };
  });
  return {
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
