// `ballast fanout …`: one deployment to several clusters.

import { Command, Option } from 'commander';
import { addPlaceOptions as addControllerOptions } from './asking.ts';
import type { ApplyOptions } from './fanout/apply.ts';
import { addPlaceOptions, addRoomOptions, addSourceOptions } from './fanout/options.ts';
import type { PlanCommandOptions } from './fanout/plan.ts';

export function fanoutCommand(): Command {
  const fanout = new Command('fanout').description('one deployment to several clusters');
  asked(fanout.command('plan'))
    .description('what each cluster would get, and why; nothing is written')
    .addOption(
      new Option('-o, --output <format>', 'how the plan is written')
        .choices(['text', 'json'])
        .default('text'),
    )
    .action(async (options: PlanCommandOptions) =>
      (await import('./fanout/plan.ts')).planCommand(options),
    );
  asked(fanout.command('explain'))
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
  addControllerOptions(addRoomOptions(addSourceOptions(fanout.command('apply'))))
    .description('bring it out, as a job of the controller')
    .option(
      '--plan <file>',
      'as ballast fanout plan -o json wrote it: refused where it is another now',
    )
    .action(async (options: ApplyOptions) =>
      (await import('./fanout/apply.ts')).applyCommand(options),
    );
  return fanout;
}

/** Of a list of clusters, of those of a configuration, or, without either, of the controller. */
function asked(command: Command): Command {
  return addControllerOptions(addPlaceOptions(addRoomOptions(addSourceOptions(command))));
}
