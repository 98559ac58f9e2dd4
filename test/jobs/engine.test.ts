// What people say to a job, and what the engine makes of a step that does not go well.

import { expect, onTestFinished, test } from 'vitest';
import { termOf } from '../../src/edges/counter.ts';
import { obey, type CommandName } from '../../src/jobs/commands.ts';
import type { JobKind } from '../../src/jobs/kind.ts';
import { newJob, type Job } from '../../src/jobs/record.ts';
import { trustIn } from '../../src/jobs/trust.ts';
import { until } from '../controlplane/until.ts';
import { memoryStage } from './memory-stage.ts';
import { live } from './mortal.ts';
import { draftOf, PLAN, serve, startProcess, untilState, type ProcessParts } from './process.ts';
import { ToyWorld, type ToyPlan } from './toy.ts';

async function begin(plan: ToyPlan, own: Partial<ProcessParts> & { world?: ToyWorld } = {}) {
  const { journal, term, ...stage } = await memoryStage();
  const world = own.world ?? new ToyWorld();
  const process = startProcess({ journal, ...own, world });
  const stop = await serve(process, await term());
  onTestFinished(stop);
  const { id } = await process.create(draftOf(plan));
  const say = (name: CommandName, step?: string) =>
    process.command(id, { name, who: 'ann', ...(step !== undefined && { step }) });
  return { journal, world, process, id, say, term, stage, stop };
}

const SLOW: ToyPlan = { ...PLAN, atOnce: 1 };

test('paused: nothing is written anywhere until it is resumed', async () => {
  const world = new ToyWorld();
  const gate = Promise.withResolvers<void>();
  const write = world.write.bind(world);
  world.write = async (...args) => {
    if (args[0] === 'b') await gate.promise;
    return write(...args);
  };
  const { journal, id, say } = await begin(SLOW, { world });
  await until('b is under way', async () => (await journal.read(id))?.steps['write:b']);
  await say('pause');
  // What was under way comes to its end, and is on record.
  expect((await journal.read(id))?.state).toBe('Running');
  gate.resolve();
  const job = await untilState(journal, id, 'Paused');
  expect(job.why).toBe('by ann');
  expect(job.steps['write:b']?.result?.kind).toBe('done');
  await expect(say('pause')).rejects.toMatchObject({ code: 'job-unfit' });
  expect(world.writes).toEqual(['a new', 'b new']);
  await say('resume');
  await untilState(journal, id, 'Done');
  await expect(say('resume')).rejects.toThrow('at its end');
});

test('a step that failed is made again, or skipped', async () => {
  const world = new ToyWorld();
  world.broken.set('a', 'disk full').set('b', 'no such thing');
  const { journal, id, say } = await begin(PLAN, { world });
  const job = await untilState(journal, id, 'Paused');
  expect(job.why).toContain('disk full');
  await until('b failed too', async () => (await journal.read(id))?.steps['write:b']?.result);
  await expect(say('skip')).rejects.toThrow('write:a, write:b');
  await expect(say('skip', 'write:c')).rejects.toThrow('write:c has not failed');
  await expect(say('resume')).rejects.toThrow('nobody has paused it');
  await say('skip', 'write:b');
  world.broken.clear();
  await say('retry');
  const done = await untilState(journal, id, 'Done');
  expect(done.steps['write:a']).toMatchObject({ attempt: 2, result: { kind: 'done' } });
  expect(done.steps['write:b']).toMatchObject({ attempt: 1, result: { kind: 'skipped' } });
  expect(world.values()).toEqual({ a: 'new', c: 'new' });
  // By it they are shown in order: the place of the first attempt stays.
  const since = (one: Job, id: string): number => one.steps[id]?.since ?? Number.NaN;
  expect(since(done, 'write:a')).toBe(since(job, 'write:a'));
  expect(since(done, 'write:a')).toBeLessThan(since(done, 'write:c'));
});

test('an approval is waited for, and goes into the audit with its name', async () => {
  const { journal, id, say, process, world } = await begin({ ...PLAN, approval: true });
  const job = await untilState(journal, id, 'WaitingApproval');
  expect(job.asks).toBe('begin');
  expect(world.writes).toEqual([]);
  await say('approve');
  // Not even before the runner has looked at it.
  await expect(say('approve')).rejects.toThrow('it waits for no approval');
  const done = await untilState(journal, id, 'Done');
  expect(done.approvals).toEqual({ begin: { who: 'ann', at: 1000 } });
  expect(done).not.toHaveProperty('asks');
  expect(process.notes).toContain(`${id}: approve by ann`);
  await expect(say('approve')).rejects.toMatchObject({ code: 'job-unfit' });
});

test('a kind that breaks blocks its job, and no other; a retry goes on', async () => {
  let isBroken = true;
  const kinds = (): readonly JobKind[] => [
    {
      kind: 'toy',
      next() {
        if (isBroken) throw new Error('a bug');
        return { state: 'Done', run: [] };
      },
      prepare: async () => ({ text: '', objects: [] }),
      act: async () => ({ kind: 'done', text: '' }),
    },
  ];
  const { journal, id, say, process } = await begin(PLAN, { kinds });
  expect(await untilState(journal, id, 'Blocked')).toMatchObject({ why: 'a bug' });
  expect(process.errors.map(String)).toContain('Error: a bug');
  const { id: other } = await process.create(draftOf(PLAN, { kind: 'unknown', apps: [] }));
  expect((await untilState(journal, other, 'Blocked')).why).toContain('kind unknown');
  isBroken = false;
  await say('abort');
  await untilState(journal, id, 'Done');
});

test('a step that blocks leaves its intent open; what it named is fenced when the way leads back', async () => {
  const world = new ToyWorld();
  let blocks = true;
  const kinds = (its: Pick<ToyWorld, 'read' | 'write'>): readonly JobKind[] => [
    {
      kind: 'toy',
      next: ({ aborted }) => ({
        state: aborted ? 'RollingBack' : 'Running',
        run: aborted ? ['undo'] : ['do'],
      }),
      prepare: async (_job, step) => ({
        text: step,
        objects: [{ cluster: 'east', apiVersion: 'v1', kind: 'X', name: 'a' }],
      }),
      async act(_job, { id }) {
        if (id === 'undo') return { kind: 'wait', text: 'on and on', seconds: 100 };
        await its.write('a', 'half', 'absent');
        return blocks ? { kind: 'blocked', text: 'somebody else’s' } : { kind: 'done', text: '' };
      },
    },
  ];
  const { journal, id, say, term, process } = await begin(PLAN, { world, kinds });
  expect((await untilState(journal, id, 'Blocked')).why).toBe('do: somebody else’s');
  blocks = false;
  await say('abort');
  const left = await until('it is left', async () => (await journal.read(id))?.steps['do']?.result);
  expect(left.kind).toBe('left');
  expect(world.things.get('a')?.fence).toBe(1);
  await until('it waits', () => process.waitsFor(id, 'undo'));
  expect(term).toBeDefined();
});

test('a write whose answer is lost: the journal is read again, and believed', async () => {
  const { journal, term } = await memoryStage();
  let lost = 0;
  const unsure: typeof journal = {
    ...journal,
    async put(...args) {
      const answer = await journal.put(...args);
      lost += 1;
      if (lost % 3 === 0) throw new Error('connection reset');
      return answer;
    },
  };
  const world = new ToyWorld();
  const process = startProcess({ journal: unsure, world });
  const stop = await serve(process, await term());
  onTestFinished(stop);
  const { id } = await process.create(draftOf());
  await untilState(journal, id, 'Done');
  expect(world.writes.toSorted()).toEqual(['a new', 'b new', 'c new']);
});

test('what is said while a step is about to be looked at again stops it before it acts', async () => {
  let looks = 0;
  const acts: string[] = [];
  const kind: JobKind = {
    kind: 'toy',
    next({ aborted }) {
      looks += 1;
      return aborted ? { state: 'RolledBack', run: [] } : { state: 'Running', run: ['wait'] };
    },
    prepare: async () => ({ text: 'wait', objects: [] }),
    async act({ aborted }) {
      acts.push(aborted ? 'aborted' : 'on');
      return { kind: 'wait', text: 'not yet', seconds: 0.01 };
    },
  };
  const { journal, term } = await memoryStage();
  const gate = Promise.withResolvers<void>();
  const slow = {
    ...journal,
    async put(...args: Parameters<typeof journal.put>) {
      if (args[1].head.aborted) await gate.promise;
      return journal.put(...args);
    },
  };
  const process = startProcess({ journal: slow, world: new ToyWorld(), kinds: () => [kind] });
  onTestFinished(await serve(process, await term()));
  const { id } = await process.create(draftOf());
  await until('it waits', () => acts.length > 0);
  const said = process.command(id, { name: 'abort', who: 'ann' });
  // Whoever looks now writes behind the abort, which is on its way.
  const before = looks;
  await until('it is looked at', () => looks > before);
  gate.resolve();
  await said;
  await untilState(journal, id, 'RolledBack');
  expect(acts).not.toContain('aborted');
});

test('which journal is trusted', () => {
  const job = (revision: number, runId: string) =>
    ({ revision, tip: `tip ${revision}`, home: { runId, replId: 'x' } }) as never;
  const before = termOf(4, () => 0.5);
  const here = { runId: 'now', replId: 'x', term: termOf(5, () => 0) };
  const found = job(3, 'before');
  const known = (one: Job, term = before) => ({ job: one, term });
  expect(trustIn(job(3, 'now'), undefined, here).kind).toBe('trusted');
  expect(trustIn(found, undefined, here)).toMatchObject({ kind: 'doubted', job: found });
  expect(trustIn(found, known(job(3, 'before')), here).kind).toBe('trusted');
  const pending = known(found);
  expect(trustIn(found, { ...known(job(2, 'before')), pending }, here).kind).toBe('trusted');
  // Set back: what this process knows goes further, and is what has to be cleared up.
  const further = job(4, 'before');
  expect(trustIn(found, known(further), here)).toMatchObject({ kind: 'doubted', job: further });
  // As it was left, but another has led meanwhile, and may have gone on where it was lost since.
  expect(
    trustIn(
      found,
      known(
        found,
        termOf(3, () => 0.9),
      ),
      here,
    ),
  ).toMatchObject({
    kind: 'doubted',
    why: expect.stringContaining('another has led since'),
  });
  expect(trustIn(undefined, known(found), here)).toMatchObject({ kind: 'doubted', job: found });
  expect(trustIn(undefined, known(job(3, 'now')), here).kind).toBe('gone');
  expect(trustIn(undefined, undefined, here).kind).toBe('gone');
});

test('what an old lease reads in a Redis that was put back is not what is remembered', async () => {
  const world = new ToyWorld();
  const gate = Promise.withResolvers<void>();
  const write = world.write.bind(world);
  world.write = async (...args) => {
    if (args[0] === 'b') await gate.promise;
    return write(...args);
  };
  const life = live();
  const own = { world, life };
  const { journal, process, id, say, stage, term, stop } = await begin(
    { ...SLOW, approval: true },
    own,
  );
  await untilState(journal, id, 'WaitingApproval');
  const early = journal.dump();
  await say('approve');
  await until('b is under way', async () => (await journal.read(id))?.steps['write:b']);
  await stage.restart(false);
  journal.load(early);
  gate.resolve();
  // Its next word is refused; still under its old lease it reads the journal anew.
  const reads = () => life.effects.filter((one) => one === 'after journal.heads').length;
  await until('it has read again', () => reads() > 1);
  await stop();
  onTestFinished(process.serve(await term()));
  const job = await untilState(journal, id, 'Blocked');
  expect(job.why).toContain('is not the one that this controller remembers');
});

test('a retry of what was doubted looks at every step anew, whatever its record says', () => {
  const done = {
    ...{ id: 'write:a', attempt: 1, fence: 1, intent: { text: 'a', objects: [] } },
    result: { kind: 'done', text: 'written' },
  } as const;
  const lost = 'Redis has lost its journal';
  const job: Job = { ...newJob(draftOf(PLAN), { id: 'j', at: 0 }), steps: { 'write:a': done } };
  const said = { who: 'ann', at: 1 };
  const retry = { name: 'retry', said } as const;
  const { head, steps } = obey({ ...job, doubted: true, blocked: lost }, retry);
  expect(steps).toEqual([{ ...done, again: said }]);
  expect(head?.blocked).toBeUndefined();
  expect(obey({ ...job, blocked: 'a person must act' }, retry).steps).toEqual([]);
});
