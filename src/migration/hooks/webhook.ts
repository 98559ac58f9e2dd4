// One question to a hook, over HTTP.
//
// Comes in: where the hook is, an id and a body. Goes out: the text of a 200. On failure: why there is none,
// without secret or URL parts that a person has not written, and whether asking again may help. Bounds: the
// hook's time-out for the whole of it, 64 KiB for an answer; redirects are not followed.

import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { lineOf } from './question.ts';
import type { HookSettings } from './settings.ts';
import { HEADERS, sign } from './signature.ts';

export interface HookCall {
  readonly id: string;
  readonly body: string;
}

export type Posted =
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'none'; readonly why: string; readonly again: boolean };

export type PostHook = (hook: HookSettings, call: HookCall) => Promise<Posted>;

const ANSWER_BYTES = 64 * 1024;
const LEAST_SECRET = 16;
/** It was too much for it, or it was not there for a moment. */
const AGAIN = new Set([408, 425, 429]);

export interface WebhookParts {
  readonly wall: () => Date;
  /** Whoever asks ends. */
  readonly signal: AbortSignal;
}

export function webhook({ wall, signal }: WebhookParts): PostHook {
  return async (hook, { id, body }) => {
    const secret = await secretOf(hook);
    if (typeof secret !== 'string') return secret;
    const timestamp = String(Math.floor(wall().getTime() / 1000));
    const headers = {
      'content-type': 'application/json',
      [HEADERS.timestamp]: timestamp,
      [HEADERS.id]: id,
      [HEADERS.signature]: sign(secret, timestamp, body),
    };
    return await send(hook, { headers, body }, signal);
  };
}

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

async function send(hook: HookSettings, sent: Sent, over: AbortSignal): Promise<Posted> {
  const { url, timeoutSeconds = 10 } = hook;
  const ms = timeoutSeconds * 1000;
  const late = AbortSignal.timeout(ms);
  let agent: Agent | undefined;
  try {
    const connect = { timeout: ms, ...(await authoritiesOf(hook)) };
    // A question is rare, and its connection may be stale by the next: none is kept.
    agent = new Agent({
      connect,
      headersTimeout: ms,
      bodyTimeout: ms,
      maxResponseSize: ANSWER_BYTES,
    });
    const signal = AbortSignal.any([late, over]);
    const reply = await request(url, { method: 'POST', dispatcher: agent, signal, ...sent });
    const text = await reply.body.text();
    if (reply.statusCode === 200) return { kind: 'answer', text };
    const again = reply.statusCode >= 500 || AGAIN.has(reply.statusCode);
    return none(`answers ${reply.statusCode} ${lineOf(text)}`.trim(), again);
  } catch (error) {
    return none(late.aborted ? `gives no answer in ${timeoutSeconds} s` : wordsOf(error), true);
  } finally {
    // Nobody waits for what is left of an answer that came too late.
    void agent?.destroy();
  }
}

function none(why: string, again: boolean): Posted {
  return { kind: 'none', why, again };
}

async function secretOf({ secret: { file } }: HookSettings): Promise<string | Posted> {
  try {
    const text = (await readFile(file, 'utf8')).trim();
    if (text.length >= LEAST_SECRET) return text;
    return none(`its secret in ${file} has fewer than ${LEAST_SECRET} characters`, false);
  } catch (error) {
    return none(`its secret in ${file} cannot be read: ${wordsOf(error)}`, false);
  }
}

async function authoritiesOf({ ca }: HookSettings): Promise<{ readonly ca?: string }> {
  return ca === undefined ? {} : { ca: await readFile(ca, 'utf8') };
}

function wordsOf(error: unknown): string {
  const { message, code } = error as Error & { readonly code?: string };
  return lineOf(code === undefined || message.includes(code) ? message : `${code} ${message}`);
}
