// How a command writes what was answered: `-o table|wide|name|json|yaml`.
//
// Comes in: the API's answer and how its items become rows. Goes out: text on the standard output. JSON and YAML
// are the API's own objects; a list keeps its `items`.

import { type Command, Option } from 'commander';
import { wholeNumber } from './asking.ts';
import { listed, type Listing } from './listing.ts';
import { type Cell, toTable } from './table.ts';

export type Format = 'table' | 'wide' | 'name' | 'json' | 'yaml';

export interface Column<T> {
  readonly head: string;
  readonly of: (item: T) => Cell;
  /** Only in `-o wide`. */
  readonly wide?: true;
}

export interface Shape<T> {
  readonly nameOf: (item: T) => string;
  readonly columns: readonly Column<T>[];
}

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how the answer is written')
    .choices(['table', 'wide', 'name', 'json', 'yaml'])
    .default('table');
}

export interface ListOptions extends Listing {
  readonly output: Format;
}

const MOST = 1_000_000;

export function addListOptions(command: Command): Command {
  return command
    .addOption(outputOption())
    .option('--sort-by <field>', 'in the order of this field of -o json, as name or begun.at')
    .option('--limit <count>', 'the first ones, so many', wholeNumber('--limit', 1, MOST));
}

export async function formatList<T>(
  answer: { readonly items: readonly T[] },
  shape: Shape<T>,
  { output, ...which }: ListOptions,
): Promise<string> {
  const items = listed(answer.items, which);
  return (await asObject({ ...answer, items }, output)) ?? asRows(items, shape, output);
}

/** `text` for a table's place, where an item has more to say than a row. */
export async function formatItem<T>(
  item: T,
  shape: Shape<T>,
  { format, text }: { readonly format: Format; readonly text?: () => string },
): Promise<string> {
  const object = await asObject(item, format);
  if (object !== undefined) return object;
  return text && format !== 'name' ? text() : asRows([item], shape, format);
}

async function asObject(value: unknown, format: Format): Promise<string | undefined> {
  if (format === 'json') return `${JSON.stringify(value, null, 2)}\n`;
  if (format !== 'yaml') return undefined;
  const { stringify } = await import('yaml');
  return stringify(value);
}

function asRows<T>(items: readonly T[], { nameOf, columns }: Shape<T>, format: Format): string {
  if (format === 'name') return items.map((item) => `${nameOf(item)}\n`).join('');
  const shown = columns.filter(({ wide }) => format === 'wide' || !wide);
  return toTable(
    shown.map(({ head }) => head),
    items.map((item) => shown.map(({ of }) => of(item))),
  );
}
