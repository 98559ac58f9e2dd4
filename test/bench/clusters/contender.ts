// One reader of the cluster, in a process of its own.
//
// Comes in: its command. Goes out: what it measured of itself. On failure: an error with what it said
// last; the process is ended by its id, and ends by itself when its standard input does.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Stall } from './stall.ts';

export interface Listed {
  readonly milliseconds: number;
  /** Milliseconds. */
  readonly cpu: number;
  /** Of living memory that the lists added. */
  readonly bytes: number;
  readonly pods: number;
  readonly services: number;
  /** Of those in Node. */
  readonly stall?: Stall;
}

export interface Contender {
  list(): Promise<Listed>;
  /** Milliseconds of CPU for `count` events; `send` makes them come. */
  events(count: number, send: () => Promise<unknown>): Promise<number>;
  calls(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Longer than anything here takes on a busy machine: a contender that hangs must be found. */
const LATE_MS = 180_000;

export async function startContender(command: readonly string[]): Promise<Contender> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (text) => (said = (said + text).slice(-4000)));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  async function hear<Answer>(): Promise<Answer> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), LATE_MS);
    const aborted = once(late.signal, 'abort').then(() => ({ done: true, value: undefined }));
    const { value, done } = await Promise.race([lines.next(), aborted]);
    clearTimeout(timer);
    if (done || value === undefined) throw new Error(`${command.join(' ')} says nothing: ${said}`);
    return JSON.parse(value) as Answer;
  }

  function ask<Answer>(order: string): Promise<Answer> {
    child.stdin.write(`${order}\n`);
    return hear();
  }

  async function close(): Promise<void> {
    child.kill('SIGKILL');
    await ended;
  }

  try {
    await hear();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    list: () => ask('list'),
    async events(count, send) {
      await ask(`events ${count}`);
      const [{ cpu }] = await Promise.all([hear<{ cpu: number }>(), send()]);
      return cpu;
    },
    async calls(count) {
      await ask(`calls ${count}`);
    },
    close,
  };
}
