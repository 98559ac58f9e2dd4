// `ballast migration debts …`: what finished migrations still have to delete at their sources.

import type { Command } from 'commander';
import type { DebtAnswer, DebtNowAnswer } from '../api/debt-shapes.ts';
import { addPlaceOptions, callerOf } from './asking.ts';
import { segment } from './caller.ts';
import type { PlaceOptions } from './contexts.ts';
import { EXIT } from './exit-codes.ts';
import {
  addListOptions,
  type Format,
  formatItem,
  formatList,
  type ListOptions,
  outputOption,
  type Shape,
} from './output.ts';
import { age, toTable } from './table.ts';
import { addTellingOptions, tell, type TellingOptions } from './telling.ts';

type Listed = Omit<DebtAnswer, 'objects'> & { readonly objects: number | readonly object[] };

const SHAPE: Shape<Listed> = {
  nameOf: ({ id }) => `debt/${id}`,
  columns: [
    { head: 'ID', of: ({ id }) => id },
    { head: 'APP', of: ({ app }) => app },
    { head: 'CLUSTER', of: ({ cluster }) => cluster },
    { head: 'STATE', of: ({ clusterState }) => clusterState },
    {
      head: 'OBJECTS',
      of: ({ objects }) => (typeof objects === 'number' ? objects : objects.length),
    },
    { head: 'AGE', of: ({ ageSeconds }) => age(ageSeconds) },
    { head: 'JOB', of: ({ job }) => job, wide: true },
    { head: 'WHO', of: ({ who }) => who },
    { head: 'WHY', of: ({ why }) => why },
  ],
};

interface ReadOptions extends PlaceOptions {
  readonly output: Format;
}

export function addDebtCommands(migration: Command): void {
  const debts = migration
    .command('debts')
    .description('what migrations still have to delete where a source was away');
  addListOptions(addPlaceOptions(debts.command('list', { isDefault: true })))
    .description('all of them; in each place the app is drained as long')
    .action(async (options: PlaceOptions & ListOptions) => {
      const caller = await callerOf(options);
      const path = '/migrations/debts';
      const { body } = await caller.ask<{ readonly items: readonly DebtAnswer[] }>(path);
      process.stdout.write(await formatList(body, SHAPE, options));
    });
  addPlaceOptions(debts.command('get'))
    .description('one, with what of it lives there now')
    .argument('<id>')
    .addOption(outputOption())
    .action(async (id: string, options: ReadOptions) => {
      const body = await look(id, options);
      const how = { format: options.output, text: () => debtText(body) };
      process.stdout.write(await formatItem<Listed>(body, SHAPE, how));
    });
  addPlaceOptions(debts.command('consent'))
    .description('have deleted what is owed, once it is proved that nobody asks it')
    .argument('<id>')
    .option('--digest <digest>', 'of what was looked at; without it only that is shown')
    .action(consent);
  addTellingOptions(debts.command('settle'))
    .description('say that nothing is owed any more: nothing is deleted, and the drain ends')
    .argument('<id>')
    .requiredOption('--why <text>', 'for those who look for it')
    .option('--confirm <cluster>', 'the cluster’s name: what runs there gets requests again')
    .action(settle);
}

async function look(id: string, options: PlaceOptions): Promise<DebtNowAnswer> {
  const caller = await callerOf(options);
  return (await caller.ask<DebtNowAnswer>(`/migrations/debts/${segment(id)}`)).body;
}

async function consent(
  id: string,
  options: PlaceOptions & { readonly digest?: string },
): Promise<void> {
  const { digest } = options;
  if (digest === undefined) {
    const body = await look(id, options);
    const words = `nothing is deleted yet: say it again with --digest ${body.digest}\n`;
    process.stdout.write(`${debtText(body)}${words}`);
    process.exitCode = EXIT.changes;
    return;
  }
  const caller = await callerOf(options);
  const path = `/migrations/debts/${segment(id)}/consent`;
  const { body } = await caller.ask<{ readonly id: string }>(path, {
    method: 'POST',
    body: { digest },
  });
  process.stdout.write(`job ${body.id} deletes it: ballast job watch ${body.id}\n`);
}

async function settle(
  id: string,
  options: TellingOptions & { readonly why: string; readonly confirm?: string },
): Promise<void> {
  const { why, confirm } = options;
  await tell(`${id} is settled`, options, {
    path: `/migrations/debts/${segment(id)}/settle`,
    method: 'POST',
    body: { why, ...(confirm !== undefined && { confirm }) },
  });
}

const WORDS: Readonly<Record<string, string>> = {
  there: 'would be deleted',
  gone: 'is gone',
  another: 'is another one now, and stays',
  unread: 'is not known',
};

export function debtText(debt: DebtNowAnswer): string {
  const { id, app, cluster, clusterState, why, objects } = debt;
  const rows = objects.map(({ kind, namespace, name, uid, state, why: words }) => [
    `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
    uid,
    [WORDS[state], ...(words === undefined ? [] : [words])].join(': '),
  ]);
  const head = `${id}: ${app} is drained in ${cluster} (${clusterState}): ${why}\n`;
  return `${head}${toTable(['OBJECT', 'UID', 'NOW'], rows)}`;
}
