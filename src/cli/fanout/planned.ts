// A plan as the command line asks for it: against the clusters of a configuration, or a list of clusters of
// which nothing is read.
//
// Comes in: a source and a place. Goes out: a plan. On failure: a CommandFailure or a ConfigError. Nothing
// is written anywhere.

import { type Plan, planFanout } from '../../fanout/plan/plan.ts';
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
  // With it comes all of the program, which a list of clusters does not need.
  const { planOfConfig } = await import('./configured.ts');
  return await planOfConfig(source, config, place);
}
