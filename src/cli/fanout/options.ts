// Options that the commands of fan-outs share. Apart from what they lead to, so that help comes at once.

import { type Command, Option } from 'commander';
import { wholeNumber } from '../asking.ts';

export interface SourceOptions {
  readonly file: readonly string[];
  readonly name?: string;
  readonly federatedNamespace?: readonly string[];
  readonly karmadaDivision: 'webster' | 'legacy';
  readonly reschedule: boolean;
  readonly adopt: boolean;
  readonly prune: boolean;
  readonly strictTotal: boolean;
  readonly cronJobs: boolean;
  readonly initContainers: boolean;
  readonly registry?: readonly string[];
  readonly return?: readonly string[];
}

export function addSourceOptions(command: Command): Command {
  return command
    .requiredOption(
      '-f, --file <file...>',
      'manifests: Federation v1, KubeFed, Karmada, FanOut; - is stdin',
    )
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
    .option('--return <app...>', 'apps that come back to where a migration took them from');
}

export interface PlaceOptions {
  readonly config?: string;
  readonly clusters?: string;
  readonly timeout: number;
  readonly dryRun: boolean;
}

export interface RoomOptions {
  readonly room: boolean;
  readonly headroom: number;
  readonly degrade: boolean;
}

export function addPlaceOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--config <file>', 'configuration: its clusters, and what lives there').conflicts(
        'clusters',
      ),
    )
    .option('--clusters <file>', 'clusters in YAML, of which nothing is read')
    .option('--no-dry-run', 'ask no cluster what it would make of a change')
    .option('--timeout <seconds>', 'how long a cluster may take to answer', Number, 10);
}

export function addRoomOptions(command: Command): Command {
  return command
    .option('--room', 'look whether the pods find room', false)
    .option('--headroom <percent>', 'of each node, what stays free', percent, 0)
    .option('--degrade', 'halve where they do not, and defer; core apps last', false);
}

const percent = wholeNumber('--headroom', 0, 99);
