// `ballast weight …`: the published weights, and a pin over one.

import { Command } from 'commander';
import type { UpstreamAnswer } from '../api/shapes.ts';
import { addPlaceOptions, callerOf, endOf, wholeNumber } from './asking.ts';
import { segment } from './caller.ts';
import type { PlaceOptions } from './contexts.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';
import { addListOptions, formatList, type ListOptions, type Shape } from './output.ts';
import { percent } from './table.ts';
import { addTellingOptions, tell, type TellingOptions } from './telling.ts';
import { whileWatching } from './watching.ts';

interface Weight {
  readonly app: string;
  readonly address: string;
  readonly from: string;
  readonly weight: number;
  readonly auto?: number;
  readonly share: number;
}

const SHAPE: Shape<Weight> = {
  nameOf: ({ app, address }) => `weight/${app}/${address}`,
  columns: [
    { head: 'APP', of: ({ app }) => app },
    { head: 'SERVER', of: ({ address }) => address },
    { head: 'FROM', of: ({ from }) => from },
    { head: 'WEIGHT', of: ({ weight }) => weight },
    { head: 'AUTO', of: ({ auto }) => auto },
    { head: 'SHARE', of: ({ share }) => percent(share) },
  ],
};

interface PinOptions extends TellingOptions {
  readonly serverAddress?: string;
  readonly cluster?: string;
  readonly weight: number;
  readonly why: string;
  readonly until?: string;
}

export function weightCommand(): Command {
  const weight = new Command('weight').description('published weights, and a pin over one');
  addListOptions(addPlaceOptions(weight.command('get')))
    .description('of all servers, or of one app’s')
    .argument('[app]')
    .option('-w, --watch', 'again with each commit', false)
    .action(get);
  addTellingOptions(weight.command('pin'))
    .description('a server’s weight, or the sum of a cluster’s, until the pin is lifted')
    .argument('<app>')
    .option('--server-address <address>', 'of this server: IPv4:port or [IPv6]:port')
    .option('--cluster <cluster>', 'the sum of this cluster’s servers, or vm')
    .requiredOption('--weight <weight>', 'whole number', wholeNumber('--weight', 0, 6_553_500))
    .requiredOption('--why <text>', 'for those who find it')
    .option('--until <time>', 'its end: 2026-01-31T12:00:00Z, or 30m, 2h, 1d from now')
    .action(pin);
  return weight;
}

async function get(
  app: string | undefined,
  options: PlaceOptions & ListOptions & { readonly watch: boolean },
): Promise<void> {
  const caller = await callerOf(options);
  const print = async (): Promise<void> => {
    const upstreams =
      app === undefined
        ? (await caller.ask<{ readonly items: readonly UpstreamAnswer[] }>('/upstreams')).body.items
        : [(await caller.ask<UpstreamAnswer>(`/upstreams/${segment(app)}`)).body];
    const answer = { items: upstreams.flatMap(weightsOf) };
    process.stdout.write(await formatList(answer, SHAPE, options));
  };
  await (options.watch ? whileWatching(caller, print) : print());
}

function weightsOf({ app, servers }: UpstreamAnswer): Weight[] {
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  return servers.map((server) => ({
    app,
    ...server,
    share: total === 0 ? 0 : server.weight / total,
  }));
}

async function pin(app: string, options: PinOptions): Promise<void> {
  const { serverAddress, cluster, weight, why, until } = options;
  if (serverAddress === undefined && cluster === undefined) {
    throw new CommandFailure(EXIT.failed, 'weight pin: needs --server-address or --cluster');
  }
  await tell(`${app} is pinned`, options, {
    path: '/holds',
    method: 'POST',
    body: {
      kind: 'pin',
      app,
      weight,
      why,
      ...(serverAddress !== undefined && { server: serverAddress }),
      ...(cluster !== undefined && { cluster }),
      ...(until !== undefined && { until: endOf(until) }),
    },
  });
}
