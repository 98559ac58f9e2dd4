// An nginx that lives by its pid file, as a system's service does: with `daemon on`, so that it can be
// upgraded in place (USR2; a master whose parent still lives ignores that).
//
// Comes in: an edge's folder as edge-files.ts wrote it. Goes out: its signals, its masters, an end.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startKeeper } from '../controlplane/keeper.ts';
import { until } from '../controlplane/until.ts';

const run = promisify(execFile);

export interface Daemon {
  /** The master that the pid file names. */
  master(): number;
  workersOf(master: number): number[];
  /** Starts the program anew beside the old one; returns the new master. */
  upgrade(): Promise<number>;
  /** Asks a master to end once its requests have; `TERM`: at once. */
  end(master: number, signal: 'SIGQUIT' | 'SIGTERM'): Promise<void>;
  close(): void;
}

export async function startDaemon(folder: string): Promise<Daemon> {
  const keeper = startKeeper('');
  const configuration = join(folder, 'nginx.conf');
  const text = await readFile(configuration, 'utf8');
  await writeFile(configuration, text.replace('daemon off;', 'daemon on;'));
  const log = join(folder, 'error.log');
  // By its whole path: nginx runs itself again by the name it was called by.
  const { stdout } = await run('sh', ['-c', 'command -v nginx']);
  await run(stdout.trim(), ['-p', folder, '-c', configuration, '-e', log]);
  const master = (): number => Number(readFileSync(join(folder, 'nginx.pid'), 'utf8'));
  // The first master leads the group of all that come from it.
  const group = -(await until('a pid file', master));
  keeper.add(group);
  return {
    master,
    workersOf: childrenOf,
    async upgrade() {
      const before = master();
      process.kill(before, 'SIGUSR2');
      await until('another master', () => master() !== before && master() > 0);
      return master();
    },
    async end(pid, signal) {
      process.kill(pid, signal);
      await until('a master has ended', () => !isRunning(pid));
    },
    close() {
      try {
        process.kill(group, 'SIGKILL');
      } catch {
        // Nothing is left of it.
      }
      keeper.drop(group);
      keeper.close();
    },
  };
}

function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return list.trim().split(/\s+/).filter(Boolean).map(Number);
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
