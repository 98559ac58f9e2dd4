// `ballast fanout …`: one deployment to several clusters.

import { Command, Option } from 'commander';
import type { PlanCommandOptions } from './fanout/plan.ts';

export function fanoutCommand(): Command {
  const fanout = new Command('fanout').description('one deployment to several clusters');
  fanout
    .command('plan')
    .description('what each cluster would get, and why; nothing is written')
    .requiredOption(
      '-f, --file <file...>',
      'manifests: Federation v1, KubeFed, Karmada, FanOut; - is stdin',
    )
    .addOption(
      new Option('--config <file>', 'configuration: its clusters, and what lives there').conflicts(
        'clusters',
      ),
    )
    .option('--clusters <file>', 'clusters in YAML, of which nothing is read')
    .option('--name <name>', 'of the fan-out, where no FanOut says it')
    .option('--federated-namespace <name...>', 'KubeFed: federated to all clusters')
    .addOption(
      new Option('--karmada-division <way>', 'webster from Karmada 1.16 on')
        .choices(['webster', 'legacy'])
        .default('webster'),
    )
    .option('--reschedule', 'Karmada: divide anew what it would leave as it is', false)
    .option('--adopt', 'take over objects that someone else made', false)
    .option(
      '--prune',
      'delete what carries this fan-out’s label and is not written any more',
      false,
    )
    .option('--strict-total', 'replicas without a place or room are an error', false)
    .option('--cron-jobs', 'image, command and args overrides reach CronJobs', false)
    .option('--init-containers', 'they reach init containers', false)
    .option('--registry <host...>', 'registries that are nothing to warn of')
    .option('--timeout <seconds>', 'how long a cluster may take to answer', Number, 10)
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
