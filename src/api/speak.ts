// A word that is said through the API: at the leader, dry or in earnest, and waited for.
//
// Comes in: a request that would write, and how its word is made. Goes out: the stamp of the commit;
// with `wait`, whether every edge has it; with `dryRun`, what would change. On failure: a problem body,
// and nothing is written. A wait that runs out is no failure: the answer says which edges are missing.

import { Type, type Static } from 'typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Controller } from '../controller.ts';
import type { EdgeBook } from '../edges/edge-book.ts';
import type { AppName } from '../model.ts';
import type { Word } from '../words/word.ts';
import { acknowledgedBy, type Acknowledgement } from './acknowledged.ts';
import { sees, type Caller } from './access/caller.ts';
import { forward, type ForwardParts } from './forward.ts';
import { sharesOf } from './hold-shapes.ts';
import { holdsTag, matching, type TagOf } from './match.ts';
import { versionOrLost, type Stands } from './stands.ts';

export interface SpeakParts extends ForwardParts {
  readonly controller: Controller;
  readonly book: EdgeBook;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface Speech {
  readonly word: Word;
  /** Of what If-Match speaks of; absent: of what is held. */
  readonly tag?: TagOf;
  /** Apps of which an edge may refuse nothing, or it has not acknowledged. */
  readonly concerns: (app: AppName) => boolean;
  readonly stands: Stands;
  /** Beside the stamp, in the answer. */
  readonly told?: object;
}

export type Speak = (
  request: FastifyRequest,
  reply: FastifyReply,
  make: (actor: string) => Speech | Promise<Speech>,
) => Promise<unknown>;

const POLL_MS = 100;

export const wait = Type.Optional(Type.String({ pattern: '^([1-9]|[1-5][0-9]|60)s$' }));
export const dryRun = Type.Optional(Type.Boolean());
export const WriteQuery = Type.Object({ wait, dryRun }, { additionalProperties: false });

export function createSpeak(parts: SpeakParts): Speak {
  const { controller } = parts;
  return async (request, reply, make) => {
    const { caller } = request;
    if (await forward(parts, request, reply)) return reply;
    const { word: said, concerns, stands, told, tag = holdsTag } = await make(caller.name);
    const word = matching(request, said, tag);
    const { wait: patience, dryRun: isDry } = request.query as Static<typeof WriteQuery>;
    if (isDry) return { ...preview(controller, word, caller), ...told };
    const commit = await controller.say(word);
    const version = (): number => versionOrLost(controller.published(), commit, stands);
    const wanted = { version, concerns };
    const edges = patience === undefined ? {} : await waitFor(parts, patience, wanted);
    if (request.method === 'POST') void reply.code(201);
    return { ...told, ...commit, ...edges };
  };
}

function preview(controller: Controller, word: Word, caller: Caller): object {
  const { changes, refused } = controller.preview(word);
  const isSeen = ({ app }: { readonly app: AppName }): boolean => sees(caller, app);
  const reasons = new Map(refused.filter(isSeen).map(({ app, reason }) => [app, reason]));
  const items = changes.filter(isSeen).map(({ app, before, after }) => ({
    app,
    before: sharesOf(before?.servers ?? []),
    after: sharesOf(after.servers),
  }));
  return { items, refused: [...reasons].map(([app, reason]) => ({ app, reason })) };
}

export async function waitFor(
  { controller, book, clock, signal }: SpeakParts,
  patience: string,
  { version, concerns }: { readonly version: () => number } & Pick<Speech, 'concerns'>,
): Promise<Acknowledgement> {
  const end = clock.now() + Number.parseInt(patience, 10) * 1000;
  for (;;) {
    const term = controller.published()?.mark.term ?? 0;
    const wanted = { stamp: { term, version: version() }, concerns };
    const answer = acknowledgedBy(book, wanted, clock.now());
    if (answer.acknowledged || clock.now() >= end || signal.aborted) return answer;
    await clock.sleep(POLL_MS, signal);
  }
}
