// One call of a cluster's API, read whole. Comes in: a path, for a POST also a body. Goes out: status,
// JSON where there is some, the `Date`. On failure: `failed` in words; nothing is thrown.

import { failureOf } from '../../clusters/call-failure.ts';
import type { OpenCluster } from '../../clusters/kubernetes.ts';
import type { Asked } from './clock.ts';

export interface Reply extends Asked {
  readonly status?: number;
  readonly json?: unknown;
  readonly failed?: string;
}

const ANSWER_MS = 10_000;

export async function ask(
  cluster: Pick<OpenCluster, 'send'>,
  message: { readonly path: string; readonly body?: object },
): Promise<Reply> {
  const before = Date.now();
  try {
    const { status, date, body } = await cluster.send(message, AbortSignal.timeout(ANSWER_MS));
    const after = Date.now();
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return { status, date, before, after, json: parse(Buffer.concat(chunks).toString()) };
  } catch (error) {
    return { date: undefined, before, after: Date.now(), failed: failureOf(error).text };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
