// A plan as it may leave the program: without the way to what its Secrets hold, nor how it is marked.

import type { Plan } from './plan.ts';

export function shownPlan(plan: Plan): Plan {
  const { secrets: _, keyed: __, ...shown } = plan;
  return shown;
}
