// Ballast as a process of its own, as a user starts it: `main.ts --config FILE`.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface Sent<T> {
  readonly status: number;
  readonly json: T;
}

export interface TestBallast {
  readonly url: string;
  readonly pid: number;
  get<T>(path: string): Promise<T>;
  send<T>(method: 'POST' | 'DELETE', path: string, body?: object): Promise<Sent<T>>;
  /** One that it goes on after. */
  signal(signal: NodeJS.Signals): void;
  kill(signal: NodeJS.Signals): Promise<number | null>;
  log(): string;
}

/** Starts it in `folder` and waits until its API answers. */
export async function startBallast(
  folder: string,
  config: object,
  node: readonly string[] = [],
): Promise<TestBallast> {
  const file = join(folder, 'ballast.yaml');
  await writeFile(file, stringify(config));
  const args = [...node, MAIN, '--config', file];
  const child = spawn(process.execPath, args, { stdio: 'pipe' });
  const output = collect(child);
  const url = await Promise.race([
    output.url,
    once(child, 'exit').then(() => {
      throw new Error(`Ballast ended before it was ready:\n${output.text()}`);
    }),
  ]);
  return {
    url,
    pid: child.pid ?? 0,
    async get<T>(path: string): Promise<T> {
      const reply = await fetch(`${url}${path}`);
      return (await reply.json()) as T;
    },
    async send<T>(method: 'POST' | 'DELETE', path: string, body?: object): Promise<Sent<T>> {
      const json = body && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      };
      const reply = await fetch(`${url}${path}`, { method, ...json });
      return { status: reply.status, json: (await reply.json()) as T };
    },
    signal: (signal) => void child.kill(signal),
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill(signal);
      await once(child, 'exit');
      return child.exitCode;
    },
    log: output.text,
  };
}

/** Runs it to its end: for configurations that it refuses. */
export async function runBallast(
  file: string,
  options: readonly string[] = [],
): Promise<{ code: number | null; errors: string }> {
  const child = spawn(process.execPath, [MAIN, '--config', file, ...options], { stdio: 'pipe' });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, errors };
}

function collect(child: ChildProcess): { url: Promise<string>; text: () => string } {
  let text = '';
  let known = false;
  const found = Promise.withResolvers<string>();
  const take = (data: Buffer): void => {
    text += data.toString();
    if (known) return;
    const url = /"url":"([^"]+)"/.exec(text)?.[1];
    known = url !== undefined;
    if (url !== undefined) found.resolve(url);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  return { url: found.promise, text: () => text };
}
