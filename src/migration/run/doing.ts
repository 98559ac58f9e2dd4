// One step of one app, under way; and what it is done with.

import type { Clock } from '../../clock.ts';
import type { WriterOf } from '../../fanout/run/writes.ts';
import type { Intent, Job } from '../../jobs/record.ts';
import type { Outcome, Scene, Waiting } from '../../jobs/kind.ts';
import type { TracedPlaces } from '../../jobs/traces.ts';
import type { JobPlan } from '../flow/next.ts';
import type { PlannedApp, PlannedObject } from '../plan/model.ts';
import type { Ledgers } from './parts.ts';
import type { Probe } from './probe.ts';
import type { MoveTraffic } from './traffic.ts';
import type { MoveWorld } from './world.ts';

export type MigrationJob = Job<JobPlan>;

export interface RunParts extends Ledgers {
  readonly environment: string;
  readonly writerOf: WriterOf;
  readonly places: Pick<TracedPlaces, 'clear'>;
  readonly traffic: MoveTraffic;
  readonly world: MoveWorld;
  readonly probe: Probe;
  readonly clock: Clock;
}

export interface Doing {
  readonly job: MigrationJob;
  readonly app: PlannedApp;
  /** As `shift.25`. */
  readonly name: string;
  readonly attempt: number;
  readonly scene: Scene;
  /** That it was waited for, as far as anybody looked. */
  readonly spentMs: number;
  /** Of the step; absent while it is prepared. */
  readonly intent?: Intent;
}

/** How long until it is looked at again, where nothing tells. */
const LOOK_SECONDS = 0.5;

export function wait(text: string, seconds = LOOK_SECONDS): Waiting {
  return { kind: 'wait', text, seconds };
}

export function done(text: string, data?: unknown): Outcome {
  return data === undefined ? { kind: 'done', text } : { kind: 'done', text, data };
}

export const failed = (text: string): Outcome => ({ kind: 'failed', text });
export const blocked = (text: string): Outcome => ({ kind: 'blocked', text });

const HOMEWARD: readonly string[] = ['again', 'return', 'back'];

/** Towards the source again. */
export function isHomeward({ name }: Pick<Doing, 'name'>): boolean {
  return HOMEWARD.includes(name.split('.')[0] ?? '');
}

/** From which cluster to which one requests go in this step. */
export function wayOf(doing: Pick<Doing, 'job' | 'name'>): Pick<JobPlan, 'from' | 'to'> {
  const { from, to } = doing.job.plan;
  return isHomeward(doing) ? { from: to, to: from } : { from, to };
}

/** Of `apply.3`, `late.3`, `delete.3`, `again.3` and `back.3`: which object it is about. */
export function objectOf({ app, name }: Pick<Doing, 'app' | 'name'>): PlannedObject | undefined {
  const [, part] = name.split('.');
  return app.objects.find(({ step }) => String(step) === part);
}

/** Of a step of the same app: what came of it. */
export function dataOf<T>({ job, app }: Doing, name: string): T | undefined {
  const step = job.steps[`${app.app}:${name}`];
  return step?.result?.data as T | undefined;
}
