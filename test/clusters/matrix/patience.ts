// Waits for a state for as long as this process was given to get there. All that moves towards it, servers,
// readers and controller, moves in this process: its looks, not the clock of the day, measure how long that was.

import { setTimeout as wait } from 'node:timers/promises';

const PAUSE_MS = 10;
/** A minute where nothing else runs. */
const LOOKS = 6000;

/** Throws what the last look threw. */
export async function inItsTime(check: () => void): Promise<void> {
  for (let left = LOOKS; left > 0; left--) {
    if (holds(check)) return;
    await wait(PAUSE_MS);
  }
  check();
}

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
