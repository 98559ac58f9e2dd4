// `ballast fanout plan`, carried out.
//
// Comes in: files of manifests, and a configuration, a list of clusters, or a controller. Goes out: the plan on the
// standard output; exit code 0 where all is as it should be, 2 where something would change. On failure:
// what is wrong in the files, a line each (1), or the faults of a plan that would not be applied (5).
// Nothing is written anywhere.

import type { Plan } from '../../fanout/plan/plan.ts';
import { hasChanges, planText } from '../../fanout/plan/text.ts';
import { EXIT } from '../exit-codes.ts';
import { type PlannedOptions, planOf } from './planned.ts';

export type PlanCommandOptions = PlannedOptions & { readonly output: 'text' | 'json' };

export async function planCommand(options: PlanCommandOptions): Promise<void> {
  const plan = await planOf(options);
  const shown = options.output === 'json' ? `${JSON.stringify(plan, null, 2)}\n` : planText(plan);
  process.stdout.write(shown);
  process.exitCode = exitCodeOf(plan);
}

export function exitCodeOf(plan: Plan): number {
  if (plan.faults.length > 0) return EXIT.refused;
  return hasChanges(plan) ? EXIT.changes : EXIT.ok;
}
