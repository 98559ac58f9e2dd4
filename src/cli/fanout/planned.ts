// A plan as the command line asks for it: against the clusters of a configuration, or a list of clusters of
// which nothing is read; without either the controller is asked, which has clusters of its own.
//
// Comes in: what was said. Goes out: a plan as it may be shown. On failure: a CommandFailure or a
// ConfigError. Nothing is written anywhere.

import { type Plan, planFanout } from '../../fanout/plan/plan.ts';
import { shownPlan } from '../../fanout/plan/shown.ts';
import type { PlaceOptions as ControllerOptions } from '../contexts.ts';
import { clustersFromFile } from './listed-clusters.ts';
import type { PlaceOptions, RoomOptions, SourceOptions } from './options.ts';
import { readSource, readText } from './source.ts';

export type PlannedOptions = SourceOptions & PlaceOptions & RoomOptions & ControllerOptions;

export async function planOf(options: PlannedOptions): Promise<Plan> {
  const { config, clusters } = options;
  if (clusters !== undefined) {
    const source = await readSource(options);
    const world = clustersFromFile(await readText(clusters));
    return shownPlan(planFanout(source.orders, world, source.options));
  }
  if (config !== undefined) {
    // With it comes all of the program, which a list of clusters does not need.
    const { planOfConfig } = await import('./configured.ts');
    return shownPlan(await planOfConfig(await readSource(options), config, options));
  }
  const { callerOf } = await import('../asking.ts');
  const { askPlan, submissionOf } = await import('./submission.ts');
  const submission = await submissionOf(options);
  return await askPlan(await callerOf(options), submission);
}
