// The words of the language that was chosen, else of the browser's.

import type { ReasonCode } from '../../model.ts';
import type { ReasonAnswer } from '../../api/shapes.ts';
import { useLanguage } from '../frame/looks.ts';
import type { Words } from './dictionary.ts';
import { en } from './en.ts';
import { zh } from './zh.ts';

export type { Words } from './dictionary.ts';

const DICTIONARIES = { en, zh } satisfies Readonly<Record<string, Words>>;

export function useWords(): Words {
  return DICTIONARIES[useLanguage()];
}

/** Every reason that the API may give has a word. */
const REASONS = (words: Words): Readonly<Record<ReasonCode, string>> => words.reasons;

export function reasonWord(words: Words, { code }: Pick<ReasonAnswer, 'code'>): string {
  const reasons: Readonly<Record<string, string | undefined>> = REASONS(words);
  return reasons[code] ?? code;
}

export function placeName(words: Words, from: string): string {
  return from === 'vm' ? words.vm : from;
}
