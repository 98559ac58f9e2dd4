// Pages of what the store keeps, filtered, the newest first.
//
// Comes in: a way to read the store by pages, bounds, a view that leaves out what was not asked for.
// Goes out: items, and where the next page begins. On failure: the store's. A page that would take long
// to fill ends early: it has `continue`, and fewer items than its limit.

import { Type, type Static } from 'typebox';
import { timeOf } from '../clock.ts';
import type { KeptLine, Page, PageAsked } from '../edges/history-store.ts';
import { BallastError } from '../errors.ts';

export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
  continue: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,16}-[0-9]{1,9}$', description: 'of the page before' }),
  ),
  since: Type.Optional(Type.String({ description: 'RFC 3339: nothing older' })),
};

const Asked = Type.Object(PageQuery);

export interface Items<Item> {
  readonly items: readonly Item[];
  readonly continue?: string;
}

const READ_AT_ONCE = 500;
const MOST_READ = 5000;

/** `isFiltered`: of the lines that are read, few may be wanted. */
export async function readItems<Line extends KeptLine, Item>(
  read: Read<Line>,
  asked: Static<typeof Asked> & { readonly isFiltered: boolean },
  view: (line: Line) => Item | undefined,
): Promise<Items<Item>> {
  const { limit = 50, isFiltered } = asked;
  const since = sinceOf(asked.since);
  const items: Item[] = [];
  let seen = 0;
  const count = isFiltered ? READ_AT_ONCE : limit;
  for await (const { line, next } of linesOf(read, asked.continue, count)) {
    if (line.at < since) break;
    const item = view(line);
    if (item !== undefined) items.push(item);
    seen += 1;
    if (items.length < limit && seen < MOST_READ) continue;
    return { items, ...(next !== undefined && { continue: next }) };
  }
  return { items };
}

type Read<Line> = (asked: PageAsked) => Promise<Page<Line>>;

/** Each with the id of the one after it. */
async function* linesOf<Line extends KeptLine>(
  read: Read<Line>,
  begin: string | undefined,
  count: number,
): AsyncGenerator<{ readonly line: Line; readonly next: string | undefined }> {
  let from = begin;
  do {
    const page = await read({ count, ...(from !== undefined && { from }) });
    for (const [index, line] of page.lines.entries()) {
      yield { line, next: page.lines[index + 1]?.id ?? page.next };
    }
    from = page.next;
  } while (from !== undefined);
}

function sinceOf(text: string | undefined): number {
  const since = text === undefined ? 0 : timeOf(text);
  if (since !== undefined) return since;
  throw new BallastError('request-invalid', 'querystring/since must be as 2026-01-31T12:00:00Z');
}
