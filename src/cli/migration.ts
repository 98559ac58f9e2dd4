// `ballast migration …`: moving apps from one cluster to another.

import { Command, Option } from 'commander';
import type { PlanAnswer, RehearsalAnswer } from '../api/migration-shapes.ts';
import { addPlaceOptions, callerOf } from './asking.ts';
import type { PlaceOptions } from './contexts.ts';
import { EXIT } from './exit-codes.ts';
import { planText, rehearsalText } from './migration-text.ts';
import { formatItem, type Format } from './output.ts';

interface PlanOptions extends PlaceOptions {
  readonly from: string;
  readonly to: string;
  readonly mode: string;
  readonly stateful: boolean;
  readonly degrade: boolean;
  readonly adopt: boolean;
  readonly output: Format;
}

export function migrationCommand(): Command {
  const migration = new Command('migration').description('moving apps between clusters');
  addPlaceOptions(migration.command('plan'))
    .description('what a migration would do, and what stands against it; nothing is touched')
    .argument('<app...>', 'APP or NAMESPACE/APP')
    .requiredOption('--from <cluster>', 'where they are')
    .requiredOption('--to <cluster>', 'where they go')
    .addOption(
      new Option('--mode <mode>', 'evacuate: the app is ill; offline: from a backup')
        .choices(['online', 'evacuate', 'offline'])
        .default('online'),
    )
    .option('--stateful', 'apps that keep data too; the data is not moved', false)
    .option('--degrade', 'fewer pods where room is short', false)
    .option('--adopt', 'take over objects that are there and not ours', false)
    .addOption(formatOption())
    .action(plan);
  addPlaceOptions(migration.command('rehearse'))
    .description('for each cluster, as if it died now: what would come back, and where')
    .option('--last', 'the last one, instead of one now', false)
    .addOption(formatOption())
    .action(rehearse);
  return migration;
}

function formatOption(): Option {
  return new Option('-o, --output <format>', 'how the answer is written')
    .choices(['table', 'json', 'yaml'])
    .default('table');
}

async function plan(apps: readonly string[], options: PlanOptions): Promise<void> {
  const { from, to, mode, stateful, degrade, adopt, output: format } = options;
  const caller = await callerOf(options);
  const { body } = await caller.ask<PlanAnswer>('/migrations/plan', {
    method: 'POST',
    body: { apps, from, to, mode, stateful, degrade, adopt },
  });
  const shape = { nameOf: () => `plan/${body.digest}`, columns: [] };
  process.stdout.write(await formatItem(body, shape, { format, text: () => planText(body) }));
  process.exitCode = body.ok ? EXIT.ok : EXIT.refused;
}

interface RehearseOptions extends PlaceOptions {
  readonly last: boolean;
  readonly output: Format;
}

async function rehearse(options: RehearseOptions): Promise<void> {
  const caller = await callerOf(options);
  const { body } = options.last
    ? await caller.ask<RehearsalAnswer>('/migrations/rehearsal')
    : await caller.ask<RehearsalAnswer>('/migrations/rehearse', { method: 'POST' });
  const shape = { nameOf: () => `rehearsal/${body.at}`, columns: [] };
  const { output: format } = options;
  process.stdout.write(await formatItem(body, shape, { format, text: () => rehearsalText(body) }));
  process.exitCode = body.clusters.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed;
}
