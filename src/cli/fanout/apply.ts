// `ballast fanout apply`: the controller plans, and runs it as a job.
//
// Comes in: files, and perhaps the plan that was looked at. Goes out: the job; none where all is so already.
// On failure: a CommandFailure: `plan-moved` where the world is not the one of that plan, with what is
// another since, and nothing is begun.

import { readFile } from 'node:fs/promises';
import { movedSince } from '../../fanout/plan/moved.ts';
import type { Plan } from '../../fanout/plan/plan.ts';
import { callerOf } from '../asking.ts';
import { begunText, type Begun } from '../job.ts';
import type { PlaceOptions } from '../contexts.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { askPlan, type SubmissionOptions, submissionOf } from './submission.ts';

export interface ApplyOptions extends SubmissionOptions, PlaceOptions {
  readonly plan?: string;
}

export async function applyCommand(options: ApplyOptions): Promise<void> {
  const seen = options.plan === undefined ? undefined : await planIn(options.plan);
  const submission = await submissionOf(options);
  const caller = await callerOf(options);
  const body = { ...submission, ...(seen && { digest: seen.digest }) };
  const begun = caller.ask<Begun>('/fanouts', {
    method: 'POST',
    body,
  });
  const answer = await begun.catch(async (error: unknown) => {
    if (isCode(error, 'plan-invalid')) {
      // A script that brings out again what is there has nothing to fail at.
      if (isThere(await askPlan(caller, submission))) return undefined;
      throw error;
    }
    if (!seen || !isCode(error, 'plan-moved')) throw error;
    const moved = movedSince(seen, await askPlan(caller, submission));
    const lines = [error.message, ...moved.map((text) => `  ${text}`)];
    throw new CommandFailure(error.exitCode, lines.join('\n'));
  });
  process.stdout.write(answer ? begunText(answer.body) : 'nothing would change\n');
}

const isCode = (error: unknown, code: string): error is CommandFailure =>
  error instanceof CommandFailure && error.message.startsWith(`${code}:`);

const isThere = ({ faults, entries }: Plan): boolean =>
  faults.length === 0 && entries.every(({ action }) => action === 'none' || action === 'keep');

/** As `ballast fanout plan -o json` writes it. */
async function planIn(file: string): Promise<Plan> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new CommandFailure(EXIT.failed, `${file}: cannot be read: ${cause.message}`);
  });
  try {
    const plan = JSON.parse(text) as Partial<Plan>;
    if (typeof plan.digest === 'string' && Array.isArray(plan.entries)) return plan as Plan;
  } catch {
    // Said below, as for any other text.
  }
  throw new CommandFailure(EXIT.failed, `${file}: is no plan of ballast fanout plan -o json`);
}
