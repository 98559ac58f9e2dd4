// Writes: what all of them have in common.
//
// Comes in: a call, and the options `--dry-run`, `--wait`, `-o`. Goes out: the commit, and which edges have it;
// of a dry run the shares before and after. Exit code 2 where a dry run would change something, 6 where not every
// edge acknowledged in time. On failure: a CommandFailure, and nothing is written.

import { type Command, Option } from 'commander';
import type { PreviewAnswer, WrittenAnswer } from '../api/shapes.ts';
import { addPlaceOptions, callerOf, wholeNumber } from './asking.ts';
import type { Call } from './caller.ts';
import type { PlaceOptions } from './contexts.ts';
import { EXIT } from './exit-codes.ts';
import { percent, toTable } from './table.ts';

export interface TellingOptions extends PlaceOptions {
  readonly dryRun?: true;
  readonly wait?: number | true;
  readonly output: 'text' | 'json';
}

const DEFAULT_WAIT = 30;

export function addTellingOptions(command: Command): Command {
  return addPlaceOptions(command)
    .option('--dry-run', 'show what would change: exit code 2 when something would')
    .option(
      '--wait [seconds]',
      `until every edge has applied and saved it (1 to 60, default ${DEFAULT_WAIT}): exit code 6 when not`,
      wholeNumber('--wait', 1, 60),
    )
    .addOption(
      new Option('-o, --output <format>', 'how the answer is written')
        .choices(['text', 'json'])
        .default('text'),
    );
}

/** `done`: the sentence of success, as `holds east`. */
export async function tell(
  done: string,
  options: TellingOptions,
  { path, ...call }: Call & { readonly path: string },
): Promise<void> {
  const { dryRun, wait, output } = options;
  const caller = await callerOf(options);
  const query = {
    ...call.query,
    ...(dryRun && { dryRun: 'true' }),
    ...(wait !== undefined && !dryRun && { wait: `${wait === true ? DEFAULT_WAIT : wait}s` }),
  };
  const { body } = await caller.ask<WrittenAnswer | PreviewAnswer>(path, { ...call, query });
  process.stderr.write(notes(body));
  const text = 'items' in body ? previewText(body) : toldText(done, body);
  process.stdout.write(output === 'json' ? `${JSON.stringify(body, null, 2)}\n` : text);
  process.exitCode = exitOf(body);
}

function exitOf(body: WrittenAnswer | PreviewAnswer): number {
  if ('items' in body) return body.items.length > 0 ? EXIT.changes : EXIT.ok;
  return body.acknowledged === false ? EXIT.timeout : EXIT.ok;
}

/** What of it moves nothing: for whoever has mistyped a name it looks as if it did. */
function notes({ idle = [], unheld = [] }: WrittenAnswer | PreviewAnswer): string {
  const lines = idle.map(({ why }) => `${why}: this holds nothing until there is one\n`);
  const others = unheld.map((app) => `${app} goes on as it is: an edge’s endpoint owns it\n`);
  return [...lines, ...others].join('');
}

function toldText(done: string, { ids = [], idle = [], ...written }: WrittenAnswer): string {
  const { term, version, edges } = written;
  const named = ids.length === 0 ? '' : ` (${ids.join(', ')})`;
  const isIdle = ids.length > 0 && idle.length === ids.length;
  const lines = [
    `${isIdle ? 'written, and holds nothing yet' : done}${named}: version ${version} of term ${term}`,
  ];
  for (const { name, missing } of edges ?? []) {
    lines.push(`${name}: ${missing ?? 'applied and saved'}`);
  }
  return `${lines.join('\n')}\n`;
}

function previewText({ items, refused }: PreviewAnswer): string {
  if (items.length === 0 && refused.length === 0) return 'nothing would change\n';
  const rows = items.flatMap(rowsOf);
  const heads = ['APP', 'SERVER', 'FROM', 'WEIGHT', 'AFTER', 'SHARE', 'AFTER'];
  const table = rows.length > 0 ? toTable(heads, rows) : '';
  const lines = refused.map(({ app, reason }) => `${app} would be refused: ${reason.text}\n`);
  return table + lines.join('');
}

function rowsOf({ app, before, after }: PreviewAnswer['items'][number]) {
  const then = new Map(after.map((server) => [server.address, server]));
  const addresses = new Set([...before, ...after].map(({ address }) => address));
  return [...addresses].map((address) => {
    const old = before.find((server) => server.address === address);
    const next = then.get(address);
    const from = (next ?? old)?.from;
    return [
      app,
      address,
      from,
      old?.weight,
      next?.weight,
      percent(old?.share),
      percent(next?.share),
    ];
  });
}
