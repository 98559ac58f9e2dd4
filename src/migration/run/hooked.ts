// A hook's word as an outcome. On failure: no answer is waited for, for ever.

import type { Failure, Waiting } from '../../jobs/kind.ts';
import type { Hooks } from '../hooks/hooks.ts';
import type { HookAnswer } from '../hooks/question.ts';
import type { HookName } from '../hooks/settings.ts';
import { wait, wayOf, type Doing } from './doing.ts';

const AGAIN_SECONDS = 5;

export async function askHook(
  doing: Doing,
  hooks: Hooks,
  hook: HookName,
  facts?: Readonly<Record<string, string | number>>,
): Promise<HookAnswer> {
  const { job, app, name, attempt, scene } = doing;
  const { from, to } = hook === 'rollback' ? job.plan : wayOf(doing);
  const where = { job: job.id, app: app.app, namespace: app.namespace ?? '', from, to };
  const step = { step: `${app.app}:${name}`, attempt, fence: scene.term };
  return await hooks.ask(hook, { ...where, ...step, ...(facts && { facts }) });
}

/** Undefined: nothing stands against it. */
export async function hooked(
  doing: Doing,
  hooks: Hooks,
  hook: HookName,
  facts?: Readonly<Record<string, string | number>>,
): Promise<Waiting | Failure | undefined> {
  const { verdict, text } = await askHook(doing, hooks, hook, facts);
  if (verdict === 'pass' || verdict === 'none') return undefined;
  const words = `hook ${hook}: ${text}`;
  return verdict === 'fail' ? { kind: 'failed', text: words } : wait(words, AGAIN_SECONDS);
}
