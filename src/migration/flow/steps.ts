// The steps of moving one app, in order, and how each is called in the journal. Pure.
//
//     preflight            everything that stands against it, once more
//     reserve              room is booked
//     apply.N              object N of the plan, from what pods read to what leads to them
//     ready                pods, endpoints, a probe through each ingress node
//     late.N               autoscalers: they would undo the plan's number before
//     shift.P              P per cent of the source's part go over, in one commit, gated
//     bake                 the source is at 0, its pods run on
//     drain                its last requests end
//     delete.N             object N of the source, only by proof
//     owe                  offline: what the source still has, for when it returns
//     finish               records, room and holds: the rule weighs again
//
// The way back: back.weights, back.drain, back.N (an object that came, removed), back.release.

import { resultOf, type Job, type StepResult } from '../../jobs/record.ts';
import type { MigrationPlan, PlannedApp, PlannedObject } from '../plan/model.ts';
import { PERCENTS } from '../plan/weights.ts';

/** One step of one app. */
export interface Step {
  readonly app: string;
  readonly name: string;
}

export const idOf = ({ app, name }: Step): string => `${app}:${name}`;

/** App names have no colon. */
export function stepOf(id: string): Step {
  const at = id.indexOf(':');
  return { app: id.slice(0, at), name: id.slice(at + 1) };
}

/** Goes at the source, in this order; what pods read may be another's too, and stays. */
const LEAVES: readonly string[] = [
  'HorizontalPodAutoscaler',
  'Ingress',
  'HTTPRoute',
  'Rollout',
  'Deployment',
  'StatefulSet',
  'Service',
];

export function forwardSteps(app: PlannedApp, mode: MigrationPlan['mode']): string[] {
  const of = (late: boolean): PlannedObject[] => app.objects.filter((one) => one.late === late);
  return [
    'preflight',
    'reserve',
    ...of(false).map(({ step }) => `apply.${step}`),
    'ready',
    ...of(true).map(({ step }) => `late.${step}`),
    ...PERCENTS.map((percent) => `shift.${percent}`),
    'bake',
    'drain',
    ...(mode === 'offline' ? ['owe'] : leaving(app).map(({ step }) => `delete.${step}`)),
    'finish',
  ];
}

/** What goes at the source, in that order. */
export function leaving({ objects }: PlannedApp): PlannedObject[] {
  const order = ({ manifest }: PlannedObject): number => LEAVES.indexOf(manifest.kind);
  return objects
    .filter((one) => order(one) >= 0)
    .toSorted((a, b) => order(a) - order(b) || a.step - b.step);
}

/** Of what was begun; an object is removed also where nobody knows whether it came. */
export function backSteps(job: Pick<Job, 'steps'>, { app, objects }: PlannedApp): string[] {
  const begun = (name: string): boolean => Object.hasOwn(job.steps, idOf({ app, name }));
  const came = objects
    .filter(({ step, late }) => begun(`${late ? 'late' : 'apply'}.${step}`))
    .toSorted((a, b) => b.step - a.step);
  return [
    ...(came.length > 0 ? ['back.weights', 'back.drain'] : []),
    ...came.map(({ step }) => `back.${step}`),
    ...(begun('reserve') ? ['back.release'] : []),
  ];
}

export function outcomeOf(job: Pick<Job, 'steps'>, step: Step): StepResult['kind'] | undefined {
  return resultOf(job, idOf(step))?.kind;
}

/** Done, or a person took it as done. */
export function isPast(kind: StepResult['kind'] | undefined): boolean {
  return kind === 'done' || kind === 'skipped';
}
