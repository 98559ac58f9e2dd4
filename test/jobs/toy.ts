// A kind of job as simple as one can be, on a world as truthful as one has to be: objects with a UID and a
// version, writes that expect one, and a fence.
//
// The plan gives each object a value: it is written, then looked at until it has settled. An abort writes
// back what was there, and removes what was not.

import type { JobKind, Next, Outcome } from '../../src/jobs/kind.ts';
import { resultOf, type Job, type PlacedObject } from '../../src/jobs/record.ts';
import type { Fence } from '../../src/jobs/work.ts';

export interface ToyPlan {
  readonly objects: readonly string[];
  readonly value: string;
  readonly atOnce: number;
  readonly approval?: true;
}

interface Thing {
  readonly uid: number;
  readonly version: number;
  readonly value: string;
  readonly fence: number;
}

export class ToyWorld {
  readonly things = new Map<string, Thing>();
  /** Those that did something. */
  readonly writes: string[] = [];
  /** Objects that are not to be written, and why. */
  readonly broken = new Map<string, string>();
  #last = 0;

  async read(name: string): Promise<Thing | undefined> {
    return this.things.get(name);
  }

  /** False: it is not what was expected. `value` undefined removes it. */
  async write(name: string, value: string | undefined, expect: number | 'absent') {
    const why = this.broken.get(name);
    if (why !== undefined) throw new Error(why);
    const thing = this.things.get(name);
    if ((thing?.version ?? 'absent') !== expect) return false;
    this.#last += 1;
    this.writes.push(`${name} ${value ?? 'removed'}`);
    if (value === undefined) this.things.delete(name);
    else {
      const { uid = this.#last, fence = 0 } = thing ?? {};
      this.things.set(name, { uid, version: this.#last, value, fence });
    }
    return true;
  }

  async fence(name: string, term: number): Promise<void> {
    const thing = this.things.get(name);
    if (!thing || thing.fence === term) return;
    if (thing.fence > term) throw new Error(`${name} is fenced by ${thing.fence}`);
    this.#last += 1;
    this.things.set(name, { ...thing, version: this.#last, fence: term });
  }

  values(): Record<string, string> {
    return Object.fromEntries([...this.things].map(([name, { value }]) => [name, value]));
  }
}

export type World = Pick<ToyWorld, 'read' | 'write' | 'fence'>;

export const fenceIn =
  (world: World) =>
  ({ name }: PlacedObject, { term }: Fence): Promise<void> =>
    world.fence(name, term);

export function toyKind(world: World): JobKind<ToyPlan> {
  const bring = async (
    name: string,
    value: string | undefined,
    check: () => Promise<void>,
  ): Promise<Outcome> => {
    const thing = await world.read(name);
    if (thing?.value === value) return { kind: 'done', text: 'is so' };
    await check();
    const ok = await world.write(name, value, thing?.version ?? 'absent');
    if (!ok) return { kind: 'wait', text: 'somebody was faster', seconds: 0.001 };
    return { kind: 'done', text: 'written' };
  };
  return {
    kind: 'toy',
    next,
    async prepare(_job, step) {
      const name = nameOf(step);
      const before = (await world.read(name))?.value ?? null;
      const object = { cluster: 'east', apiVersion: 'v1', kind: 'Toy', name };
      return {
        text: step,
        objects: step.startsWith('settle') ? [] : [object],
        data: { before },
      };
    },
    async act({ plan, steps }, { id }, { check, waitedMs }) {
      const name = nameOf(id);
      if (id.startsWith('write')) return bring(name, plan.value, check);
      if (id.startsWith('settle')) {
        if (waitedMs < 2) return { kind: 'wait', text: 'settles', seconds: 0.001 };
        return { kind: 'done', text: 'settled' };
      }
      const stored = steps[`write:${name}`]?.intent.data as
        | { readonly before?: string }
        | undefined;
      return bring(name, stored?.before ?? undefined, check);
    },
  };
}

const nameOf = (step: string): string => step.split(':')[1] ?? '';

function next(job: Job<ToyPlan>): Next {
  const { plan, steps, aborted } = job;
  if (aborted) return back(job);
  if (plan.approval && !job.approvals['begin']) {
    return { state: 'WaitingApproval', why: 'before it begins', asks: 'begin', run: [] };
  }
  const failed = Object.values(steps).find((one) => resultOf(job, one.id)?.kind === 'failed');
  if (failed) return { state: 'Paused', why: `${failed.id}: ${failed.result?.text}`, run: [] };
  const isDone = (id: string): boolean => resultOf(job, id) !== undefined;
  const open = plan.objects.filter((name) => !isDone(`settle:${name}`)).slice(0, plan.atOnce);
  if (open.length === 0) return { state: 'Done', run: [] };
  const run = open.map((name) => (isDone(`write:${name}`) ? `settle:${name}` : `write:${name}`));
  return { state: 'Running', run };
}

/** In reverse, one after the other: whatever may have been written. */
function back(job: Job<ToyPlan>): Next {
  const touched = job.plan.objects.filter((name) => {
    const step = job.steps[`write:${name}`];
    return step !== undefined && step.intent.objects.length > 0;
  });
  const last = touched.findLast((name) => resultOf(job, `undo:${name}`)?.kind !== 'done');
  if (last === undefined) return { state: 'RolledBack', run: [] };
  const undo = `undo:${last}`;
  const failed = resultOf(job, undo);
  if (failed) return { state: 'Blocked', why: failed.text, run: [] };
  return { state: 'RollingBack', run: [undo] };
}
