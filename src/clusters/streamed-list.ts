// A list as the first events of a watch: no answer is ever big, for the server as little as for us.
//
// In: a way to open such a watch. Out: the records, once they are whole; the watch goes on. On failure:
// what the watch throws, or a CallFailure where the list is not whole in time. Who refuses is not asked
// again; nor is who does not know of it, and answers as to any watch, without an end of the list: that
// costs one list's time, once for the cluster.

import type { Clock } from '../clock.ts';
import { CallFailure } from './call-failure.ts';
import { abortAt } from './deadline.ts';
import type { StreamedList } from './intake.ts';
import type { Link } from './link.ts';
import type { PageLimits } from './pages.ts';
import type { Meta } from './records.ts';
import type { Turns } from './turns.ts';

export interface Streaming {
  /** By whichever reflector of the cluster. */
  refused: boolean;
}

/** `began`: when it was asked for. */
export type WholeList<R extends Meta> = (
  records: ReadonlyMap<string, R>,
  version: string,
  began: number,
) => Promise<void>;

export interface StreamedLists<R extends Meta> {
  can(): boolean;
  /** Whether a watch that was answered so is not to be had as a list. */
  isRefused(status: number): boolean;
  read<Result>(
    signal: AbortSignal,
    watch: (signal: AbortSignal, list: StreamedList<R>) => Promise<Result>,
    whole: WholeList<R>,
  ): Promise<Result>;
}

interface Parts {
  readonly link: Link;
  readonly clock: Clock;
  readonly limits: PageLimits;
  readonly turns: Turns;
  readonly streaming: Streaming;
}

export const STREAMED = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };

const ENDLESS_TRIES = 2;
const REFUSALS: ReadonlySet<number> = new Set([400, 422]);

export function createStreamedLists<R extends Meta>(parts: Parts): StreamedLists<R> {
  const { link, clock, limits, turns, streaming } = parts;
  /** In a row, that never were whole. */
  let endless = 0;

  return {
    // Over HTTP/1.1 watches are cut after a short time, which a long list would not survive.
    can: () => link.http2 && !streaming.refused && endless < ENDLESS_TRIES,
    isRefused(status) {
      if (!REFUSALS.has(status)) return false;
      streaming.refused = true;
      return true;
    },
    async read(signal, watch, whole) {
      const giveBack = await turns.take(signal);
      const began = clock.now();
      const records = new Map<string, R>();
      const late = new AbortController();
      const over = new AbortController();
      const takeWhole = async (version: string): Promise<void> => {
        over.abort();
        giveBack();
        endless = 0;
        await whole(records, version, began);
        // The watch goes on, and would keep it.
        records.clear();
      };
      // As much time for each page's number of records as a page would have.
      const deadline = () =>
        began + limits.pageMs * (1 + Math.floor(records.size / limits.pageSize));
      void abortAt(deadline, late, AbortSignal.any([signal, over.signal]), clock);
      try {
        const until = AbortSignal.any([signal, late.signal]);
        return await watch(until, { records, whole: takeWhole });
      } catch (cause) {
        if (!late.signal.aborted || signal.aborted) throw cause;
        // Who does not know lists as watches never ends one.
        streaming.refused = true;
        link.doubt(began);
        throw new CallFailure({ text: 'no whole list in time', scope: 'cluster' }, { cause });
      } finally {
        if (!over.signal.aborted && !signal.aborted) endless++;
        over.abort();
        giveBack();
      }
    },
  };
}
