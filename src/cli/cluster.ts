// `ballast cluster …`: how each cluster is seen; draining one, and giving it back.

import { Command } from 'commander';
import type { ClusterAnswer, HoldAnswered } from '../api/shapes.ts';
import { addPlaceOptions, callerOf, endOf, wholeNumber } from './asking.ts';
import { segment } from './caller.ts';
import type { PlaceOptions } from './contexts.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';
import { needCluster } from './named.ts';
import { addListOptions, formatList, type ListOptions, type Shape } from './output.ts';
import { age } from './table.ts';
import { addTellingOptions, tell, type TellingOptions } from './telling.ts';

const SHAPE: Shape<ClusterAnswer> = {
  nameOf: ({ name }) => `cluster/${name}`,
  columns: [
    { head: 'NAME', of: ({ name }) => name },
    { head: 'STATE', of: ({ state }) => state },
    { head: 'AGE', of: ({ ageSeconds }) => age(ageSeconds) },
    { head: 'NODES', of: ({ ingressNodes }) => ingressNodes.length },
    { head: 'LEFT OUT', of: ({ leftOut }) => leftOut.length },
    {
      head: 'ADDRESSES',
      of: ({ ingressNodes }) => ingressNodes.map(({ address }) => address).join(','),
      wide: true,
    },
    {
      head: 'WHY LEFT OUT',
      of: ({ leftOut }) => leftOut.map(({ name, reason }) => `${name}: ${reason}`).join(', '),
      wide: true,
    },
    { head: 'RELISTS', of: ({ relists }) => relists, wide: true },
    { head: 'REASON', of: ({ reason }) => reason },
  ],
};

interface DrainOptions extends TellingOptions {
  readonly why: string;
  readonly until?: string;
  readonly app?: string;
  readonly over?: number;
  readonly allowEmpty?: true;
}

export function clusterCommand(): Command {
  const cluster = new Command('cluster').description('clusters: how they are seen, drain, undrain');
  addListOptions(addPlaceOptions(cluster.command('get')))
    .description('all clusters, or one')
    .argument('[cluster]')
    .action(get);
  addTellingOptions(cluster.command('drain'))
    .description('no new request to its servers, of all apps or of one')
    .argument('<cluster>')
    .requiredOption('--why <text>', 'for those who find it')
    .option('--until <time>', 'its end: 2026-01-31T12:00:00Z, or 30m, 2h, 1d from now')
    .option('--app <app>', 'only of this app')
    .option('--over <seconds>', 'fall over this time', wholeNumber('--over', 1, 86_400))
    .option('--allow-empty', 'also where an app would lose its last server: an outage')
    .action(drain);
  addTellingOptions(cluster.command('undrain'))
    .description('ends its drains; its servers rise again in steps')
    .argument('<cluster>')
    .option('--app <app>', 'only the drains of this app')
    .action(undrain);
  addTellingOptions(cluster.command('delete'))
    .description('takes a cluster’s servers away that nobody names any more')
    .argument('<cluster>')
    .requiredOption('--confirm <cluster>', 'the name again')
    .action((name: string, options: TellingOptions & { readonly confirm: string }) =>
      tell(`${name} is deleted`, options, {
        path: `/clusters/${segment(name)}`,
        method: 'DELETE',
        query: { confirm: options.confirm },
      }),
    );
  return cluster;
}

async function get(name: string | undefined, options: PlaceOptions & ListOptions): Promise<void> {
  const caller = await callerOf(options);
  const { body } = await caller.ask<{ readonly items: readonly ClusterAnswer[] }>('/clusters');
  const items = body.items.filter((one) => name === undefined || one.name === name);
  if (name !== undefined && items.length === 0) {
    throw new CommandFailure(EXIT.notFound, `cluster-unknown: no cluster ${name}`);
  }
  const answer = name === undefined ? body : { items };
  process.stdout.write(await formatList(answer, SHAPE, options));
}

async function drain(cluster: string, options: DrainOptions): Promise<void> {
  const { why, until, app, over, allowEmpty } = options;
  const hold = {
    kind: 'drain',
    cluster,
    why,
    ...(app !== undefined && { app }),
    ...(until !== undefined && { until: endOf(until) }),
    ...(over !== undefined && { rampSeconds: over }),
    ...(allowEmpty && { allowEmpty }),
  };
  await needCluster(cluster, options);
  await tell(`${cluster} is drained`, options, { path: '/holds', method: 'POST', body: hold });
}

async function undrain(
  cluster: string,
  options: TellingOptions & { readonly app?: string },
): Promise<void> {
  const caller = await callerOf(options);
  const { body } = await caller.ask<{ readonly items: readonly HoldAnswered[] }>('/holds');
  const drains = body.items.filter(
    (hold) =>
      hold.kind === 'drain' &&
      hold.cluster === cluster &&
      hold.server === undefined &&
      hold.app === options.app,
  );
  if (drains.length === 0) {
    const scope = options.app === undefined ? cluster : `${options.app} in ${cluster}`;
    throw new CommandFailure(EXIT.notFound, `hold-unknown: no drain of ${scope} stands`);
  }
  await tell(`${cluster} is given back`, options, {
    path: '/holds',
    method: 'POST',
    body: { holds: [], lift: drains.map(({ id }) => id) },
  });
}
