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
  addPlaceOptions(addSourceOptions(fanout.command('explain')))
    .description(
      'the rule behind a number: who placed an object, and what made each cluster’s share',
    )
    .argument('<object>', 'its name, KIND/NAME or KIND/NAMESPACE/NAME')
    .addOption(
      new Option('-o, --output <format>', 'how it is written')
        .choices(['text', 'json'])
        .default('text'),
    )
    .action(async (object: string, options: PlanCommandOptions) =>
      (await import('./fanout/explain.ts')).explainCommand(object, options),
    );
  return fanout;
}
