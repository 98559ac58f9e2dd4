// `ballast fanout apply`: the controller plans, and runs it as a job.
//
// Comes in: files, and perhaps the plan that was looked at. Goes out: the job. On failure: a
// CommandFailure: `plan-moved` where the world is not the one of that plan, and nothing is begun.

import { readFile } from 'node:fs/promises';
import { callerOf } from '../asking.ts';
import type { PlaceOptions } from '../contexts.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import type { SourceOptions } from './options.ts';
import { readText } from './source.ts';

export interface ApplyOptions extends SourceOptions, PlaceOptions {
  readonly plan?: string;
}

export async function applyCommand(options: ApplyOptions): Promise<void> {
  const { name, karmadaDivision, reschedule, adopt, prune, strictTotal } = options;
  const { cronJobs, initContainers, registry, federatedNamespace } = options;
  const digest = options.plan === undefined ? undefined : await digestIn(options.plan);
  const all = {
    files: await Promise.all(options.file.map(readText)),
    digest,
    name,
    karmadaDivision,
    reschedule,
    adopt,
    prune,
    strictTotal,
    cronJobs,
    initContainers,
    registries: registry,
    federatedNamespaces: federatedNamespace,
    returning: options.return,
  };
  const body = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  const caller = await callerOf(options);
  const { body: job } = await caller.ask<{ readonly id: string; readonly state: string }>(
    '/fanouts',
    { method: 'POST', body },
  );
  process.stdout.write(`job ${job.id} is ${job.state}; follow it: ballast job watch ${job.id}\n`);
}

/** Of a plan as `ballast fanout plan -o json` writes it. */
async function digestIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new CommandFailure(EXIT.failed, `${file}: cannot be read: ${cause.message}`);
  });
  try {
    const { digest } = JSON.parse(text) as { readonly digest?: unknown };
    if (typeof digest === 'string') return digest;
  } catch {
    // Said below, as for any other text.
  }
  throw new CommandFailure(EXIT.failed, `${file}: is no plan of ballast fanout plan -o json`);
}
