// Calls of the API.
//
// Comes in: a path below /api/v1. Goes out: its answer. On failure: a Problem: what the API says is wrong and
// what to do, or that nothing answers. A token that is not good any more is asked for anew.

import type { ProblemAnswer } from '../api/shapes.ts';
import { readToken, tokenRefused } from './live/token.ts';
import { Problem, silent } from './problem.ts';

export interface Called {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: object;
  /** Of the call: made once, however often it is sent. */
  readonly key?: string;
  readonly signal?: AbortSignal;
}

export async function call<Answer>(path: string, called: Called = {}): Promise<Answer> {
  const response = await open(path, called);
  return (await response.json()) as Answer;
}

/** The answer as it comes in. */
export async function open(path: string, called: Called & { readonly last?: string } = {}) {
  const { method = 'GET', body, signal } = called;
  const response = await fetch(`api/v1/${path}`, {
    method,
    headers: headersOf(called),
    cache: 'no-store',
    ...(body && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  }).catch((cause: Error) => {
    if (signal?.aborted) throw cause;
    throw silent(cause.message);
  });
  if (response.ok) return response;
  throw await problemOf(response);
}

function headersOf({ body, key, last }: Called & { readonly last?: string }) {
  const token = readToken();
  return {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body && { 'content-type': 'application/json' }),
    ...(key !== undefined && { 'idempotency-key': key }),
    ...(last !== undefined && { 'last-event-id': last }),
  };
}

async function problemOf(response: Response): Promise<Problem> {
  const isProblem = response.headers.get('content-type')?.includes('problem+json');
  if (!isProblem) return silent(`HTTP ${response.status}`);
  const problem = new Problem((await response.json()) as ProblemAnswer);
  if (problem.status === 401) tokenRefused(problem);
  return problem;
}

/** Not crypto.randomUUID: that is not there on a page by plain HTTP. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join('-');
}
