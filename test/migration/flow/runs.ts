// Runs of a migration's record without a world: each step is done, unless the run says otherwise.

import { newJob, type Job, type StepRecord, type StepResult } from '../../../src/jobs/record.ts';
import type { Next } from '../../../src/jobs/kind.ts';
import { GATES } from '../../../src/migration/flow/gates.ts';
import { LIMITS, next, type JobPlan } from '../../../src/migration/flow/next.ts';
import type { Mode } from '../../../src/migration/plan/model.ts';
import { planMigration } from '../../../src/migration/plan/plan.ts';
import { app, BACKUP, object, objectsOf, REQUEST, source, world } from '../plan/plan-world.ts';

const scaler = (name: string) => ({
  minReplicas: 1,
  scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
});

export function planOf(names: readonly string[], mode: Mode, more: Partial<JobPlan> = {}): JobPlan {
  const apps = names.map((name) => {
    const spec = scaler(name);
    const objects = [
      ...objectsOf(name, 1),
      object('autoscaling/v2', 'HorizontalPodAutoscaler', name, { spec }),
    ];
    return app(name, { source: source(objects, mode === 'offline' ? { origin: BACKUP } : {}) });
  });
  const plan = planMigration({ ...REQUEST, apps: names, mode }, world({ apps }));
  if (!plan.ok) throw new Error(JSON.stringify(plan.findings));
  const request = { ...REQUEST, apps: names, mode };
  return { ...plan, limits: LIMITS, gates: GATES, request, ...more };
}

export interface Run {
  readonly plan: JobPlan;
  /** By step: it fails, or its runner ends half-way and the job is aborted. */
  readonly fails?: ReadonlySet<string>;
  /** When this step is under way, a person aborts. */
  readonly abortAt?: string;
  /** Which of those under way ends next; default: the first. */
  readonly choose?: (run: readonly string[]) => string;
}

export interface Ran {
  /** Each step with how it ended, in order. */
  readonly log: readonly string[];
  readonly last: Next;
  readonly job: Job<JobPlan>;
  /** What was under way together. */
  readonly together: readonly (readonly string[])[];
}

const SAID = { who: 'tester', at: 0 };

export function jobOf(plan: JobPlan): Job<JobPlan> {
  const draft = {
    kind: 'migration',
    name: 'job',
    apps: [],
    clusters: [],
    plan,
    planDigest: plan.digest,
    who: SAID.who,
  };
  return newJob(draft, { id: 'job', at: SAID.at }) as Job<JobPlan>;
}

export function run({
  plan,
  fails = new Set(),
  abortAt,
  choose = ([first = '']) => first,
}: Run): Ran {
  let job = jobOf(plan);
  const log: string[] = [];
  const together: string[][] = [];
  const write = (id: string, result?: StepResult): void => {
    const step: StepRecord = { id, attempt: 1, fence: 1, intent: { text: id, objects: [] } };
    job = { ...job, steps: { ...job.steps, [id]: { ...step, ...(result && { result }) } } };
    if (result) log.push(`${id} ${result.kind}`);
  };
  for (let turn = 0; turn < 10_000; turn++) {
    const now = next(job);
    for (const [id, step] of Object.entries(job.steps))
      if (!step.result && !now.run.includes(id)) write(id, { kind: 'left', text: '' });
    if (now.run.length === 0) return { log, last: next(job), job, together };
    together.push([...now.run]);
    for (const id of now.run) if (!job.steps[id]) write(id);
    if (abortAt !== undefined && !job.aborted && now.run.includes(abortAt)) {
      job = { ...job, aborted: SAID };
      continue;
    }
    const id = choose(now.run);
    write(id, { kind: fails.has(id) ? 'failed' : 'done', text: '' });
  }
  throw new Error(`it does not end: ${log.slice(-20).join(', ')}`);
}
