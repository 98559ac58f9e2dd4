// A deadline that may move on while it is waited for.

import type { Clock } from '../clock.ts';

/** Aborts `late` once `deadline()` has passed, unless `over` comes first. */
export async function abortAt(
  deadline: () => number,
  late: AbortController,
  over: AbortSignal,
  clock: Clock,
): Promise<void> {
  while (!over.aborted) {
    const left = deadline() - clock.now();
    if (left <= 0) return late.abort();
    await clock.sleep(left, over);
  }
}
