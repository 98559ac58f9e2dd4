// The longest time in which this process's event loop took no turn.
//
// By the wall clock, which also counts what other processes took from the core, and by the CPU time of
// the main thread, which does not: on a busy machine the second is what the first would be on a calm one, but
// for what the collector's other threads did meanwhile. The kernel counts it by its tick: 4 ms more or less.

export interface Stall {
  readonly wall: number;
  readonly cpu: number;
}

const EVERY_MS = 1;

/** Milliseconds; answers the way to stop and to hear it. */
export function watchStalls(): () => Stall {
  let longest: Stall = { wall: 0, cpu: 0 };
  let before: Stall = { wall: performance.now(), cpu: threadTime() };
  const look = (): void => {
    const now: Stall = { wall: performance.now(), cpu: threadTime() };
    const wall = now.wall - before.wall - EVERY_MS;
    longest = {
      wall: Math.max(longest.wall, wall),
      cpu: Math.max(longest.cpu, now.cpu - before.cpu),
    };
    before = now;
  };
  const timer = setInterval(look, EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
    return longest;
  };
}

function threadTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
