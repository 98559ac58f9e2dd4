// Ends what a test leaves behind. A process of its own, which reads `+PID` and `-PID` from a pipe; the
// pipe ends when the test process ends, in whatever way: return, throw, Ctrl-C, SIGKILL, a worker that
// its runner terminates. Then everything still listed is killed and the cluster's folder removed.
// Handlers for signals and exit inside the test process could not promise that.
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';

export interface Keeper {
  add(pid: number): void;
  drop(pid: number): void;
  /** After the caller has ended its processes itself. */
  close(): void;
}

export function startKeeper(folder: string): Keeper {
  const child = spawn(process.execPath, [import.meta.filename, folder], {
    // Its own session: Ctrl-C in the terminal reaches the whole foreground group, and must not end it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  // A keeper that died is met as EPIPE; the test's own close() still ends everything.
  child.stdin.on('error', () => {});
  return {
    add: (pid) => child.stdin.write(`+${pid}\n`),
    drop: (pid) => child.stdin.write(`-${pid}\n`),
    close: () => child.stdin.end(),
  };
}

async function keep(folder: string): Promise<void> {
  const alive = new Set<number>();
  for await (const line of createInterface({ input: process.stdin })) {
    const pid = Number(line.slice(1));
    if (line.startsWith('+')) alive.add(pid);
    else alive.delete(pid);
  }
  for (const pid of alive) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Already gone.
    }
  }
  // Retries: a killed process may still be writing its last page.
  if (folder !== '')
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

if (import.meta.main) await keep(process.argv[2] ?? '');
