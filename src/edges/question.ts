// Asks every edge by its endpoint, again and again: what it counted, and how it is.
//
// Comes in: links to the edges. Goes out: statistics, and states into the book. On failure: an edge
// that does not answer is noted with the reason, and asked again; it delays no other. So what is
// known of an edge does not hang on Redis, through which its heartbeats come.

import type { Clock } from '../clock.ts';
import type { EdgeBook } from './edge-book.ts';
import { isNoAnswer, type EdgeLink } from './edge-link.ts';
import type { Statistics } from './statistics.ts';

const PAUSE_MS = 2000;
/** Counts of 100,000 servers take an edge a second: it rests for so many times as long. */
const REST = 10;

export interface QuestionParts {
  readonly statistics: Statistics;
  readonly book: EdgeBook;
  readonly clock: Clock;
}

export async function questionEdges(
  links: readonly EdgeLink[],
  parts: QuestionParts,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(links.map((link) => question(link, parts, signal)));
}

async function question(link: EdgeLink, parts: QuestionParts, signal: AbortSignal): Promise<void> {
  await Promise.all([askState(link, parts, signal), askCounts(link, parts, signal)]);
}

async function askState(link: EdgeLink, parts: QuestionParts, signal: AbortSignal): Promise<void> {
  const { book, clock } = parts;
  while (!signal.aborted) {
    const state = await link.state();
    if (signal.aborted) return;
    if (isNoAnswer(state)) book.setTrouble(link.name, state.failed);
    else if (state.name === link.name) book.answered(state, clock.now());
    else book.setTrouble(link.name, `its address leads to ${state.name}`);
    await clock.sleep(PAUSE_MS, signal);
  }
}

async function askCounts(link: EdgeLink, parts: QuestionParts, signal: AbortSignal): Promise<void> {
  const { statistics, clock } = parts;
  while (!signal.aborted) {
    const began = clock.now();
    const counts = await link.counts();
    if (signal.aborted) return;
    const now = clock.now();
    if (!isNoAnswer(counts)) statistics.add(link.name, now, counts);
    await clock.sleep(Math.max(PAUSE_MS, REST * (now - began)), signal);
  }
}
