// Hooks: whoever else has a word in a migration is asked by a signed webhook, or told.
//
// Comes in: what a step is about to do. Goes out: a verdict. On failure: what gave no answer is asked again
// under the same id, and is `unknown` in the end, which holds: nothing here throws. The secret is read at
// each question, and stands in no log and no error.
//
//     settings.ts    which hooks there are
//     signature.ts   how a question is signed
//     question.ts    what is asked, and what the answer says
//     webhook.ts     one question, over HTTP

import type { Clock } from '../../clock.ts';
import {
  bodyOf,
  compareRecord,
  idOf,
  readAnswer,
  recordOf,
  worstOf,
  type Ask,
  type Asked,
  type HookAnswer,
  type Question,
} from './question.ts';
import type { HookName, HookSettings } from './settings.ts';
import type { PostHook } from './webhook.ts';

export interface HookParts {
  /** As the configuration has them now. */
  readonly settings: () => readonly HookSettings[];
  readonly environment: string;
  readonly post: PostHook;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface Hooks {
  /** With its own time-out and retries; throws nothing. */
  ask(name: HookName, asked: Asked): Promise<HookAnswer>;
}

/** Before the second try; twice as long before each that follows. */
const FIRST_MS = 500;
const LONGEST_MS = 30_000;

export function createHooks(parts: HookParts): Hooks {
  const { settings, environment, clock, signal } = parts;

  /** Until there is an answer that says something. */
  const ask = async (
    hook: HookSettings,
    question: Question,
    what: Ask,
  ): Promise<ReturnType<typeof readAnswer>> => {
    const body = bodyOf(question, what);
    const id = idOf(question, what);
    for (let tries = 0; ; tries += 1) {
      const answered = await parts.post(hook, { id, body });
      if (answered.kind === 'answer') return readAnswer(answered.text);
      const isLast = !answered.again || tries >= (hook.retries ?? 3) || signal.aborted;
      if (isLast) return { verdict: 'unknown', text: answered.why };
      await clock.sleep(Math.min(LONGEST_MS, FIRST_MS * 2 ** tries), signal);
    }
  };

  const askOne = async (hook: HookSettings, name: HookName, asked: Asked): Promise<HookAnswer> => {
    const question = { environment, hook: hook.name, name, asked };
    const isRecord = name === 'metadata';
    const said = await ask(hook, question, isRecord ? 'write' : 'verdict');
    if (!isRecord || said.verdict !== 'pass') return said;
    // Only what is read back is on record.
    const read = await ask(hook, question, 'read');
    return read.verdict === 'pass' ? compareRecord(read.record, recordOf(asked)) : read;
  };

  return {
    async ask(name, asked) {
      const own = settings().filter(({ on }) => on.includes(name));
      const answers = await Promise.all(own.map((hook) => askOne(hook, name, asked)));
      return worstOf(
        answers.map(({ verdict, text }, index) => ({
          verdict,
          text: `${own[index]?.name ?? ''}: ${text === '' ? verdict : text}`,
        })),
      );
    },
  };
}
