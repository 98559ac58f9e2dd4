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
//     delete.N             object N of the source, only by proof, unless others there need it
//     owe                  offline: what the source still has, for when it returns
//     finish               records, room and holds: the rule weighs again
//
// The way back: back.weights, back.drain, back.N (an object that came, removed), back.release.
//
// The way home, once something of the source may be gone:
//
//     again.N              object N of the source is made again, from the record of its deletion
//     return.ready         pods, endpoints, probes: there
//     return.P             P per cent are still away, gated as a shift; at 0 all is as before
//     return.drain         the destination's last requests end
//     back.N, back.release as on the way back, but only by proof
//
// The last step is the job's, not an app's: clear, or clear-again once it is aborted (jobs/last-step.ts).

import { NOT_BEGUN, resultOf, type Job, type StepResult } from '../../jobs/record.ts';
import { LEAVING } from '../kinds.ts';
import type { MigrationPlan, PlannedApp, PlannedObject } from '../plan/model.ts';
import { PERCENTS } from '../plan/weights.ts';

/** One step of one app. */
export interface Step {
  readonly app: string;
  readonly name: string;
}

export const idOf = ({ app, name }: Step): string => `${app}:${name}`;

/** App names have no colon; a step of the job's own has none, and no app. */
export function stepOf(id: string): Step {
  const at = Math.max(0, id.indexOf(':'));
  return { app: id.slice(0, at), name: at === 0 ? id : id.slice(at + 1) };
}

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

/**
 * What goes at the source, in that order. What others need there comes last: of several apps the last one
 * that goes finds nobody left who needs it, and takes it along.
 */
export function leaving({ objects }: PlannedApp): PlannedObject[] {
  const order = ({ manifest }: PlannedObject): number => LEAVING.indexOf(manifest.kind);
  const last = ({ shared }: PlannedObject): number => (shared ? 1 : 0);
  return objects
    .filter((one) => order(one) >= 0)
    .toSorted((a, b) => last(a) - last(b) || order(a) - order(b) || a.step - b.step);
}

/**
 * Of what was begun; an object is removed also where nobody knows whether it came. Where the journal was
 * doubted it has not all: everything is looked at.
 */
export function backSteps(
  { steps, doubted }: Pick<Job, 'steps' | 'doubted'>,
  { app, objects }: PlannedApp,
): string[] {
  const begun = (name: string): boolean =>
    doubted === true || Object.hasOwn(steps, idOf({ app, name }));
  const came = objects
    .filter(({ step, late }) => begun(`${late ? 'late' : 'apply'}.${step}`))
    .toSorted((a, b) => b.step - a.step);
  return [
    ...(came.length > 0 ? ['back.weights', 'back.drain'] : []),
    ...came.map(({ step }) => `back.${step}`),
    ...(begun('reserve') ? ['back.release'] : []),
  ];
}

type Steps = Pick<Job, 'steps'>;

/** Whether something of the source may be gone. */
export function hasLeft(job: Steps, app: PlannedApp): boolean {
  return leftOf(job, app).length > 0;
}

/** Whose deletion was begun, in the order of deletions. */
function leftOf({ steps }: Steps, app: PlannedApp): PlannedObject[] {
  return leaving(app).filter(({ step }) => {
    const id = idOf({ app: app.app, name: `delete.${step}` });
    return Object.hasOwn(steps, id) && steps[id]?.intent.text !== NOT_BEGUN;
  });
}

/** From Services to autoscalers: as they left, the last first. */
export function homeSteps(job: Steps, app: PlannedApp): string[] {
  const again = leftOf(job, app).toReversed();
  const away = [...PERCENTS.filter((percent) => percent < 100).toReversed(), 0];
  return [
    ...again.map(({ step }) => `again.${step}`),
    'return.ready',
    ...away.map((percent) => `return.${percent}`),
    'return.drain',
    ...backSteps(job, app).filter((name) => !['back.weights', 'back.drain'].includes(name)),
  ];
}

export function outcomeOf(job: Pick<Job, 'steps'>, step: Step): StepResult['kind'] | undefined {
  return resultOf(job, idOf(step))?.kind;
}

/** Done, or a person took it as done. */
export function isPast(kind: StepResult['kind'] | undefined): boolean {
  return kind === 'done' || kind === 'skipped';
}
