// `ballast app …`: apps, and why their servers have the weights they have.

import { Command } from 'commander';
import type { AppAnswer, AppSummaryAnswer } from '../api/shapes.ts';
import { addPlaceOptions, callerOf, endOf, wholeNumber } from './asking.ts';
import { segment } from './caller.ts';
import type { PlaceOptions } from './contexts.ts';
import { explain } from './explained.ts';
import {
  addListOptions,
  formatItem,
  formatList,
  type ListOptions,
  outputOption,
  type Shape,
} from './output.ts';
import { addTellingOptions, tell, type TellingOptions } from './telling.ts';
import { printChanges, whileWatching } from './watching.ts';

const MAX_VERSION = Number.MAX_SAFE_INTEGER;

interface RevertOptions extends TellingOptions {
  readonly to: number;
  readonly why: string;
  readonly until?: string;
}

interface GetOptions extends PlaceOptions, ListOptions {
  readonly watch: boolean;
}

const SUMMARY: Shape<AppSummaryAnswer> = {
  nameOf: ({ name }) => `app/${name}`,
  columns: [
    { head: 'NAME', of: ({ name }) => name },
    { head: 'PODS', of: ({ pods }) => pods },
    { head: 'SERVERS', of: ({ servers }) => servers },
    { head: 'VERSION', of: ({ version }) => version ?? undefined },
    { head: 'HOSTS', of: ({ hosts }) => hosts.join(','), wide: true },
    { head: 'REASON', of: ({ refused }) => refused?.text },
  ],
};

export function appCommand(): Command {
  const app = new Command('app').description('apps, and why a server has its weight');
  addListOptions(addPlaceOptions(app.command('get')))
    .description('all apps, or one with its servers')
    .argument('[app]')
    .option('-w, --watch', 'again with each commit', false)
    .action(get);
  addPlaceOptions(app.command('explain'))
    .description('the sum behind each weight of an app')
    .argument('<app>')
    .addOption(outputOption())
    .action((name: string, options: GetOptions) => get(name, options));
  addPlaceOptions(app.command('watch'))
    .description('a line for each weight that changes, until it is ended')
    .argument('[app]')
    .action(async (name: string | undefined, options: PlaceOptions) =>
      printChanges(await callerOf(options), name),
    );
  addTellingOptions(app.command('adopt'))
    .description('take over an app that an edge endpoint owns')
    .argument('<app>')
    .action((name: string, options: TellingOptions) =>
      tell(`${name} is the controller’s`, options, {
        path: `/apps/${segment(name)}/adopt`,
        method: 'POST',
      }),
    );
  addTellingOptions(app.command('revert'))
    .description('back to the weights of an earlier version, as a freeze')
    .argument('<app>')
    .requiredOption('--to <version>', 'of the app’s history', wholeNumber('--to', 1, MAX_VERSION))
    .requiredOption('--why <text>', 'for those who find it')
    .option('--until <time>', 'its end: 2026-01-31T12:00:00Z, or 30m, 2h, 1d from now')
    .action(revert);
  addTellingOptions(app.command('delete'))
    .description('delete the upstream of an app that nobody names any more')
    .argument('<app>')
    .requiredOption('--confirm <app>', 'the name again')
    .action((name: string, options: TellingOptions & { readonly confirm: string }) =>
      tell(`${name} is deleted`, options, {
        path: `/apps/${segment(name)}`,
        method: 'DELETE',
        query: { confirm: options.confirm },
      }),
    );
  return app;
}

async function revert(
  name: string,
  { to: version, why, until, ...options }: RevertOptions,
): Promise<void> {
  const body = { version, why, ...(until !== undefined && { until: endOf(until) }) };
  const path = `/apps/${segment(name)}/revert`;
  await tell(`${name} is back at version ${version}`, options, { path, method: 'POST', body });
}

async function get(name: string | undefined, options: GetOptions): Promise<void> {
  const { output: format, watch } = options;
  const caller = await callerOf(options);
  const print = async (): Promise<void> => {
    if (name === undefined) {
      const { body } = await caller.ask<{ items: AppSummaryAnswer[] }>('/apps');
      process.stdout.write(await formatList(body, SUMMARY, options));
      return;
    }
    const { body } = await caller.ask<AppAnswer>(`/apps/${segment(name)}`);
    process.stdout.write(await formatItem(body, EXPLAINED, { format, text: () => explain(body) }));
  };
  await (watch ? whileWatching(caller, print) : print());
}

const EXPLAINED: Shape<AppAnswer> = {
  nameOf: ({ name }) => `app/${name}`,
  columns: [],
};
