// An edge that is gone for good: from then on nothing waits for it.
//
// Comes in: the name, twice. Goes out: that it is retired; a mark in the store tells every controller,
// and a line in the audit who did it. On failure: a problem body, and the edge is waited for as before.
// A heartbeat that comes afterwards brings the edge back, so nothing is lost by an error but time.
//
// Any controller does it: a new term may wait for just this edge, so that nobody leads. That the edge is
// silent is looked at in the same step in which the mark is written.

import { Type, type Static } from 'typebox';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../clock.ts';
import type { EdgeBook, EdgeView } from '../edges/edge-book.ts';
import type { Store } from '../edges/store.ts';
import { BallastError } from '../errors.ts';
import { PROBLEMS, Retired } from './shapes.ts';

export interface RetireParts {
  readonly book: EdgeBook;
  readonly clock: Clock;
  readonly edges: Pick<Store, 'heartbeats' | 'retire'>;
}

// Not as narrow as a configured name: whatever gave word may be retired.
const Params = Type.Object({ name: Type.String({ minLength: 1, maxLength: 253 }) });
const Query = Type.Object(
  { confirm: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

export function addRetireRoute(api: FastifyInstance, parts: RetireParts): void {
  const { book, clock, edges } = parts;

  api.delete<{ Params: Static<typeof Params>; Querystring: Static<typeof Query> }>(
    '/api/v1/edges/:name',
    {
      // What waits for an edge, a deletion too, goes on without it.
      config: { needs: 'admin' },
      schema: {
        summary: 'Retires an edge that is gone: nothing waits for it any more',
        params: Params,
        querystring: Query,
        response: { 200: Retired, ...PROBLEMS },
      },
    },
    async (request) => {
      const { name } = request.params;
      if (request.query.confirm !== name)
        throw new BallastError('confirm-missing', `say ?confirm=${name}`);
      book.read(await edges.heartbeats(), clock.now());
      const view = book.views(undefined, clock.now()).find((one) => one.name === name);
      if (!view) throw unknown(name);
      refuseAlive(view);
      const audit = { actor: request.caller.name, text: `retire edge ${name}` };
      if (!(await edges.retire(name, view.state, JSON.stringify(audit))))
        throw new BallastError('edge-alive', `${name} gave word just now`);
      book.read(await edges.heartbeats(), clock.now());
      return { name, retired: true };
    },
  );

  function unknown(name: string): BallastError {
    const isRetired = book.retired().includes(name);
    return new BallastError(
      'edge-unknown',
      isRetired ? `${name} is retired already` : `no edge ${name}`,
    );
  }
}

function refuseAlive({ name, configured, status, ageSeconds = 0 }: EdgeView): void {
  if (configured)
    throw new BallastError('edge-configured', `${name} is in the configuration of this controller`);
  if (status === 'unreachable') return;
  throw new BallastError('edge-alive', `${name} gave word ${ageSeconds.toFixed(1)} s ago`);
}
