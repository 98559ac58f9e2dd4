// `ballast edge …`: what each edge has applied.

import { Command } from 'commander';
import type { EdgeAnswer } from '../api/shapes.ts';
import { addPlaceOptions, callerOf, wholeNumber } from './asking.ts';
import { type Caller, segment } from './caller.ts';
import type { PlaceOptions } from './contexts.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';
import { addListOptions, formatList, type ListOptions, type Shape } from './output.ts';
import { age } from './table.ts';

interface Mark {
  readonly term: number;
  readonly version: number;
}

interface Edges {
  readonly items: readonly EdgeAnswer[];
  readonly retired?: readonly string[];
}

const SHAPE: Shape<EdgeAnswer> = {
  nameOf: ({ name }) => `edge/${name}`,
  columns: [
    { head: 'NAME', of: ({ name }) => name },
    { head: 'STATUS', of: ({ status }) => status },
    { head: 'AGE', of: ({ ageSeconds }) => age(ageSeconds) },
    { head: 'APPLIED', of: ({ state }) => markText(state?.mark) },
    { head: 'SAVED', of: ({ state }) => markText(state?.saved) },
    { head: 'WORKERS', of: ({ state }) => state?.workers.length },
    { head: 'DOCUMENTS', of: ({ state }) => state?.documents },
    { head: 'CONTROL', of: ({ control }) => control, wide: true },
    { head: 'SOURCE', of: ({ state }) => state?.source, wide: true },
    {
      head: 'REFUSED',
      of: ({ state }) => state?.refused.map(({ app, code }) => `${app}: ${code}`).join(', '),
    },
    { head: 'TROUBLE', of: ({ trouble }) => trouble },
  ],
};

const PAUSE_MS = 500;

export function edgeCommand(): Command {
  const edge = new Command('edge').description('edges, and what each has applied');
  addListOptions(addPlaceOptions(edge.command('get')))
    .description('all edges, or one')
    .argument('[edge]')
    .action(async (name: string | undefined, options: PlaceOptions & ListOptions) => {
      const { output } = options;
      const body = await askEdges(await callerOf(options), name);
      process.stdout.write(await formatList(body, SHAPE, options));
      const { retired = [] } = body;
      const isTable = output === 'table' || output === 'wide';
      if (isTable && retired.length > 0) process.stdout.write(`retired: ${retired.join(', ')}\n`);
    });
  addPlaceOptions(edge.command('wait'))
    .description('until every edge, or one, has applied and saved the last commit')
    .argument('[edge]')
    .option('--timeout <seconds>', 'exit code 6 after it', wholeNumber('--timeout', 1, 3600), 60)
    .action(wait);
  addPlaceOptions(edge.command('retire'))
    .description('nothing waits any more for an edge that is gone, until it gives word again')
    .argument('<edge>')
    .requiredOption('--confirm <edge>', 'the name again')
    .action(retire);
  addPlaceOptions(edge.command('confirm'))
    .description('these are all edges there are: jobs may delete, until Redis is another one')
    .argument('[edges...]')
    .action(confirm);
  return edge;
}

async function confirm(edges: readonly string[], options: PlaceOptions): Promise<void> {
  const caller = await callerOf(options);
  await caller.ask('/edges/confirm', { method: 'POST', body: { edges } });
  process.stdout.write(`confirmed: ${edges.join(', ') || 'there are none'}\n`);
}

async function retire(
  name: string,
  options: PlaceOptions & { readonly confirm: string },
): Promise<void> {
  const caller = await callerOf(options);
  const query = { confirm: options.confirm };
  await caller.ask(`/edges/${segment(name)}`, { method: 'DELETE', query });
  process.stdout.write(`${name} is retired\n`);
}

async function askEdges(caller: Caller, name: string | undefined): Promise<Edges> {
  const { body } = await caller.ask<Edges>('/edges');
  const items = body.items.filter((one) => name === undefined || one.name === name);
  if (name === undefined) return body;
  if (items.length > 0) return { items };
  throw new CommandFailure(EXIT.notFound, `edge-unknown: no edge ${name}`);
}

async function wait(
  name: string | undefined,
  options: PlaceOptions & { readonly timeout: number },
): Promise<void> {
  const caller = await callerOf(options);
  const end = Date.now() + options.timeout * 1000;
  const { body: wanted } = await caller.ask<Mark>('/weights');
  for (;;) {
    const { items } = await askEdges(caller, name);
    const missing = items.filter((edge) => !has(edge, wanted));
    if (missing.length === 0) {
      process.stdout.write(
        items.map((edge) => `${edge.name}: ${markText(edge.state?.mark)}\n`).join(''),
      );
      return;
    }
    if (Date.now() >= end) {
      const lines = missing.map(
        (edge) => `${edge.name}: ${lagOf(edge)}, wanted ${markText(wanted)}`,
      );
      throw new CommandFailure(EXIT.timeout, lines.join('\n'));
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** A later term was gathered and compared: its marks lie above. */
function has({ status, state }: EdgeAnswer, wanted: Mark): boolean {
  if (!state || status === 'unreachable' || status === 'never') return false;
  const marks = [state.mark, state.saved, ...state.workers.map(({ mark }) => mark)];
  return marks.every((mark) => mark !== undefined && !isBelow(mark, wanted));
}

function isBelow(one: Mark, other: Mark): boolean {
  return one.term < other.term || (one.term === other.term && one.version < other.version);
}

function lagOf({ status, state, trouble }: EdgeAnswer): string {
  const applied = `applied ${markText(state?.mark) ?? 'nothing'}, saved ${markText(state?.saved) ?? 'nothing'}`;
  return `${status}, ${applied}${trouble === undefined ? '' : `, ${trouble}`}`;
}

function markText(mark: Mark | undefined): string | undefined {
  return mark && `${mark.term}-${mark.version}`;
}
