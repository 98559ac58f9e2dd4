// Tables. A long one has only the rows in sight in the document: a spacer stands above and below them.
//
// Comes in: rows, and columns that draw cells. Goes out: a table that keys lead through. On failure: none.

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useWords } from '../words/words.ts';

export interface Column<Row> {
  readonly key: string;
  readonly head: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Of a long table, whose columns do not move: in rem. */
  readonly width?: number;
  readonly isNumber?: boolean;
  /** Left out where there is little room. */
  readonly isMinor?: boolean;
  readonly isSortable?: boolean;
}

export interface Sorting {
  readonly by: string;
  readonly down: boolean;
  readonly sort: (by: string) => void;
}

interface TableParts<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
}

export function Table<Row>({ label, columns, rows, keyOf }: TableParts<Row>) {
  return (
    <Scrolling label={label}>
      <table>
        <Head columns={columns} />
        <tbody>
          {rows.map((row) => (
            <Cells key={keyOf(row)} row={row} columns={columns} />
          ))}
        </tbody>
      </table>
    </Scrolling>
  );
}

function Scrolling({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}) {
  return (
    // Wider than the screen it scrolls by itself, by keys too.
    <div class="scroll-x" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}

/** Of a row, in pixels: the style has the same. */
export const ROW = 32;
const BEYOND = 8;

/** `rows` may be ten thousand. */
export function LongTable<Row>({
  label,
  columns,
  rows,
  keyOf,
  sorting,
}: TableParts<Row> & { readonly sorting?: Sorting }) {
  const place = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const look = (): void => {
      const { scrollTop: top, clientHeight: height } = element;
      setView((before) =>
        before.top === top && before.height === height ? before : { top, height },
      );
    };
    look();
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
  const first = Math.max(0, Math.min(rows.length, Math.floor(view.top / ROW) - BEYOND));
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW) + BEYOND);
  const width = columns.reduce((sum, column) => sum + (column.width ?? 6), 0);
  return (
    <div class="scroll-long" role="region" aria-label={label} tabIndex={0} ref={place}>
      <table class="long" aria-rowcount={rows.length + 1} style={{ minWidth: `${width}rem` }}>
        <colgroup>
          {columns.map(({ key, width: own = 6, isMinor }) => (
            <col key={key} class={isMinor ? 'minor' : ''} style={{ width: `${own}rem` }} />
          ))}
        </colgroup>
        <Head columns={columns} {...(sorting && { sorting })} />
        <tbody>
          <Spacer rows={first} />
          {rows.slice(first, last).map((row, index) => (
            <Cells key={keyOf(row)} row={row} columns={columns} at={first + index} />
          ))}
          <Spacer rows={rows.length - last} />
        </tbody>
      </table>
    </div>
  );
}

function Spacer({ rows }: { readonly rows: number }) {
  if (rows <= 0) return null;
  return <tr aria-hidden="true" class="spacer" style={{ height: `${rows * ROW}px` }} />;
}

function Head<Row>({
  columns,
  sorting,
}: {
  readonly columns: readonly Column<Row>[];
  readonly sorting?: Sorting;
}) {
  return (
    <thead>
      <tr>
        {columns.map((column) => (
          <th
            key={column.key}
            scope="col"
            class={classOf(column)}
            {...(sorting?.by === column.key && {
              'aria-sort': sorting.down ? 'descending' : 'ascending',
            })}
          >
            {sorting && column.isSortable ? <SortButton {...{ column, sorting }} /> : column.head}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function SortButton<Row>({
  column: { key, head },
  sorting,
}: {
  readonly column: Column<Row>;
  readonly sorting: Sorting;
}) {
  const words = useWords();
  const arrow = sorting.down ? '↓' : '↑';
  return (
    <button type="button" class="sort" title={words.sortBy(head)} onClick={() => sorting.sort(key)}>
      {head}
      <span aria-hidden="true" class="arrow">
        {sorting.by === key ? arrow : ''}
      </span>
    </button>
  );
}

function Cells<Row>({
  row,
  columns,
  at,
}: {
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly at?: number;
}) {
  return (
    // The head is the first.
    <tr {...(at !== undefined && { 'aria-rowindex': at + 2, 'data-row': at })}>
      {columns.map((column, index) =>
        index === 0 ? (
          <th key={column.key} scope="row" class={classOf(column)}>
            {column.cell(row)}
          </th>
        ) : (
          <td key={column.key} class={classOf(column)}>
            {column.cell(row)}
          </td>
        ),
      )}
    </tr>
  );
}

function classOf<Row>({ isNumber, isMinor }: Column<Row>): string {
  return [isNumber && 'number', isMinor && 'minor'].filter(Boolean).join(' ');
}
