// A list that comes in pages: what stands where it is not there yet, empty, or goes on.

import type { ComponentChildren } from 'preact';
import type { Pages } from '../live/pages.ts';
import { useWords } from '../words/words.ts';
import { Empty, Loading, Trouble } from './notice.tsx';

export function PageList<Item>({
  pages: { items, problem, more },
  draw,
}: {
  readonly pages: Pages<Item>;
  readonly draw: (items: readonly Item[]) => ComponentChildren;
}) {
  const words = useWords();
  return (
    <>
      {problem && <Trouble problem={problem} />}
      {!items && !problem && <Loading />}
      {items && (items.length === 0 ? <Empty>{words.noHistory}</Empty> : draw(items))}
      {more && (
        <p>
          <button type="button" onClick={more}>
            {words.more}
          </button>
        </p>
      )}
    </>
  );
}
