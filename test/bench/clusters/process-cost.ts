// What a process has cost so far, and holds, by its own files under /proc: all its threads.
import { readFileSync } from 'node:fs';

/** USER_HZ, which Linux shows to programs, is 100 on every machine that Node runs on. */
const TICK_MS = 10;

/** Milliseconds of CPU. */
export function cpuOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name before may hold anything; utime and stime are fields 14 and 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Megabytes that are resident, now and at most. */
export function memoryOf(pid: number): { readonly now: number; readonly most: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number =>
    (Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1]) * 1024) / 1e6;
  return { now: field('VmRSS'), most: field('VmHWM') };
}
