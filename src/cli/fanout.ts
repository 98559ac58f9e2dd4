// `ballast fanout …`: one deployment to several clusters.

import { Command, Option } from 'commander';
import { addPlaceOptions, addSourceOptions } from './fanout/options.ts';
import type { PlanCommandOptions } from './fanout/plan.ts';

export function fanoutCommand(): Command {
  const fanout = new Command('fanout').description('one deployment to several clusters');
  addPlaceOptions(addSourceOptions(fanout.command('plan')))
    .description('what each cluster would get, and why; nothing is written')
    .addOption(
      new Option('-o, --output <format>', 'how the plan is written')
        .choices(['text', 'json'])
        .default('text'),
    )
    .action(async (options: PlanCommandOptions) =>
      (await import('./fanout/plan.ts')).planCommand(options),
    );
  return fanout;
}
