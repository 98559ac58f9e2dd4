// Jobs as the API shows them.

import { Type, type Static } from 'typebox';
import { timeText } from '../clock.ts';
import { maySkip } from '../jobs/commands.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { JOB_STATES, type Job, type JobHead, type Said, type StepRecord } from '../jobs/record.ts';
import { component, Whole } from './shapes.ts';

const Text = Type.String();
const may = Type.Optional;
const When = Type.String({ format: 'date-time' });
const Word = Type.Object({ who: Text, at: When });

const head = {
  id: Text,
  kind: Text,
  name: Text,
  state: Type.Enum([...JOB_STATES]),
  why: may(Text),
  apps: Type.Array(Text, { description: 'locked while it is not at its end' }),
  clusters: Type.Array(Text),
  begun: Word,
  planDigest: Text,
  revision: Type.Integer({
    minimum: 0,
    description: 'higher with each change of it, and of its steps',
  }),
  paused: may(Word),
  aborted: may(Word),
  asks: may(Type.String({ description: 'what it waits to be approved' })),
  approvals: Type.Record(Text, Word),
  waits: may(
    Type.Array(Text, { description: 'what its steps wait for; of the controller that leads' }),
  ),
};

export const JobSummary = component('JobSummary', head);
export const JobAnswer = component('Job', {
  ...head,
  steps: Type.Array(
    Type.Object({
      id: Text,
      state: Type.Enum(['open', 'done', 'failed', 'skipped', 'left', 'again']),
      attempt: Whole,
      intent: Type.String({ description: 'what is to be done' }),
      text: Type.String({ description: 'what is done, or what came of it' }),
      skippable: Type.Boolean({ description: 'it failed, or waits and writes nothing' }),
      waits: may(Type.String({ description: 'what it waits for' })),
    }),
  ),
  plan: Type.Unknown({ description: 'as it was frozen when the job was made' }),
});

export const FanoutPlan = component('FanoutPlan', {
  name: may(Text),
  digest: Type.String({ description: 'to begin it by, so that nothing else is' }),
  faults: Type.Array(Text, { description: 'with one of these it is not begun' }),
  entries: Type.Array(Type.Unknown()),
  totals: Type.Array(Type.Unknown()),
  waves: Type.Array(Type.Unknown()),
  ladder: may(Type.Unknown({ description: 'what was planned less of, for want of room' })),
  noRoom: Type.Array(Text, { description: 'what no division was found for, for want of room' }),
  warnings: Type.Array(Type.Unknown()),
});

export function viewHead(job: JobHead, waits: readonly string[] = []): object {
  const { begun, paused, aborted, why, approvals } = job;
  const { id, kind, name, state, apps, clusters, planDigest, revision, asks } = job;
  return {
    id,
    kind,
    name,
    state,
    ...(why !== '' && { why }),
    apps,
    clusters,
    begun: viewSaid(begun),
    planDigest,
    revision,
    ...(paused && { paused: viewSaid(paused) }),
    ...(aborted && { aborted: viewSaid(aborted) }),
    ...(asks !== undefined && { asks }),
    approvals: Object.fromEntries(
      Object.entries(approvals).map(([gate, said]) => [gate, viewSaid(said)]),
    ),
    ...(waits.length > 0 && { waits }),
  };
}

export function viewJob(job: Job, jobs: Pick<Jobs, 'waits' | 'waitsFor'>): object {
  const steps = Object.values(job.steps).map((step) =>
    viewStep(step, jobs.waitsFor(job.id, step.id)),
  );
  return { ...viewHead(job, jobs.waits(job.id)), steps, plan: job.plan };
}

function viewStep(step: StepRecord, waits?: string): object {
  const { id, attempt, intent, result, again } = step;
  const state = again ? 'again' : (result?.kind ?? 'open');
  return {
    id,
    state,
    attempt,
    intent: intent.text,
    text: result?.text ?? intent.text,
    skippable: maySkip(step),
    ...(waits !== undefined && state === 'open' && { waits }),
  };
}

const viewSaid = ({ who, at }: Said): object => ({ who, at: timeText(at) });

export type JobSummaryAnswer = Static<typeof JobSummary>;
export type JobAnswered = Static<typeof JobAnswer>;
