// Which core does what, and what a process has cost.
//
// One core for what is measured, another for load and servers. On one core alone everything shares
// it: the ratios hold, only noisier.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const ATTEMPTS = 10;

export interface Cores {
  readonly measured: number;
  readonly others: number;
}

export function chooseCores(): Cores {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const allowed = (list?.[1] ?? '0').split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  const [others = 0] = allowed;
  return { measured: allowed.at(-1) ?? others, others };
}

/** All threads of a process; children that it starts later inherit it. */
export function pin(pid: number, core: number): void {
  const args = ['-a', '-p', '-c', `${core}`, `${pid}`];
  // A thread that ends while taskset goes through them makes it fail.
  for (let attempt = 1; ; attempt++) {
    const { status, stderr } = spawnSync('taskset', args, { encoding: 'utf8' });
    if (status === 0) return;
    if (attempt === ATTEMPTS) throw new Error(`taskset ${args.join(' ')}: ${stderr}`);
  }
}

/** CPU time of a process of one thread, in nanoseconds. */
export function cpuTime(pid: number): number {
  const [time = ''] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
  return Number(time);
}
