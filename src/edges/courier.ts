// Carries pushes to one edge: one at a time, in calls of bounded size, the latest wins, a breaker behind failures.
//
// Comes in: pushes, as fast as commits are made. Goes out: what the edge last said. On failure: the
// waiting documents are dropped, for the edge polls; the next push comes after a growing pause, and
// the edge keeps its mark until it has polled (a push names the mark it builds on).

import type { Clock } from '../clock.ts';
import type { AppName, Stamp } from '../model.ts';
import { compareStamps, type Document } from './document.ts';
import {
  isNoAnswer,
  isTermOver,
  type Delivered,
  type EdgeLink,
  type NoAnswer,
  type Push,
  type TermOver,
  type Verdict,
} from './edge-link.ts';
import type { EdgeState } from './edge-state.ts';

const PAUSE_FIRST_MS = 250;
const PAUSE_LONGEST_MS = 5000;
/** An nginx worker reads a call in one piece: more documents would stall its traffic. */
const DOCUMENTS_A_CALL = 500;
const CALLS_AT_ONCE = 2;

export interface Pushed {
  readonly edge: string;
  readonly mark: Stamp;
  readonly seconds: number;
  /** Why there was no answer. */
  readonly failed?: string;
}

export interface CourierEvents {
  /** The edge has seen a higher term: the leader's is over (R2). */
  onTermOver(highest: number): void;
  onState(state: EdgeState): void;
  /** Verdicts other than `applied` and `same`. */
  onRefused(edge: string, verdicts: readonly Verdict[]): void;
  /** Once for each change between answering and not. */
  onReach(edge: string, reachable: boolean, reason: string): void;
  /** What came of each push. */
  onPushed(pushed: Pushed): void;
}

export interface Courier {
  readonly edge: string;
  send(push: Push): void;
  /** Why the last push failed; absent while the edge answers. */
  trouble(): string | undefined;
}

export function startCourier(
  link: EdgeLink,
  clock: Clock,
  events: CourierEvents,
  signal: AbortSignal,
): Courier {
  let waiting: Push | undefined;
  let underWay = false;
  let failures = 0;
  let trouble: string | undefined;

  const carry = async (): Promise<void> => {
    while (waiting && !signal.aborted) {
      const push = waiting;
      waiting = undefined;
      const began = clock.now();
      const answer = await deliver(link, push);
      if (signal.aborted) return;
      const pushed = { edge: link.name, mark: push.mark, seconds: (clock.now() - began) / 1000 };
      if (isTermOver(answer)) {
        events.onTermOver(answer.highest);
      } else if (isNoAnswer(answer)) {
        failures += 1;
        events.onPushed({ ...pushed, failed: answer.failed });
        if (trouble === undefined) events.onReach(link.name, false, answer.failed);
        trouble = answer.failed;
        waiting = undefined;
        await clock.sleep(Math.min(PAUSE_FIRST_MS * 2 ** (failures - 1), PAUSE_LONGEST_MS), signal);
        waiting = undefined;
      } else {
        if (trouble !== undefined) events.onReach(link.name, true, '');
        trouble = undefined;
        failures = 0;
        events.onPushed(pushed);
        const refused = answer.verdicts.filter(({ code }) => code !== 'applied' && code !== 'same');
        if (refused.length > 0) events.onRefused(link.name, refused);
        events.onState(answer.state);
      }
    }
  };

  return {
    edge: link.name,
    send(push) {
      if (signal.aborted) return;
      waiting = waiting && waiting.term === push.term ? merge(waiting, push) : push;
      if (underWay) return;
      underWay = true;
      void carry().finally(() => {
        underWay = false;
      });
    },
    trouble: () => trouble,
  };
}

/** In calls of bounded size. The last one waits for all others: it carries the base, and so may move the mark. */
async function deliver(link: EdgeLink, push: Push): ReturnType<EdgeLink['push']> {
  const { documents } = push;
  const parts: (readonly Document[])[] = [];
  let from = 0;
  for (; documents.length - from > DOCUMENTS_A_CALL; from += DOCUMENTS_A_CALL)
    parts.push(documents.slice(from, from + DOCUMENTS_A_CALL));
  const ahead = parts.length > 0 ? await deliverAhead(link, push, parts) : { verdicts: [] };
  if (!('verdicts' in ahead)) return ahead;
  const answer = await link.push({ ...push, documents: documents.slice(from) });
  if (isTermOver(answer) || isNoAnswer(answer)) return answer;
  return { ...answer, verdicts: [...ahead.verdicts, ...answer.verdicts] };
}

/** Two at once: an edge takes the next call in while it works at the one before. */
async function deliverAhead(
  link: EdgeLink,
  push: Push,
  parts: readonly (readonly Document[])[],
): Promise<Pick<Delivered, 'verdicts'> | TermOver | NoAnswer> {
  const verdicts: Verdict[] = [];
  const left = [...parts];
  let fault: TermOver | NoAnswer | undefined;
  const carry = async (): Promise<void> => {
    for (let part = left.shift(); part && !fault; part = left.shift()) {
      const answer = await link.push({ ...push, base: null, documents: part });
      if (isTermOver(answer)) fault = answer;
      else if (isNoAnswer(answer)) fault ??= answer;
      else verdicts.push(...answer.verdicts);
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, carry));
  return fault ?? { verdicts };
}

/** Both pushes in one: from the first one's base to the second one's mark. Where a commit of somebody else lies
 *  between them (a PUT at an edge), from the second one's: an edge that has not polled that commit keeps its mark. */
function merge(first: Push, second: Push): Push {
  const documents = new Map<AppName, Document>();
  for (const document of [...first.documents, ...second.documents]) {
    documents.set(document.app, document);
  }
  const isNext = second.base !== null && compareStamps(second.base, first.mark) <= 0;
  const base = isNext ? first.base : second.base;
  return { ...second, base, documents: [...documents.values()] };
}
