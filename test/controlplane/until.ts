// Waiting is always for a state, with a deadline, never for a time.
import { setTimeout as wait } from 'node:timers/promises';

/** Asks `probe` until it answers something truthy, and returns that answer. What it throws counts as
 *  "not yet"; at the deadline the error names what was waited for and what was seen last. */
export async function until<Answer>(
  what: string,
  probe: () => Answer | Promise<Answer>,
  withinMs = 60_000,
): Promise<NonNullable<Answer>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    let cause: unknown;
    try {
      const answer = await probe();
      if (answer) return answer;
      cause = answer;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`not within ${withinMs} ms: ${what} (last seen: ${cause})`, { cause });
    }
    await wait(25);
  }
}
