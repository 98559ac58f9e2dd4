// A fan-out as lanes of steps: those on record, and those to come. Pure.

import type { JobAnswered } from '../../api/job-shapes.ts';
import type { Lane, RunPlan, RunWave } from '../../fanout/run/lanes.ts';
import { readStep, stepOf, type StepName } from '../../fanout/run/steps.ts';
import { CLEAR, CLEAR_AGAIN } from '../../jobs/last-step.ts';
import { isEnded } from './job-list.ts';
import type { StepAnswer, StepState } from './job-state.tsx';

export interface ShownStep {
  readonly id: string;
  readonly state: StepState;
  readonly verb: StepName['verb'];
  /** Of a write: `Deployment prod/shop`. */
  readonly object?: string;
  /** Absent: it is to come. */
  readonly answer?: StepAnswer;
}

export interface ShownLane extends Pick<Lane, 'id' | 'cluster' | 'undrained'> {
  readonly steps: readonly ShownStep[];
}

export interface ShownWave extends Pick<RunWave, 'name' | 'concurrency' | 'approval'> {
  readonly lanes: readonly ShownLane[];
  /** Behind all lanes: its soak; behind the last wave what clears up. */
  readonly after: readonly ShownStep[];
}

type Told = Pick<JobAnswered, 'state' | 'steps'>;

export function wavesOf(plan: RunPlan, job: Told): ShownWave[] {
  const found = new Map(job.steps.map((step) => [step.id, step]));
  const shown = (id: string): ShownStep => shownStep(plan, id, found.get(id));
  return plan.waves.map(({ lanes, name, concurrency, approval }, place) => {
    const soak = stepOf('soak', `${place}`);
    const soaks = found.has(soak) || (plan.strategy.soakSeconds > 0 && !isEnded(job));
    const isLast = place === plan.waves.length - 1;
    const ends = isLast ? [CLEAR, CLEAR_AGAIN].filter((id) => found.has(id)) : [];
    return {
      name,
      concurrency,
      approval,
      lanes: lanes.map((lane) => ({ ...lane, steps: stepsOf(lane, job).map(shown) })),
      after: [...(soaks ? [soak] : []), ...ends].map(shown),
    };
  });
}

function shownStep(plan: RunPlan, id: string, answer: StepAnswer | undefined): ShownStep {
  const { verb, entry } = readStep(id);
  const key = plan.entries[entry]?.key;
  return {
    id,
    state: answer?.state ?? 'coming',
    verb,
    ...(key !== undefined && { object: objectOf(key) }),
    ...(answer && { answer }),
  };
}

/** `Deployment|apps|prod|shop` as people say it. */
export function objectOf(key: string): string {
  const [kind = '', _group, ...name] = key.split('|');
  return `${kind} ${name.filter(Boolean).join('/')}`;
}

/** On record in the order of their journal, then what the plan has still to come. */
function stepsOf(lane: Lane, job: Told): string[] {
  const mine = job.steps.map(({ id }) => id).filter((id) => isOf(lane, id));
  const turned = isEnded(job) || job.state === 'RollingBack' || mine.some(isBack);
  const coming = turned ? [] : forwardOf(lane, mine).filter((id) => !mine.includes(id));
  return [...mine, ...coming];
}

const isOf = ({ id }: Lane, step: string): boolean => {
  const { lane, verb } = readStep(step);
  return lane === id && verb !== 'soak';
};

const isBack = (step: string): boolean => step.startsWith('undo ') || step.includes('-again ');

function forwardOf({ id, writes, holds }: Lane, begun: readonly string[]): string[] {
  const applies = writes.map((index) => stepOf('apply', id, index));
  const acknowledge = stepOf('acknowledge', id);
  // Where nothing of it served there was nothing to be held.
  const heldNothing = !begun.includes(acknowledge) && applies.some((one) => begun.includes(one));
  const drains = holds.length > 0 && !heldNothing;
  return [
    ...(drains ? [stepOf('hold', id), acknowledge, stepOf('quiet', id)] : []),
    ...applies,
    stepOf('gate', id),
    ...(drains ? [stepOf('release', id)] : []),
  ];
}

/** So many of so many. */
export function progressOf(waves: readonly ShownWave[]): readonly [number, number] {
  const all = waves.flatMap(({ lanes, after }) => [
    ...lanes.flatMap(({ steps }) => steps),
    ...after,
  ]);
  const past = all.filter(({ state }) => state === 'done' || state === 'skipped');
  return [past.length, all.length];
}

/** Of a lane as a whole: the worst, else what is under way; on the way back that alone counts. */
export function laneState({ steps }: ShownLane): StepState {
  const back = steps.filter(({ id }) => isBack(id));
  const states = (back.length > 0 ? back : steps).map(({ state }) => state);
  const worst = (['failed', 'left', 'open', 'again'] as const).find((one) => states.includes(one));
  if (worst) return worst;
  if (back.length > 0) return 'back';
  if (states.every((one) => one === 'coming')) return 'coming';
  return states.includes('coming') ? 'open' : 'done';
}
