// `ballast migration …`: moving apps from one cluster to another.

import { Command, Option } from 'commander';
import { COMMANDS } from '../jobs/commands.ts';
import type { PlanAnswer, RehearsalAnswer } from '../api/migration-shapes.ts';
import { addPlaceOptions, callerOf } from './asking.ts';
import type { PlaceOptions } from './contexts.ts';
import { addDebtCommands } from './debts.ts';
import { EXIT } from './exit-codes.ts';
import { addJobWatch, addJobWord, begunText, type Begun } from './job.ts';
import { planText, rehearsalText } from './migration-text.ts';
import { formatItem, type Format } from './output.ts';

interface MoveOptions extends PlaceOptions {
  readonly from: string;
  readonly to: string;
  readonly mode: string;
  readonly stateful: boolean;
  readonly degrade: boolean;
  readonly adopt: boolean;
}

interface PlanOptions extends MoveOptions {
  readonly output: Format;
}

interface ApplyOptions extends MoveOptions {
  readonly digest?: string;
}

export function migrationCommand(): Command {
  const migration = new Command('migration').description('moving apps between clusters');
  addMoveOptions(migration.command('plan'))
    .description('what a migration would do, and what stands against it; nothing is touched')
    .addOption(formatOption())
    .action(plan);
  addMoveOptions(migration.command('apply'))
    .description('carry a plan out, as a job')
    .option('--digest <digest>', 'of the plan that was looked at: another one is refused')
    .action(apply);
  addJobWatch(migration);
  for (const name of COMMANDS) addJobWord(migration, name);
  addJobWord(migration, 'abort', 'rollback');
  addPlaceOptions(migration.command('rehearse'))
    .description('for each cluster, as if it died now: what would come back, and where')
    .option('--last', 'the last one, instead of one now', false)
    .addOption(formatOption())
    .action(rehearse);
  addDebtCommands(migration);
  return migration;
}

function addMoveOptions(command: Command): Command {
  return addPlaceOptions(command)
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
    .option('--adopt', 'take over objects that are there and not ours', false);
}

async function apply(apps: readonly string[], options: ApplyOptions): Promise<void> {
  const { from, to, mode, stateful, degrade, adopt, digest } = options;
  const caller = await callerOf(options);
  const asked = { apps, from, to, mode, stateful, degrade, adopt };
  const { body: job } = await caller.ask<Begun>('/migrations', {
    method: 'POST',
    body: { ...asked, ...(digest !== undefined && { digest }) },
  });
  process.stdout.write(begunText(job));
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
