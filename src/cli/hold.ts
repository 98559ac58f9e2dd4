// `ballast hold …`: the words of persons and jobs over automatic weights.

import { Command, Option } from 'commander';
import type { HoldAnswered } from '../api/shapes.ts';
import { addPlaceOptions, callerOf, endOf, wholeNumber } from './asking.ts';
import { segment } from './caller.ts';
import type { PlaceOptions } from './contexts.ts';
import { addListOptions, formatList, type ListOptions, type Shape } from './output.ts';
import { age } from './table.ts';
import { addTellingOptions, tell, type TellingOptions } from './telling.ts';

const SHAPE: Shape<HoldAnswered> = {
  nameOf: ({ id }) => `hold/${id}`,
  columns: [
    { head: 'ID', of: ({ id }) => id },
    { head: 'KIND', of: ({ kind }) => kind },
    { head: 'APP', of: ({ app }) => app },
    { head: 'CLUSTER', of: ({ cluster }) => cluster },
    { head: 'SERVER', of: ({ server }) => server },
    { head: 'WEIGHT', of: ({ weight }) => weight },
    { head: 'AGE', of: ({ ageSeconds }) => age(ageSeconds) },
    {
      head: 'UNTIL',
      of: ({ until, forgotten }) => until ?? (forgotten ? 'forgotten?' : undefined),
    },
    { head: 'WHO', of: ({ who }) => who },
    { head: 'WHY', of: ({ why }) => why },
  ],
};

interface CreateOptions extends TellingOptions {
  readonly kind: string;
  readonly app?: string;
  readonly cluster?: string;
  readonly serverAddress?: string;
  readonly weight?: number;
  readonly why: string;
  readonly until?: string;
  readonly over?: number;
  readonly id?: string;
  readonly allowEmpty?: true;
}

export function holdCommand(): Command {
  const hold = new Command('hold').description('drains, pins and freezes that stand');
  addListOptions(addPlaceOptions(hold.command('list')))
    .description('all holds')
    .action(async (options: PlaceOptions & ListOptions) => {
      const caller = await callerOf(options);
      const { body } = await caller.ask<{ readonly items: readonly HoldAnswered[] }>('/holds');
      process.stdout.write(await formatList(body, SHAPE, options));
    });
  addTellingOptions(hold.command('create'))
    .description('say one')
    .addOption(
      new Option('--kind <kind>', 'drain: 0; pin: this weight; freeze: the last')
        .choices(['drain', 'pin', 'freeze'])
        .makeOptionMandatory(),
    )
    .option('--app <app>', 'of this app')
    .option('--cluster <cluster>', 'of this cluster’s servers, or vm')
    .option('--server-address <address>', 'of this server: IPv4:port or [IPv6]:port')
    .option('--weight <weight>', 'of a pin', wholeNumber('--weight', 0, 6_553_500))
    .requiredOption('--why <text>', 'for those who find it')
    .option('--until <time>', 'its end: 2026-01-31T12:00:00Z, or 30m, 2h, 1d from now')
    .option('--over <seconds>', 'a drain falls over this time', wholeNumber('--over', 1, 86_400))
    .option('--id <id>', 'default: made up')
    .option('--allow-empty', 'also where an app would lose its last server: an outage')
    .action(create);
  addTellingOptions(hold.command('delete'))
    .description('end one; weights rise again in steps')
    .argument('<id>')
    .action((id: string, options: TellingOptions) =>
      tell('lifted', options, { path: `/holds/${segment(id)}`, method: 'DELETE' }),
    );
  return hold;
}

async function create(options: CreateOptions): Promise<void> {
  const { kind, app, cluster, serverAddress, weight, why, until, over, id, allowEmpty } = options;
  const all = {
    id,
    kind,
    app,
    cluster,
    server: serverAddress,
    weight,
    why,
    until: until === undefined ? undefined : endOf(until),
    rampSeconds: over,
    allowEmpty,
  };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  await tell(`${kind} stands`, options, {
    path: '/holds',
    method: 'POST',
    body: Object.fromEntries(given),
  });
}
