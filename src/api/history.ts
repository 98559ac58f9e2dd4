// History and audit: what was changed, by whom and why, and when each edge had it.
//
// Comes in: filters and pages. Goes out: entries, the newest first, any controller's alike. On failure:
// 503 `redis-unavailable`: they lie in Redis alone, and nothing else waits for them.

import { Type, type Static } from 'typebox';
import type { FastifyInstance } from 'fastify';
import { timeText, type Clock } from '../clock.ts';
import type { Controller } from '../controller.ts';
import { compareStamps } from '../edges/document.ts';
import type { EdgeBook } from '../edges/edge-book.ts';
import type { EdgeState } from '../edges/edge-state.ts';
import type { HistoryStore, KeptLine } from '../edges/history-store.ts';
import { CAUSE_KINDS } from '../weights/cause.ts';
import { sees, seesAll } from './access/caller.ts';
import { concernsCluster, viewChange, type ChangeView } from './change-view.ts';
import { AUDIT_ANSWERS, HISTORY_ANSWERS } from './history-shapes.ts';
import { PageQuery, readItems } from './history-pages.ts';

export interface HistoryParts {
  readonly history: HistoryStore;
  readonly controller: Controller;
  readonly book: EdgeBook;
  readonly clock: Clock;
}

const closed = { additionalProperties: false } as const;
const name = Type.Optional(Type.String({ minLength: 1, maxLength: 63 }));
const actor = Type.Optional(Type.String({ minLength: 1, maxLength: 200 }));
const HistoryQuery = Type.Object(
  {
    app: name,
    cluster: name,
    cause: Type.Optional(Type.Enum([...CAUSE_KINDS])),
    actor,
    ...PageQuery,
  },
  closed,
);
const AuditQuery = Type.Object(
  { actor, refused: Type.Optional(Type.Boolean()), ...PageQuery },
  closed,
);

type HistoryAsked = Static<typeof HistoryQuery>;

export function addHistoryRoutes(api: FastifyInstance, parts: HistoryParts): void {
  const { history, controller, book, clock } = parts;

  api.get<{ Querystring: HistoryAsked }>(
    '/api/v1/history',
    {
      config: { needs: 'viewer' },
      schema: {
        summary: 'Changes of apps, the newest first',
        querystring: HistoryQuery,
        response: HISTORY_ANSWERS,
      },
    },
    async ({ query, caller }) => {
      const { app, cluster, cause } = query;
      const isFiltered = (cluster ?? cause ?? query.actor) !== undefined || !seesAll(caller);
      const page = await readItems(
        (asked) => history.changes({ ...asked, ...(app !== undefined && { app }) }),
        { ...query, isFiltered },
        (line) => {
          if (!sees(caller, line.app)) return undefined;
          const change = viewChange(line);
          return isAskedFor(change, query) ? change : undefined;
        },
      );
      const had = await history.acknowledged(page.items.map(({ version }) => version));
      const edges = book.views(controller.published()?.mark, clock.now());
      const items = page.items.map((change) => ({
        ...change,
        edges: edgesOf(change, had.get(change.version) ?? {}, edges),
      }));
      return { ...page, items };
    },
  );
  api.get<{ Querystring: Static<typeof AuditQuery> }>(
    '/api/v1/audit',
    {
      config: { needs: 'viewer', whole: true },
      schema: {
        summary: 'Writes, refused ones too, the newest first',
        querystring: AuditQuery,
        response: AUDIT_ANSWERS,
      },
    },
    async ({ query }) =>
      readItems(
        (asked) => history.words(asked),
        { ...query, isFiltered: (query.actor ?? query.refused) !== undefined },
        (line) => {
          const word = viewWord(line);
          const isOther = query.actor !== undefined && word.actor !== query.actor;
          const isRefused = word.refused !== undefined;
          return isOther || (query.refused ?? isRefused) !== isRefused ? undefined : word;
        },
      ),
  );
}

function isAskedFor(change: ChangeView, { cluster, cause, actor: who }: HistoryAsked): boolean {
  if (who !== undefined && change.actor !== who) return false;
  if (cause !== undefined && !change.causes.some(({ kind }) => kind === cause)) return false;
  return cluster === undefined || concernsCluster(change, cluster);
}

/** Each edge that is known, and those that are not any more but had it. */
function edgesOf(
  change: ChangeView,
  had: Readonly<Record<string, number>>,
  views: ReturnType<EdgeBook['views']>,
): object[] {
  const states = new Map(views.map(({ name: edge, state }) => [edge, state]));
  const names = new Set([...Object.keys(had), ...states.keys()]);
  return [...names].toSorted().map((edge) => {
    const ms = had[edge];
    return {
      name: edge,
      acknowledged: ms !== undefined || isAt(states.get(edge), change),
      ...(ms !== undefined && { afterMs: ms }),
    };
  });
}

/** By its mark alone: it may have had the change under another leader, who wrote nothing of it. */
function isAt(state: EdgeState | undefined, change: ChangeView): boolean {
  if (!state?.mark || compareStamps(state.mark, change) < 0) return false;
  return !state.refused.some(
    ({ app, stamp }) => app === change.app && compareStamps(stamp, change) === 0,
  );
}

interface WordView {
  readonly actor: string;
  readonly text: string;
  readonly refused?: { readonly code: string; readonly detail: string };
}

function viewWord({ id, at, term, version, text }: KeptLine): WordView {
  const word = JSON.parse(text) as WordView;
  return { id, at: timeText(at), ...(term > 0 && { term, version }), ...word } as WordView;
}
