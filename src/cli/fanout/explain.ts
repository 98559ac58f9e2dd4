// `ballast fanout explain OBJECT`, carried out.
//
// Comes in: what `fanout plan` takes, and an object. Goes out: the rule behind its numbers. On failure: as
// there; an object that the plan does not have is `notFound`. Nothing is written anywhere, and no cluster
// is asked for more than what lives there.

import { explain, explainText } from '../../fanout/plan/explain.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import type { PlanCommandOptions } from './plan.ts';
import { planOf } from './planned.ts';

export async function explainCommand(object: string, options: PlanCommandOptions): Promise<void> {
  const plan = await planOf({ ...options, dryRun: false });
  const found = explain(plan, object);
  if (found.length === 0) {
    const known = plan.totals.map((total) => total.object).join(', ');
    throw new CommandFailure(EXIT.notFound, `the plan has no ${object}; it has: ${known}`);
  }
  const { output } = options;
  const text = output === 'json' ? `${JSON.stringify(found, null, 2)}\n` : explainText(found);
  process.stdout.write(text);
}
