// Writes that were refused, in the audit: who tried what, and why it was not done.
//
// Comes in: errors of routes. Goes out: a line of the audit for a write that was denied or that what
// stands refused; not for one that was no valid call, nor for a dry run. On failure: none here; a line
// that cannot be written is lost. Bounded: of many in a minute the rest is only counted.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Clock } from '../clock.ts';
import type { HistoryStore } from '../edges/history-store.ts';
import { BallastError, ERRORS } from '../errors.ts';
import type { Caller } from './access/caller.ts';

const MOST_A_MINUTE = 60;
const TEXT_LENGTH = 500;

export interface RefusalParts {
  readonly history: Pick<HistoryStore, 'note'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Call it before the routes are added. */
export function noteRefusals(api: FastifyInstance, parts: RefusalParts): void {
  const { history, clock } = parts;
  let began = Number.NEGATIVE_INFINITY;
  let noted = 0;
  let uncounted = 0;

  const hasRoom = (): boolean => {
    if (clock.now() - began >= 60_000) [began, noted] = [clock.now(), 0];
    noted += 1;
    return noted <= MOST_A_MINUTE;
  };

  api.addHook('onError', async (request, _reply, error) => {
    if (!isNoted(request, error)) return;
    if (!hasRoom()) {
      uncounted += 1;
      return;
    }
    const { code, message } = error as BallastError;
    const line = {
      actor: nameOf(request),
      text: clip(`${request.method} ${request.url}`),
      refused: { code, detail: clip(message) },
      ...(uncounted > 0 && { uncounted }),
    };
    uncounted = 0;
    // Nobody's answer waits for it.
    void history.note(JSON.stringify(line)).catch(() => undefined);
  });
}

function isNoted({ method, query }: FastifyRequest, error: Error): boolean {
  if (method === 'GET' || method === 'HEAD' || !(error instanceof BallastError)) return false;
  if ((query as { dryRun?: boolean }).dryRun === true) return false;
  const { status } = ERRORS[error.code];
  return status === 403 || status === 409;
}

/** Of one that nobody knows: where the call came from. */
function nameOf(request: FastifyRequest): string {
  const caller = request.caller as Caller | undefined;
  return caller?.name ?? request.ip;
}

function clip(text: string): string {
  return text.length <= TEXT_LENGTH ? text : `${text.slice(0, TEXT_LENGTH - 1)}…`;
}
