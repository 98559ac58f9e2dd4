// A plan as the command line asks for it: against the clusters of a configuration, or a list of clusters of
// which nothing is read.
//
// Comes in: a source and a place. Goes out: a plan; what could not be looked at stands on the error
// output. On failure: a CommandFailure or a ConfigError. Nothing is written anywhere.

import { pino } from 'pino';
import { clusterWorld } from '../../app.ts';
import { readOrders } from '../../clusters/named-orders.ts';
import { type Config, loadConfig } from '../../config.ts';
import { planLive } from '../../fanout/live/live.ts';
import { type Plan, planFanout } from '../../fanout/plan/plan.ts';
import type { AppNaming } from '../../fanout/plan/world.ts';
import { checkClusters } from '../../named.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { clustersFromFile } from './listed-clusters.ts';
import type { PlaceOptions } from './options.ts';
import { readText, type Source } from './source.ts';

export async function planOf(source: Source, place: PlaceOptions): Promise<Plan> {
  const { config, clusters } = place;
  if (clusters !== undefined) {
    return planFanout(source.orders, clustersFromFile(await readText(clusters)), source.options);
  }
  if (config === undefined) {
    throw new CommandFailure(EXIT.failed, 'name the clusters: --config FILE or --clusters FILE');
  }
  return await planOfConfig(source, config, place);
}

async function planOfConfig(
  { orders, options }: Source,
  file: string,
  { timeout, dryRun }: PlaceOptions,
): Promise<Plan> {
  const loaded = loadConfig(file, process.env);
  const world = clusterWorld(loaded, pino({ level: 'silent' }));
  const timeoutMs = timeout * 1000;
  await checkClusters(loaded, world);
  const named = await readOrders(loaded.config, world, timeoutMs);
  for (const text of named.trouble) process.stderr.write(`${text}\n`);
  const { plan, notes } = await planLive(orders, named.orders, world, {
    plan: { ...options, apps: namingOf(loaded.config) },
    timeoutMs,
    dryRun,
  });
  for (const note of notes) process.stderr.write(`${note}\n`);
  return plan;
}

function namingOf({ apps }: Config): AppNaming {
  const { discover, list = [] } = apps;
  return { list, ...(discover && { label: discover.services }) };
}
