// The list of edges, confirmed by a person: from then on jobs may delete (R12).
//
// Comes in: the names of all edges that there are. Goes out: who confirmed them; a line in the audit. On
// failure: `edges-differ`, which names those that are unknown here, or were left out; jobs wait as before.
//
// All names, and not a yes: whoever has to write them down looks at what there is, not at what is shown.

import { Type, type Static } from 'typebox';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../clock.ts';
import type { EdgeBook } from '../edges/edge-book.ts';
import type { HistoryStore } from '../edges/history-store.ts';
import { BallastError } from '../errors.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { forward, type ForwardParts } from './forward.ts';
import { answers, component } from './shapes.ts';

export interface ConfirmEdgesParts extends ForwardParts {
  readonly jobs: Pick<Jobs, 'confirmEdges'>;
  readonly book: Pick<EdgeBook, 'views'>;
  readonly history: Pick<HistoryStore, 'note'>;
  readonly clock: Clock;
}

const Names = Type.Array(Type.String({ minLength: 1, maxLength: 253 }), { maxItems: 10_000 });
const Body = Type.Object({ edges: Names }, { additionalProperties: false });
const Confirmed = component('ConfirmedEdges', { edges: Names });

export function addConfirmEdgesRoute(api: FastifyInstance, parts: ConfirmEdgesParts): void {
  api.post<{ Body: Static<typeof Body> }>(
    '/api/v1/edges/confirm',
    {
      // As retiring: what a deletion waits for is all that it names.
      config: { needs: 'admin' },
      schema: {
        summary: 'These are all edges: jobs may delete, as long as Redis is the one it is now',
        body: Body,
        response: answers(Confirmed),
      },
    },
    async (request, reply) => {
      if (await forward(parts, request, reply)) return reply;
      const edges = [...new Set(request.body.edges)].toSorted();
      const known = parts.book.views(undefined, parts.clock.now()).map(({ name }) => name);
      refuseOthers(edges, known);
      const { name: actor } = request.caller;
      await parts.jobs.confirmEdges(actor, edges);
      await parts.history.note(
        JSON.stringify({ actor, text: `confirm edges ${edges.join(', ')}` }),
      );
      return { edges };
    },
  );
}

function refuseOthers(edges: readonly string[], known: readonly string[]): void {
  const unknown = edges.filter((name) => !known.includes(name));
  const left = known.filter((name) => !edges.includes(name));
  const faults = [
    ...(unknown.length > 0 ? [`${unknown.join(', ')}: no word from it here`] : []),
    ...(left.length > 0 ? [`${left.join(', ')}: known here, and not named`] : []),
  ];
  if (faults.length > 0) throw new BallastError('edges-differ', faults.join('; '));
}
