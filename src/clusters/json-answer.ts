// A call to a cluster whose answer is JSON.
//
// Comes in: a link and a message. Goes out: status and what was answered. On failure: a CallFailure, also
// where the cluster itself failed (401, 429, 5xx): such an answer says nothing of any object.

import { CallFailure, failureOf, failureOfStatus } from './call-failure.ts';
import type { Link, Message } from './link.ts';

export interface JsonAnswer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

export async function askJson(
  link: Pick<Link, 'send'>,
  message: Message,
  signal: AbortSignal,
): Promise<JsonAnswer> {
  const { status, text, retryAfter } = await exchange(link, message, signal);
  const failure = failureOfStatus(status, retryAfter);
  const json = parsed(text);
  if (status >= 400 && failure.scope !== 'kind' && !isRefusal(status, json)) {
    throw new CallFailure(failure);
  }
  if (json === undefined && status < 300) {
    throw new CallFailure({ text: 'an answer that is no JSON', scope: 'cluster' });
  }
  return { status, json: json ?? {} };
}

/** By GET; undefined: 404. Throws a CallFailure for all else that is not 200. */
export type Ask = (path: string) => Promise<Readonly<Record<string, unknown>> | undefined>;

export function asker(link: Pick<Link, 'send'>, signal: () => AbortSignal): Ask {
  return async (path) => {
    const { status, json } = await askJson(link, { path }, signal());
    if (status === 404) return undefined;
    if (status === 200) return json;
    const failure = failureOfStatus(status);
    throw new CallFailure({ ...failure, text: `${failure.text} at ${path}` });
  };
}

const PAGE = 250;

interface Page<T> {
  readonly items?: readonly T[];
  readonly metadata?: { readonly continue?: string };
}

/** All pages of a list; or at once what `ask` says in a page's place: there is none, or it may not be read. */
export async function pagesOf<T, Instead>(
  ask: (path: string) => Promise<Page<T> | Instead>,
  path: string,
  labelSelector = '',
): Promise<T[] | Instead> {
  const items: T[] = [];
  let next = '';
  do {
    const query = new URLSearchParams({ limit: `${PAGE}` });
    if (labelSelector !== '') query.set('labelSelector', labelSelector);
    if (next !== '') query.set('continue', next);
    const page = await ask(`${path}?${query}`);
    if (!isPage<T>(page)) return page;
    items.push(...(page.items ?? []));
    next = page.metadata?.continue ?? '';
  } while (next !== '');
  return items;
}

const isPage = <T>(answer: unknown): answer is Page<T> =>
  typeof answer === 'object' && answer !== null;

/** None where there is no such list. */
export async function listWhole(ask: Ask, path: string, labelSelector = ''): Promise<object[]> {
  return (await pagesOf<object, undefined>(ask, path, labelSelector)) ?? [];
}

async function exchange(link: Pick<Link, 'send'>, message: Message, signal: AbortSignal) {
  try {
    const { status, body, retryAfter } = await link.send(message, signal);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return { status, text: Buffer.concat(chunks).toString(), retryAfter };
  } catch (error) {
    if (error instanceof CallFailure) throw error;
    throw new CallFailure(failureOf(error), { cause: error });
  }
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    const isMap = typeof json === 'object' && json !== null && !Array.isArray(json);
    return isMap ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A field that the kind does not have is answered by 500: it is the object's fault, not the cluster's. */
function isRefusal(status: number, json: Record<string, unknown> | undefined): boolean {
  const message = json?.['message'];
  return status === 500 && typeof message === 'string' && /typed patch object/.test(message);
}
