// `ballast history`, `ballast audit`: what was changed, by whom and why, and when the edges had it.

import { Command, Option } from 'commander';
import type { ChangeAnswer, WordAnswer } from '../api/history-shapes.ts';
import { CAUSE_KINDS } from '../weights/cause.ts';
import { addPlaceOptions, callerOf, pastOf, wholeNumber } from './asking.ts';
import type { PlaceOptions } from './contexts.ts';
import { formatList, type Format, outputOption, type Shape } from './output.ts';

interface Asked extends PlaceOptions {
  readonly output: Format;
  readonly limit: number;
  readonly since?: string;
  readonly actor?: string;
}

interface HistoryAsked extends Asked {
  readonly cluster?: string;
  readonly cause?: string;
}

interface AuditAsked extends Asked {
  readonly refused?: true;
}

/** One page of the API: what is more is asked for in several. */
const PAGE = 500;

const CHANGE: Shape<ChangeAnswer> = {
  nameOf: ({ app, version }) => `${app}/${version}`,
  columns: [
    { head: 'AT', of: ({ at }) => at },
    { head: 'APP', of: ({ app }) => app },
    { head: 'VERSION', of: ({ version }) => version },
    { head: 'WEIGHTS', of: weightsOf },
    { head: 'WHO', of: ({ actor }) => actor },
    { head: 'CAUSE', of: ({ causes }) => causes.map(({ text }) => text).join('; ') },
    { head: 'SUMS', of: sumsOf, wide: true },
    { head: 'EDGES', of: edgesOf },
  ],
};

const WORD: Shape<WordAnswer> = {
  nameOf: ({ id }) => `audit/${id}`,
  columns: [
    { head: 'AT', of: ({ at }) => at },
    { head: 'WHO', of: ({ actor }) => actor },
    { head: 'WHAT', of: ({ text }) => text },
    { head: 'VERSION', of: ({ version }) => version },
    { head: 'APPS', of: ({ changed }) => changed },
    { head: 'REFUSED', of: ({ refused }) => refused && `${refused.code}: ${refused.detail}` },
  ],
};

export function historyCommand(): Command {
  return addListOptions(new Command('history'))
    .description('changes of weights, the newest first: before, after, who, why')
    .argument('[app]')
    .option('--cluster <cluster>', 'that moved servers of this cluster, or vm')
    .addOption(new Option('--cause <kind>', 'that came about by this').choices(CAUSE_KINDS))
    .action((app: string | undefined, { cluster, cause, ...asked }: HistoryAsked) =>
      print('/history', CHANGE, { asked, filters: { app, cluster, cause } }),
    );
}

export function auditCommand(): Command {
  return addListOptions(new Command('audit'))
    .description('who wrote what, the newest first')
    .option('--refused', 'only what was refused')
    .action(({ refused, ...asked }: AuditAsked) =>
      print('/audit', WORD, { asked, filters: { refused: refused && 'true' } }),
    );
}

function addListOptions(command: Command): Command {
  return addPlaceOptions(command)
    .option('--actor <who>', 'by this person or job')
    .option('--since <time>', '2026-01-31T12:00:00Z, or 30m, 2h, 1d ago')
    .option('--limit <count>', 'at most so many', wholeNumber('--limit', 1, 10_000), 50)
    .addOption(outputOption());
}

async function print<T>(
  path: string,
  shape: Shape<T>,
  { asked, filters }: { readonly asked: Asked; readonly filters: object },
): Promise<void> {
  const caller = await callerOf(asked);
  const { limit, actor, since, output } = asked;
  const wanted = { ...filters, actor, since: since === undefined ? undefined : pastOf(since) };
  const query = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value));
  const items: T[] = [];
  let next: string | undefined;
  do {
    const left = `${Math.min(PAGE, limit - items.length)}`;
    const page = { ...query, limit: left, ...(next !== undefined && { continue: next }) };
    const { body } = await caller.ask<Page<T>>(path, { query: page });
    items.push(...body.items);
    next = body.continue;
  } while (next !== undefined && items.length < limit);
  process.stdout.write(await formatList({ items }, shape, { output }));
}

interface Page<T> {
  readonly items: readonly T[];
  readonly continue?: string;
}

/** By cluster: `east 100 -> 50, west 50`. */
function weightsOf({ clusters }: ChangeAnswer): string {
  return clusters
    .map(({ name, before, after }) => {
      const [old, now] = [before?.weight ?? 0, after?.weight ?? 0];
      return old === now ? `${name} ${now}` : `${name} ${old} -> ${now}`;
    })
    .join(', ');
}

function sumsOf({ clusters }: ChangeAnswer): string {
  return clusters
    .flatMap(({ name, after }) => (after?.sum === undefined ? [] : [`${name}: ${after.sum}`]))
    .join('; ');
}

function edgesOf({ edges }: ChangeAnswer): string {
  const had = edges.filter(({ acknowledged }) => acknowledged);
  const slowest = Math.max(...had.map(({ afterMs = 0 }) => afterMs));
  const time = had.some(({ afterMs }) => afterMs !== undefined) ? `, ${slowest} ms` : '';
  return `${had.length} of ${edges.length}${time}`;
}
