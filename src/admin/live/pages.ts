// A list that comes in pages, the newest first: the first page is asked for again as things change, older
// ones are added as they are wanted.

import { useEffect, useState } from 'preact/hooks';
import { call } from '../call.ts';
import { asProblem, type Problem } from '../problem.ts';
import { useAnswer } from './answer.ts';

interface Page<Item> {
  readonly items: readonly Item[];
  readonly continue?: string;
}

export interface Pages<Item> {
  /** Undefined: not yet. */
  readonly items: readonly Item[] | undefined;
  readonly problem: Problem | undefined;
  /** Undefined: there is nothing older. */
  readonly more: (() => void) | undefined;
}

export function usePages<Item extends { readonly id: string }>(
  path: string,
  { everyMs, changed }: { readonly everyMs?: number; readonly changed?: unknown },
): Pages<Item> {
  const first = useAnswer<Page<Item>>(path, { ...(everyMs !== undefined && { everyMs }), changed });
  const [older, setOlder] = useState<readonly Page<Item>[]>([]);
  const [failed, setFailed] = useState<Problem>();
  useEffect(() => setOlder([]), [path]);
  const last = older.at(-1) ?? first.answer;
  const next = last?.continue;
  const more = (): void => {
    void call<Page<Item>>(`${path}&continue=${encodeURIComponent(next ?? '')}`).then(
      (page) => setOlder((before) => [...before, page]),
      (error) => setFailed(asProblem(error)),
    );
  };
  // What came in new has pushed some of the first page into the second: each once.
  const all = [first.answer, ...older].flatMap((page) => page?.items ?? []);
  const items = [...new Map(all.map((item) => [item.id, item])).values()];
  return {
    items: first.answer && items,
    problem: first.problem ?? failed,
    more: next === undefined ? undefined : more,
  };
}
