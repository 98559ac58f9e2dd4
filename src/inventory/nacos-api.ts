// The HTTP API of a Nacos registry: v3, v2 or v1, by asking the server; login where it wants one.
//
// Comes in: where it is, the name of a service. Goes out: what it answers of that service. On failure:
// an Error in one line, without the token; the caller decides when to ask again. A path that is gone
// (404, 410: the server was replaced) makes the call ask for the version anew, a refused token the next
// one log in anew. Bounds: one connection, 5 s for the head, 10 s and 8 MB for an answer.

import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import type { Clock } from '../clock.ts';
import { readAnswer, type Answer, type NacosVersion } from './nacos-answer.ts';

export interface NacosPlace {
  readonly url: string;
  readonly namespace?: string;
  readonly group?: string;
  readonly username?: string;
  /** Read at each login, so that it may change. */
  readonly passwordFile?: string;
}

export interface NacosApi {
  /** `NAME`, or `GROUP@@NAME`. */
  list(service: string, signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

const HEAD_MS = 5000;
const ANSWER_MS = 10_000;
const ANSWER_BYTES = 8 * 1024 * 1024;
/** A token is replaced after this part of its time. */
const TOKEN_PART = 0.8;

const LISTS: readonly (readonly [NacosVersion, string])[] = [
  ['v3', '/v3/client/ns/instance/list'],
  ['v2', '/v2/ns/instance/list'],
  ['v1', '/v1/ns/instance/list'],
];
const LOGINS = ['/v3/auth/user/login', '/v1/auth/login'];
const DEFAULT_GROUP = 'DEFAULT_GROUP';

type Json = Readonly<Record<string, unknown>>;

interface Send {
  readonly query?: URLSearchParams;
  /** A POST. */
  readonly form?: string;
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

export function openNacosApi(place: NacosPlace, clock: Clock): NacosApi {
  const base = baseOf(place.url);
  const agent = new Agent({
    connections: 1,
    pipelining: 1,
    connect: { timeout: HEAD_MS },
    headersTimeout: HEAD_MS,
    bodyTimeout: HEAD_MS,
    maxResponseSize: ANSWER_BYTES,
  });
  let version: NacosVersion | undefined;
  let token: { readonly text: string; readonly until: number } | undefined;

  const call = async (path: string, signal: AbortSignal, send: Send): Promise<Reply> => {
    const { query, form } = send;
    const asked = query ? `?${query}` : '';
    try {
      const reply = await request(`${base}${path}${asked}`, {
        dispatcher: agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
        ...(form !== undefined && {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: form,
        }),
      });
      return { status: reply.statusCode, text: await reply.body.text() };
    } catch (cause) {
      throw new Error(`${base}${path}: ${wordsOf(cause)}`, { cause });
    }
  };

  const logIn = async (signal: AbortSignal): Promise<string | undefined> => {
    const { username, passwordFile } = place;
    if (username === undefined || passwordFile === undefined) return undefined;
    if (token && clock.now() < token.until) return token.text;
    const password = (await readFile(passwordFile, 'utf8')).trim();
    const form = new URLSearchParams({ username, password }).toString();
    for (const path of LOGINS) {
      const reply = await call(path, signal, { form });
      if (isGone(reply)) continue;
      if (reply.status !== 200) throw refusal(`${base}${path}`, reply);
      token = readToken(`${base}${path}`, reply, clock.now());
      return token.text;
    }
    throw new Error(`${base}: no login of Nacos answers there`);
  };

  const queryOf = async (service: string, signal: AbortSignal): Promise<URLSearchParams> => {
    const [group = '', name] = service.includes('@@')
      ? service.split('@@')
      : [place.group, service];
    const query = new URLSearchParams({
      serviceName: name ?? '',
      groupName: group || DEFAULT_GROUP,
    });
    if (place.namespace !== undefined) query.set('namespaceId', place.namespace);
    const text = await logIn(signal);
    if (text !== undefined) query.set('accessToken', text);
    return query;
  };

  const parse = (path: string, reply: Reply, as: NacosVersion): Answer => {
    if (reply.status === 401 || reply.status === 403) token = undefined;
    if (reply.status !== 200) throw refusal(`${base}${path}`, reply);
    try {
      return readAnswer(as, JSON.parse(reply.text));
    } catch (cause) {
      throw new Error(`${base}${path}: ${lineOf((cause as Error).message)}`, { cause });
    }
  };

  return {
    async list(service, signal) {
      const query = await queryOf(service, signal);
      // The one that answered last goes first: a server that was replaced is asked for all of them.
      const order = LISTS.toSorted(([a], [b]) => Number(b === version) - Number(a === version));
      for (const [each, path] of order) {
        const reply = await call(path, signal, { query });
        if (isGone(reply)) continue;
        const answer = parse(path, reply, each);
        version = each;
        return answer;
      }
      version = undefined;
      throw new Error(`${base}: no API of Nacos (v3, v2, v1) answers there`);
    },
    close: () => agent.destroy(),
  };
}

/** The context path is `/nacos` unless the URL has another. */
function baseOf(url: string): string {
  const { origin, pathname } = new URL(url);
  const path = pathname.replace(/\/+$/, '');
  return origin + (path === '' ? '/nacos' : path);
}

/**
 * The path is not there. 401 and 5xx say nothing of that, and a 404 with a code of Nacos is the API's
 * own word on what was asked for.
 */
function isGone({ status, text }: Reply): boolean {
  if (status !== 404 && status !== 405 && status !== 410) return false;
  const { code } = objectOf(text);
  return typeof code !== 'number' || code === status;
}

function readToken(place: string, { text }: Reply, now: number): { text: string; until: number } {
  // Bare, or as `data` of the later APIs.
  const told = objectOf(text);
  const { accessToken, tokenTtl } = (told['data'] ?? told) as Json;
  if (typeof accessToken !== 'string') throw new Error(`${place}: answers without a token`);
  const seconds = typeof tokenTtl === 'number' && tokenTtl > 0 ? tokenTtl : 60;
  return { text: accessToken, until: now + seconds * 1000 * TOKEN_PART };
}

function objectOf(text: string): Json {
  try {
    return (JSON.parse(text) ?? {}) as Json;
  } catch {
    return {};
  }
}

function refusal(place: string, { status, text }: Reply): Error {
  return new Error(`${place}: answers ${status} ${lineOf(text).slice(0, 120)}`.trim());
}

function lineOf(text: string): string {
  return text.split('\n')[0]?.trim() ?? '';
}

function wordsOf(error: unknown): string {
  const { message, code, cause } = error as Error & { readonly code?: string };
  const inner = (cause as Error | undefined)?.message;
  return lineOf([message, inner, code].find((text) => text) ?? 'failed');
}
