// What a hook is asked, and what its answer says. Pure.
//
// Comes in: what a migration is about to do; an answer's text. Goes out: a body; a verdict. On failure: an
// answer that cannot be read is no verdict: `unknown`, which holds.

import type { AppName, ClusterName } from '../../model.ts';
import type { HookName } from './settings.ts';

export interface Asked {
  readonly job: string;
  readonly app: AppName;
  readonly namespace: string;
  readonly from: ClusterName;
  readonly to: ClusterName;
  /** `shop:shift.25`; with the attempt it is the same question however often it is asked. */
  readonly step: string;
  readonly attempt: number;
  readonly fence: number;
  /** Numbers that were seen, for whoever decides by them. */
  readonly facts?: Readonly<Record<string, string | number>>;
}

export interface HookAnswer {
  /** `none`: no hook of that name is configured. `unknown`: no answer, or none that can be read. */
  readonly verdict: 'pass' | 'fail' | 'unknown' | 'none';
  readonly text: string;
}

/** What a metadata hook has on record of an app. */
export interface MetadataRecord {
  readonly app: AppName;
  readonly namespace: string;
  readonly cluster: ClusterName;
}

export interface Question {
  readonly environment: string;
  /** Of the configuration. */
  readonly hook: string;
  readonly name: HookName;
  readonly asked: Asked;
}

/** `write`: the record as it is to be from now on; `read`: as it is. */
export type Ask = 'verdict' | 'write' | 'read';

export function idOf({ hook, name, asked: { job, step, attempt } }: Question, ask: Ask): string {
  return [job, step, attempt, hook, name, ask].join('/');
}

export function bodyOf({ environment, hook, name, asked }: Question, ask: Ask): string {
  const record = ask === 'write' ? { record: recordOf(asked) } : {};
  return JSON.stringify({ environment, hook, event: name, ask, ...asked, ...record });
}

export function recordOf({ app, namespace, to }: Asked): MetadataRecord {
  return { app, namespace, cluster: to };
}

interface Spoken {
  readonly verdict: 'pass' | 'fail' | 'unknown';
  readonly text: string;
  readonly record?: unknown;
}

const VERDICTS: readonly unknown[] = ['pass', 'fail', 'unknown'];

export function readAnswer(text: string): Spoken {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { verdict: 'unknown', text: 'its answer is not JSON' };
  }
  const { verdict, text: words, record } = (value ?? {}) as Partial<Spoken>;
  if (!VERDICTS.includes(verdict)) {
    return { verdict: 'unknown', text: 'its answer has no verdict: pass, fail or unknown' };
  }
  const said = typeof words === 'string' ? lineOf(words) : '';
  return { verdict: verdict ?? 'unknown', text: said, ...(record !== undefined && { record }) };
}

/** Whether what was read back is what was written; whatever else the record has is its owner's. */
export function compareRecord(read: unknown, written: MetadataRecord): HookAnswer {
  const found = (typeof read === 'object' && read !== null ? read : {}) as Record<string, unknown>;
  const other = Object.entries(written).filter(([key, value]) => found[key] !== value);
  if (other.length === 0) return { verdict: 'pass', text: 'read back as it was written' };
  const words = other.map(([key, value]) => `${key} is ${shown(found[key])}, not ${value}`);
  return { verdict: 'fail', text: `read back otherwise: ${words.join(', ')}` };
}

const LONGEST = 200;

function shown(value: unknown): string {
  return value === undefined ? 'missing' : lineOf(JSON.stringify(value));
}

export function lineOf(text: string): string {
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, LONGEST);
}

/** Of several hooks that were asked the same. */
export function worstOf(answers: readonly HookAnswer[]): HookAnswer {
  for (const verdict of ['fail', 'unknown', 'pass'] as const) {
    const own = answers.filter((one) => one.verdict === verdict);
    if (own.length > 0) return { verdict, text: own.map(({ text }) => text).join('; ') };
  }
  return { verdict: 'none', text: 'no hook is configured' };
}
