// What came of one list or watch, which decides what follows. Pure.

import { type Failure, failureOfStatus } from './call-failure.ts';
import type { BrokenLine, RawStatus } from './watch-events.ts';

export type Outcome =
  | { readonly kind: 'listed' | 'ended' | 'broken' | 'relist' }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** How a watch came to its end: with an ERROR event, perhaps. */
export type WatchEnd = 'ended' | 'relist' | RawStatus;

export function outcomeOf(end: WatchEnd): Outcome {
  if (typeof end === 'string') return { kind: end };
  const failure = failureOfStatus(end.code ?? 0, end.details?.retryAfterSeconds);
  return failure.scope === 'cluster' ? { kind: 'failed', failure } : { kind: 'relist' };
}

/** In the middle of a list it is as a page that is none; in a watch an event is lost. */
export function afterBrokenLine({ message: text }: BrokenLine, listing: boolean): Outcome {
  return listing ? { kind: 'failed', failure: { text, scope: 'cluster' } } : { kind: 'relist' };
}
