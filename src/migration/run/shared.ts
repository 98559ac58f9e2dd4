// An object that several apps of one job bring along, as a Secret that all of them pull images with: who
// comes first makes it, and who goes back alone takes it from nobody. Pure.

import type { AppName } from '../../model.ts';
import { appState, type AppStateName } from '../flow/app-state.ts';
import { idOf } from '../flow/steps.ts';
import { nameOf } from '../manifests/manifest.ts';
import type { PlannedObject } from '../plan/model.ts';
import type { Before } from './apply.ts';
import type { Doing } from './doing.ts';
import { stepOfObject } from './there.ts';

type Of = Pick<Doing, 'job' | 'app'>;

const GOES: ReadonlySet<AppStateName> = new Set(['RollingBack', 'RolledBack']);

/** An app that needs it there, and stays. */
export function neededBy(doing: Of, object: PlannedObject): AppName | undefined {
  const { job } = doing;
  return sharers(doing, object).find(({ app, step }) => {
    const hasCome = job.doubted === true || Object.hasOwn(job.steps, step);
    return hasCome && !GOES.has(appState(job, app).state);
  })?.app.app;
}

/** How it was before the first of them wrote it; null: it was not there. */
export function beforeAll(doing: Of, object: PlannedObject): Before['before'] {
  const { app, job } = doing;
  const own = idOf({ app: app.app, name: stepOfObject(object) });
  const steps = [own, ...sharers(doing, object).map(({ step }) => step)];
  const all = steps.map((step) => job.steps[step]?.intent.data as Before | undefined);
  return all.map((one) => one?.before ?? null).find((before) => before !== null) ?? null;
}

function sharers({ job, app }: Of, { manifest }: PlannedObject) {
  const name = nameOf(manifest);
  return job.plan.apps.flatMap((other) => {
    const found = other.objects.find((one) => nameOf(one.manifest) === name);
    if (!found || other.app === app.app) return [];
    return { app: other, step: idOf({ app: other.app, name: stepOfObject(found) }) };
  });
}
