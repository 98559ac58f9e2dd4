// Back to an earlier version of an app, as a hold.
//
// Comes in: a version and a reason. Goes out: as for a hold, and the shares of that version. On failure:
// a problem body that says how far the history goes back, which cluster is gone, or which hold is in
// the way; nothing is written.

import { Type, type Static } from 'typebox';
import type { FastifyInstance } from 'fastify';
import { HOLDS } from '../edges/document.ts';
import type { HistoryStore } from '../edges/history-store.ts';
import { revertApp } from '../words/revert.ts';
import { endOf, newId, sharesOf, plainText } from './hold-shapes.ts';
import { checkLifted, checkScope, type HoldParts } from './holds.ts';
import { WRITE_ANSWERS } from './shapes.ts';
import { createSpeak, WriteQuery } from './speak.ts';
import { standsHeld } from './stands.ts';
import { stoodAt } from './stood.ts';

export interface RevertParts extends HoldParts {
  readonly history: HistoryStore;
}

const NAME = '^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$';
const AppParams = Type.Object({ app: Type.String({ pattern: NAME }) });
const RevertRequest = Type.Object(
  {
    version: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    why: Type.String({ minLength: 1, maxLength: 400 }),
    until: Type.Optional(Type.String({ description: 'RFC 3339' })),
    lift: Type.Optional(
      Type.Array(Type.String({ pattern: NAME }), {
        maxItems: 200,
        uniqueItems: true,
        description: 'holds that end in the same commit',
      }),
    ),
  },
  { additionalProperties: false },
);

export function addRevertRoute(api: FastifyInstance, parts: RevertParts): void {
  const { controller, history } = parts;
  const speak = createSpeak(parts);

  api.post<{ Params: Static<typeof AppParams>; Body: Static<typeof RevertRequest> }>(
    '/api/v1/apps/:app/revert',
    {
      config: { needs: 'operator' },
      schema: {
        summary: 'Back to an earlier version of an app, as a freeze',
        params: AppParams,
        body: RevertRequest,
        querystring: WriteQuery,
        response: WRITE_ANSWERS,
      },
    },
    async (request, reply) =>
      speak(request, reply, async (who) => {
        const { app } = request.params;
        const { version, why, until, lift = [] } = request.body;
        checkScope(request.caller, { app });
        checkLifted(request.caller, controller.published()?.held.holds ?? [], lift);
        const now = parts.wall().getTime();
        const asked = {
          app,
          version,
          id: newId(parts.random),
          why: plainText(why, 'body'),
          lift,
          ...(until !== undefined && { until: endOf(until, now, 'body') }),
        };
        const published = controller.published();
        const state = await stoodAt({ published, history }, app, version);
        const present = controller.published()?.app(app)?.upstream.servers ?? [];
        const { word, holds } = revertApp(who, { ...asked, state }, present);
        const ids = holds.map(({ id }) => id);
        return {
          word,
          concerns: (name) => name === app || name === HOLDS,
          stands: standsHeld(ids, lift),
          told: { ids, wanted: sharesOf(state) },
        };
      }),
  );
}
