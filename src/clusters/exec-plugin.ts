// A kubeconfig's credential plugin: a program that prints a token or a client certificate.
//
// Comes in: command, arguments, variables. Goes out: its last credential, kept until it expires;
// what was refused is asked of a new one; who asks meanwhile shares one run. On failure: a CallFailure in words, never with what the
// program printed on its output. A run that hangs is killed with all that it started.

import { spawn } from 'node:child_process';
import { kill } from 'node:process';
import { type Clock, timeOf } from '../clock.ts';
import { CallFailure } from './call-failure.ts';

export interface ExecSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly apiVersion: string;
  readonly installHint?: string;
}

export interface Credential {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface ExecPlugin {
  credential(): Promise<Credential>;
}

export interface PluginWorld {
  readonly clock: Clock;
  /** Expiry is a time of day, in the plugin's own words. */
  readonly wall: () => Date;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly deadlineMs: number;
  /** Ends runs under way. */
  readonly signal: AbortSignal;
}

interface Kept {
  readonly credential: Credential;
  readonly until: number;
}

const LONGEST_OUTPUT = 1024 * 1024;

export function createExecPlugin(spec: ExecSpec, world: PluginWorld): ExecPlugin {
  let kept: Kept | undefined;
  let running: Promise<Kept> | undefined;

  const ask = async (): Promise<Kept> => {
    const output = await run(spec, world);
    return readCredential(output, spec);
  };

  return {
    async credential() {
      if (kept && world.wall().getTime() < kept.until) return kept.credential;
      running ??= ask().finally(() => (running = undefined));
      kept = await running;
      return kept.credential;
    },
  };
}

function run(spec: ExecSpec, world: PluginWorld): Promise<string> {
  const { signal } = world;
  const { command, args, env, installHint } = spec;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = (why: string): void => reject(failure(spec, why));
  // Its own process group: whatever it starts ends with it.
  const child = spawn(command, args, {
    env: { ...world.environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.length > LONGEST_OUTPUT) end('prints too much');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(0, 2000);
  });
  const end = (why: string): void => {
    fail(why);
    child.stdout.destroy();
    child.stderr.destroy();
    try {
      if (child.pid !== undefined) kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  child.on('error', (error: NodeJS.ErrnoException) => {
    const hint = installHint ? `; ${installHint.trim()}` : '';
    fail(error.code === 'ENOENT' ? `is not there${hint}` : (error.code ?? error.message));
  });
  child.on('close', (code, by) => {
    if (code === 0) resolve(output);
    else fail(`ended with ${by ?? code}: ${firstLine(errors)}`);
  });
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  void world.clock.sleep(world.deadlineMs, until).then(() => {
    if (!over.signal.aborted) end(signal.aborted ? 'was stopped' : 'did not answer in time');
  });
  return promise.finally(() => over.abort());
}

function firstLine(text: string): string {
  return (text.trim().split('\n')[0] ?? '').slice(0, 200) || 'nothing on its error output';
}

interface Printed {
  readonly kind?: unknown;
  readonly status?: {
    readonly token?: unknown;
    readonly clientCertificateData?: unknown;
    readonly clientKeyData?: unknown;
    readonly expirationTimestamp?: unknown;
  };
}

function readCredential(output: string, spec: ExecSpec): Kept {
  const { kind, status } = parsePrinted(output, spec);
  if (kind !== 'ExecCredential' || !status) throw failure(spec, 'printed no ExecCredential');
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
  const pair = isText(cert) && isText(key) ? { cert, key } : undefined;
  if (!isText(token) && !pair) throw failure(spec, 'printed neither token nor certificate');
  const until = expiryOf(expirationTimestamp, spec);
  return { credential: { ...(isText(token) && { token }), ...pair }, until };
}

function parsePrinted(output: string, spec: ExecSpec): Printed {
  try {
    return (JSON.parse(output) ?? {}) as Printed;
  } catch {
    throw failure(spec, 'printed no JSON');
  }
}

/** Without expiry it lasts until it is refused. */
function expiryOf(text: unknown, spec: ExecSpec): number {
  if (text === undefined || text === null) return Number.POSITIVE_INFINITY;
  const until = timeOf(String(text));
  if (until === undefined) throw failure(spec, 'printed an expirationTimestamp that is no time');
  return until;
}

function failure({ command }: ExecSpec, why: string): CallFailure {
  return new CallFailure({ text: `credential plugin ${command}: ${why}`, scope: 'cluster' });
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
