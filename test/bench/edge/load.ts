// Load: wrk, as many requests as go through over 32 kept connections.
//
// Comes in: where to, for which apps, for how long. Goes out: requests answered and failed. On failure
// of wrk itself: an error with what it said.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startKeeper, type Keeper } from '../../controlplane/keeper.ts';
import { until } from '../../controlplane/until.ts';

export interface Load {
  readonly port: number;
  readonly apps: number;
  /** Number of the first app. */
  readonly first?: number;
  readonly milliseconds: number;
}

export interface Answered {
  readonly requests: number;
  readonly failed: number;
}

const SCRIPT = join(import.meta.dirname, 'wrk.lua');
const CONNECTIONS = 32;
/** wrk counts in whole seconds; it is told to end earlier. */
const LONGEST = '600s';

/** One for all slices; its pipe ends with us. */
let keeper: Keeper | undefined;

export async function runLoad({ port, apps, first = 0, milliseconds }: Load): Promise<Answered> {
  const options = ['-t', '1', '-c', `${CONNECTIONS}`, '-d', LONGEST, '-s', SCRIPT];
  const args = [...options, `http://127.0.0.1:${port}/`, '--', `${apps}`, `${first}`];
  const wrk = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(wrk, 'close');
  let said = '';
  for (const stream of [wrk.stdout, wrk.stderr]) stream.on('data', (text) => (said += text));
  keeper ??= startKeeper('');
  if (wrk.pid !== undefined) keeper.add(wrk.pid);
  // Before it has its handler, an interrupt would end it without a word.
  await until('wrk runs', () => wrk.exitCode !== null || catchesInterrupt(wrk.pid));
  await wait(milliseconds);
  wrk.kill('SIGINT');
  await ended;
  if (wrk.pid !== undefined) keeper.drop(wrk.pid);
  const done = /^done (\d+) (\d+) (\d+)$/m.exec(said);
  if (done === null) throw new Error(`wrk failed:\n${said}`);
  const [requests = 0, status = 0, broken = 0] = done.slice(1).map(Number);
  return { requests, failed: status + broken };
}

function catchesInterrupt(pid: number | undefined): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  // SIGINT is the second bit.
  return (Number.parseInt(caught?.[1]?.slice(-1) ?? '0', 16) & 2) !== 0;
}
