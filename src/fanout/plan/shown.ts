// A plan as it may leave the program: without the way to what its Secrets hold.

import type { Plan } from './plan.ts';

export function shownPlan(plan: Plan): Plan {
  const { secrets: _, ...shown } = plan;
  return shown;
}
