// A problem's title and act in the language that was chosen; its sentence is the API's own.

import { useLanguage } from '../frame/looks.ts';
import type { Problem } from '../problem.ts';
import { zhErrors, type ErrorWords } from './zh-errors.ts';

export function useProblemWords({ code, title, act }: Pick<Problem, 'code' | keyof ErrorWords>) {
  const words: Readonly<Record<string, ErrorWords | undefined>> = zhErrors;
  return (useLanguage() === 'zh' && words[code]) || { title, act };
}
