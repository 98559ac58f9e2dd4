// One process of a control plane: started, stopped, held still, started again with the same command
// line and the same log file. Whoever needs it to be ready asks it, not this file.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Keeper } from './keeper.ts';
import { until } from './until.ts';

export interface Command {
  readonly name: string;
  readonly binary: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Surroundings {
  readonly folder: string;
  readonly keeper: Keeper;
}

export class Part {
  readonly name: string;
  readonly log: string;
  #command: Command;
  #around: Surroundings;
  #child: ChildProcess | undefined;

  constructor(command: Command, around: Surroundings) {
    this.name = command.name;
    this.log = `${around.folder}/logs/${command.name}.log`;
    this.#command = command;
    this.#around = around;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  start(): void {
    if (this.#child !== undefined) throw new Error(`${this.name} is running already`);
    const { folder, keeper } = this.#around;
    const log = openSync(this.log, 'a');
    const child = spawn(this.#command.binary, this.#command.args, {
      cwd: folder,
      // Nothing of the caller's: no proxy, no kubeconfig, no HOME that a part would read or write.
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...this.#command.env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const { pid } = child;
    if (pid !== undefined) keeper.add(pid);
    this.#child = child;
    const gone = () => {
      if (pid !== undefined) keeper.drop(pid);
      if (this.#child === child) this.#child = undefined;
    };
    child.once('exit', gone).once('error', gone);
  }

  /** Waits for `probe`, and fails at once, quoting the log, when the process ends before. */
  async ready(probe: () => Promise<unknown>, withinMs: number): Promise<void> {
    const ended = 'ended';
    try {
      const answer = await until(
        `${this.name} is ready`,
        async () => (this.running ? await probe() : ended),
        withinMs,
      );
      if (answer === ended) throw new Error(`${this.name} ended while it started`);
    } catch (cause) {
      throw new Error(`${(cause as Error).message}\n${await this.lastLines()}`, { cause });
    }
  }

  /** SIGKILL is a crash: connections break at once, nothing is said to clients or to etcd. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGCONT');
    child.kill(signal);
    const ended = () => this.#child !== child;
    await until(`${this.name} ends`, ended, 10_000).catch(() => child.kill('SIGKILL'));
    await until(`${this.name} is gone`, ended, 10_000);
  }

  /** The process keeps its connections and answers nothing, as a machine does that hangs. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async lastLines(count = 15): Promise<string> {
    const text = await readFile(this.log, 'utf8').catch(() => '');
    const lines = text.trimEnd().split('\n').slice(-count);
    return `${this.log} ends with:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  }
}
