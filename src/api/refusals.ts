// Writes that were refused, in the audit: who tried what, and why it was not done.
//
// Comes in: errors of routes. Goes out: a line of the audit for each write of a known caller that was not
// taken, whether it was denied, stood against what there is, named what is not there, or was no valid call;
// not for a dry run, nor for what failed by no fault of the caller's. Of strangers only what a browser's page
// tried. On failure: none here; a line that cannot be written is lost. Bounded, for each caller and for all:
// of a flood the rest is only counted, so that it pushes no other word out of what is kept.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import type { HistoryStore } from '../edges/history-store.ts';
import { ERRORS, type ErrorCode } from '../errors.ts';
import { openAllowance } from './access/allowance.ts';
import type { Caller } from './access/caller.ts';
import { placeOf } from './problem.ts';
import { faultOf } from './requests.ts';

const TEXT_LENGTH = 500;
const MINUTE_MS = 60_000;
const OF_ONE = { atOnce: 20, everyMs: MINUTE_MS, mostNames: 1000 };
const OF_ALL = { atOnce: 60, everyMs: MINUTE_MS, mostNames: 1 };

export interface RefusalParts {
  readonly history: Pick<HistoryStore, 'note'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Call it before the routes are added. */
export function noteRefusals(api: FastifyInstance, { history, clock }: RefusalParts): void {
  const ofOne = openAllowance(clock, OF_ONE);
  const ofAll = openAllowance(clock, OF_ALL);
  let uncounted = 0;

  const hasRoom = (actor: string): boolean => {
    if (ofOne.waitMs(actor) > 0 || ofAll.waitMs('') > 0) return false;
    ofOne.took(actor);
    ofAll.took('');
    return true;
  };

  api.addHook('onError', async (request, _reply, error) => {
    const { code, detail } = faultOf(error, request);
    if (!isNoted(request, code)) return;
    const actor = nameOf(request);
    if (!hasRoom(actor)) {
      uncounted += 1;
      return;
    }
    const line = {
      actor,
      text: clip(placeOf(request)),
      refused: { code, detail: clip(detail) },
      requestId: request.id,
      ...(uncounted > 0 && { uncounted }),
    };
    uncounted = 0;
    // Nobody's answer waits for it.
    void history.note(JSON.stringify(line)).catch(() => undefined);
  });
}

function isNoted(request: FastifyRequest, code: ErrorCode): boolean {
  const { method } = request;
  if (method === 'GET' || method === 'HEAD' || isDry(request)) return false;
  const { status } = ERRORS[code];
  if (status === 403) return true;
  // Of an edge's heartbeats those that are taken leave no line either.
  const isPerson = request.caller !== undefined && request.routeOptions.config.needs !== 'edge';
  return isPerson && status < 500;
}

/** Where the body is wrong already, the query is read as text yet. */
function isDry({ query }: FastifyRequest): boolean {
  const { dryRun } = (query ?? {}) as { readonly dryRun?: unknown };
  return dryRun === true || dryRun === 'true';
}

/** Of one that nobody knows: where the call came from. */
function nameOf(request: FastifyRequest): string {
  const caller = request.caller as Caller | undefined;
  return caller?.name ?? request.ip;
}

function clip(text: string): string {
  return text.length <= TEXT_LENGTH ? text : `${text.slice(0, TEXT_LENGTH - 1)}…`;
}
