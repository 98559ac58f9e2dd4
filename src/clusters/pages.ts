// A list, page by page: each whole, checked, parsed, handed over and dropped, with a deadline of its
// own. A web page or a Status with code 200 is a failure, not an empty list.

import type { Clock } from '../clock.ts';
import { CallFailure, failureOfStatus } from './call-failure.ts';
import { abortAt } from './deadline.ts';
import type { Answer, Link } from './link.ts';
import type { Pace } from './pace.ts';
import type { Raw } from './records.ts';
import type { Turns } from './turns.ts';

export interface PageLimits {
  /** Objects, at most. */
  readonly pageSize: number;
  readonly pageMs: number;
}

export interface Pages {
  path(query: Readonly<Record<string, string>>): string;
  /** The list's version. Throws a CallFailure, or what undici throws. */
  readAll(
    signal: AbortSignal,
    heard: () => void,
    take: (items: readonly Raw[]) => void,
  ): Promise<string>;
}

interface Parts {
  readonly link: Link;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly limits: PageLimits;
  readonly turns: Turns;
}

/**
 * Parsing a page is one stall, and what of it is alive when memory is collected makes a longer one: objects
 * are of very different sizes, so pages are cut by bytes.
 */
const PAGE_BYTES = 1 << 19;
/** Nothing is known of their size yet. */
const FIRST_SIZE = 25;

export function createPages(
  place: {
    readonly path: string;
    readonly labelSelector?: string;
    readonly fieldSelector?: string;
  },
  { link, pace, clock, limits, turns }: Parts,
): Pages {
  const { path: base, labelSelector, fieldSelector } = place;
  const selected = {
    ...(labelSelector && { labelSelector }),
    ...(fieldSelector && { fieldSelector }),
  };
  const path: Pages['path'] = (query) =>
    `${base}?${new URLSearchParams({ ...query, ...selected })}`;

  /** How many objects fill a page, as far as the last one told. */
  let size = Math.min(FIRST_SIZE, limits.pageSize);

  const learn = ({ items, bytes }: Page): void => {
    if (items.length === 0) return;
    const fitting = Math.floor((PAGE_BYTES * items.length) / bytes);
    size = Math.max(1, Math.min(limits.pageSize, fitting));
  };

  async function readOne(next: string | undefined, signal: AbortSignal, heard: () => void) {
    // Without resourceVersion: with 0 the limit is ignored, and the answer may be old.
    const query = { limit: String(size), ...(next && { continue: next }) };
    const answer = await link.get(path(query), signal);
    // With status 200 the body has to prove that the cluster is well.
    if (answer.status !== 200 && isAlive(answer.status)) pace.answered();
    const page = await readPage(answer, heard);
    learn(page);
    pace.answered();
    return page;
  }

  async function readInTime(next: string | undefined, signal: AbortSignal, heard: () => void) {
    const done = new AbortController();
    const late = new AbortController();
    const started = clock.now();
    const deadline = started + limits.pageMs;
    void abortAt(() => deadline, late, AbortSignal.any([signal, done.signal]), clock);
    try {
      return await readOne(next, AbortSignal.any([signal, late.signal]), heard);
    } catch (cause) {
      if (!late.signal.aborted || signal.aborted) throw cause;
      link.doubt(started);
      throw new CallFailure({ text: 'no whole list in time', scope: 'cluster' }, { cause });
    } finally {
      done.abort();
    }
  }

  return {
    path,
    async readAll(signal, heard, take) {
      let next: string | undefined;
      for (;;) {
        const giveBack = await turns.take(signal);
        try {
          const page: Page = await readInTime(next, signal, heard);
          take(page.items);
          if (page.next === undefined) return page.version;
          next = page.next;
        } finally {
          giveBack();
        }
      }
    },
  };
}

/** Whether the cluster as such answers. */
export function isAlive(status: number): boolean {
  return status < 500 && status !== 429 && status !== 401;
}

/** Proxies and login pages answer with status 200, too. */
export function checkKind(answer: Answer): void {
  if (answer.isJson) return;
  answer.discard();
  throw new CallFailure({ text: 'an answer that is no JSON', scope: 'cluster' });
}

interface Page {
  readonly items: readonly Raw[];
  readonly bytes: number;
  readonly version: string;
  /** Absent: the last page. */
  readonly next?: string;
}

async function readPage(answer: Answer, heard: () => void): Promise<Page> {
  if (answer.status !== 200) {
    answer.discard();
    throw new CallFailure(failureOfStatus(answer.status, answer.retryAfter));
  }
  checkKind(answer);
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) {
    heard();
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  return { ...checkPage(parseJson(bytes.toString())), bytes: bytes.length };
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

function checkPage(value: unknown): Omit<Page, 'bytes'> {
  const { kind, items, metadata } = (value ?? {}) as RawList;
  const version = metadata?.resourceVersion;
  if (!kind?.endsWith('List') || !Array.isArray(items) || !version) {
    const text = `an answer of kind ${kind ?? 'none'} that is no list`;
    throw new CallFailure({ text, scope: 'cluster' });
  }
  return { items, version, ...(metadata?.continue && { next: metadata.continue }) };
}
