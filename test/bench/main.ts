// npm run bench -- [LANE] [--quick | --smoke] [--json] [--write]
//
// Comes in: the lane to run (all where none is named). Goes out: a table of medians and quartiles on
// standard output; with --json its last line is {"rows": [...]}; with --write README's table too.
// Progress goes to standard error. Exit codes: 1 failed, 2 wrong usage. What a row must show is
// printed beside it and judged by people: numbers of a busy machine fail nothing. A failed request does,
// with --smoke, and a row without a number always.
import { parseArgs } from 'node:util';
import { clusters } from './clusters.ts';
import { edge } from './edge.ts';
import { fanout } from './fanout.ts';
import type { Lane, Length } from './lane.ts';
import { writeTable } from './readme.ts';
import { people } from './people.ts';
import { rounds } from './rounds.ts';
import { missed, tableOf, type Row } from './rows.ts';
import { size } from './size.ts';

const LANES: Readonly<Record<string, Lane>> = { edge, clusters, fanout, people, rounds, size };

const USAGE = `usage: npm run bench -- [${Object.keys(LANES).join('|')}] [--quick | --smoke] [--json] [--write]`;

interface Wanted {
  readonly lanes: readonly string[];
  readonly length: Length;
  readonly json: boolean;
  readonly write: boolean;
}

class UsageError extends Error {}

function readArguments(args: string[]): Wanted {
  const flag = { type: 'boolean', default: false } as const;
  const options = { quick: flag, smoke: flag, json: flag, write: flag };
  const { values, positionals } = parse(() => parseArgs({ args, options, allowPositionals: true }));
  const unknown = positionals.find((lane) => !Object.hasOwn(LANES, lane));
  if (unknown !== undefined) throw new UsageError(`unknown lane: ${unknown}`);
  if (positionals.length > 1) throw new UsageError('one lane at a time');
  if (values.quick && values.smoke) throw new UsageError('either --quick or --smoke');
  return {
    lanes: positionals.length > 0 ? positionals : Object.keys(LANES),
    length: values.smoke ? 'smoke' : values.quick ? 'quick' : 'full',
    json: values.json,
    write: values.write,
  };
}

function parse<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function runLane(name: string, { length, write }: Wanted): Promise<Row[]> {
  const lane = LANES[name];
  if (lane === undefined) throw new UsageError(`unknown lane: ${name}`);
  const rows: Row[] = [];
  await lane.run(length, (some) => rows.push(...some));
  const twice = rows.find(({ row }, at) => rows.findIndex((one) => one.row === row) !== at);
  if (twice !== undefined) throw new Error(`two rows are called ${twice.row}`);
  const text = `${lane.about()}\n\n${tableOf(rows, lane.limits)}`;
  console.log(text);
  for (const miss of missed(rows, lane.limits)) console.log(`missed: ${miss}`);
  const failed = rows.filter(({ row, median }) => row.endsWith('failed requests') && median > 0);
  if (length === 'smoke' && failed.length > 0)
    throw new Error(`requests failed: ${failed.map(({ row }) => row).join('; ')}`);
  if (write) writeTable(name, text);
  return rows;
}

async function main(): Promise<void> {
  const wanted = readArguments(process.argv.slice(2));
  const rows: Row[] = [];
  for (const lane of wanted.lanes) rows.push(...(await runLane(lane, wanted)));
  if (wanted.json) console.log(JSON.stringify({ rows }));
}

try {
  await main();
} catch (error) {
  if (error instanceof UsageError) console.error(`bench: ${error.message}\n${USAGE}`);
  else console.error(error);
  // What still runs (a keeper's child, a socket) must not keep us; keepers end what is left.
  process.exit(error instanceof UsageError ? 2 : 1);
}
