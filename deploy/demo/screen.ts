// Where the demo is looked at. In a terminal the table stays in its place, with the last
// announcements under it; in a pipe or a file everything follows line by line.

import { drawTable, legendOf } from './table.ts';
import type { Shown } from './shown.ts';

export interface Screen {
  /** Between two tables. */
  readonly everyMs: number;
  /** Between two events, so that a person can follow; nobody follows a pipe. */
  readonly pauseMs: number;
  readonly say: (text: string) => void;
  readonly show: (shown: Shown) => void;
}

/** What of node:tty's WriteStream is used: absent sizes are those of a pipe. */
export interface Place {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

const SAID = 4;
const HOME = '\x1b[H';
const REST_OF_LINE = '\x1b[K';
const REST_OF_SCREEN = '\x1b[J';

export function openScreen(place: Place, title: string): Screen {
  // A dumb terminal prints the cursor's commands as text.
  const placed = place.isTTY && process.env['TERM'] !== 'dumb';
  return placed ? openTerminal(place, title) : openPipe(place, title);
}

/** For who wants the answer only. */
export const NO_SCREEN: Screen = {
  everyMs: 1000,
  pauseMs: 0,
  say: () => undefined,
  show: () => undefined,
};

function openPipe(place: Place, title: string): Screen {
  const say = (text: string): void => void place.write(`${text}\n`);
  say(title);
  return {
    everyMs: 10_000,
    pauseMs: 0,
    say,
    show({ apps, edges }) {
      say([...drawTable(apps, edges), ...legendOf(edges), ''].join('\n'));
    },
  };
}

function openTerminal(place: Place, title: string): Screen {
  const said: string[] = [];
  let table: readonly string[] = [];
  let legend: readonly string[] = [];
  const draw = (): void => {
    const { columns, rows } = sizeOf(place);
    const under = [...legend, '', ...said.slice(-SAID)].map((line) => line.slice(0, columns));
    // The last row stays free: a line feed there would scroll the first one away. Room for all
    // announcements is kept from the start, so that the table does not jump.
    const shown = cutTable(table, rows - legend.length - SAID - 3);
    const lines = [title.slice(0, columns), ...shown, ...under];
    place.write(
      `${HOME}${lines.map((line) => `${line}${REST_OF_LINE}\n`).join('')}${REST_OF_SCREEN}`,
    );
  };
  return {
    everyMs: 1000,
    pauseMs: 3000,
    say(text) {
      said.push(text);
      draw();
    },
    show({ apps, edges }) {
      table = drawTable(apps, edges, sizeOf(place).columns);
      legend = legendOf(edges);
      draw();
    },
  };
}

/** A terminal that nobody told its size says 0. */
function sizeOf({ columns, rows }: Place): { readonly columns: number; readonly rows: number } {
  return { columns: columns || 80, rows: rows || 24 };
}

function cutTable(table: readonly string[], rows: number): readonly string[] {
  if (table.length <= rows) return table;
  const kept = Math.max(0, rows - 1);
  return [...table.slice(0, kept), `… ${table.length - kept} rows more: in a taller terminal`];
}
