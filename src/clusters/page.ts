// One page of a list: whole, checked, parsed. A web page or a Status with code 200 is no empty list.

import { CallFailure, failureOfStatus } from './call-failure.ts';
import type { Answer } from './link.ts';
import type { Raw } from './records.ts';

export interface Page {
  readonly items: readonly Raw[];
  readonly version: string;
  /** Absent: the last page. */
  readonly next?: string;
}

export async function readPage(answer: Answer, heard: () => void): Promise<Page> {
  if (answer.status !== 200) {
    answer.discard();
    throw new CallFailure(failureOfStatus(answer.status, answer.retryAfter));
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) {
    heard();
    chunks.push(chunk);
  }
  return checkPage(parseJson(Buffer.concat(chunks).toString()));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CallFailure({ text: 'a list that is no JSON', scope: 'cluster' }, { cause });
  }
}

interface RawList {
  readonly kind?: string;
  readonly items?: readonly Raw[];
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

function checkPage(value: unknown): Page {
  const { kind, items, metadata } = (value ?? {}) as RawList;
  const version = metadata?.resourceVersion;
  if (!kind?.endsWith('List') || !Array.isArray(items) || !version) {
    const text = `an answer of kind ${kind ?? 'none'} that is no list`;
    throw new CallFailure({ text, scope: 'cluster' });
  }
  return { items, version, ...(metadata?.continue && { next: metadata.continue }) };
}
