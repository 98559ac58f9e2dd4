// What the engine of jobs does, on whatever journal: nothing is written twice, whenever its process ends.
// Run it by calling jobsConformance() in a test file with a way to open an empty journal.

import { describe, expect, onTestFinished, test } from 'vitest';
import type { Jobs } from '../../src/jobs/jobs.ts';
import type { Job } from '../../src/jobs/record.ts';
import { until } from '../controlplane/until.ts';
import { live } from '../jobs/mortal.ts';
import { draftOf, PLAN, serve, startProcess, untilState } from '../jobs/process.ts';
import { ToyWorld } from '../jobs/toy.ts';
import type { JournalStage } from './journal.ts';

const BEFORE = { a: 'old', b: 'old' };
const AFTER = { a: 'new', b: 'new', c: 'new' };

/** Whose writes wait until they may go. */
function slowed(world: ToyWorld) {
  const gate = Promise.withResolvers<void>();
  let held = 0;
  const write = async (...args: Parameters<ToyWorld['write']>) => {
    held += 1;
    await gate.promise;
    return world.write(...args);
  };
  const read = (name: string) => world.read(name);
  const fence = (name: string, term: number) => world.fence(name, term);
  return { world: { read, fence, write }, held: () => held, go: gate.resolve };
}

function newWorld(): ToyWorld {
  const world = new ToyWorld();
  for (const name of Object.keys(BEFORE)) {
    world.things.set(name, { uid: 1, version: 0, value: 'old', fence: 0 });
  }
  return world;
}

export function jobsConformance(title: string, open: () => Promise<JournalStage>): void {
  describe(`jobs: ${title}`, () => {
    const opened = async (): Promise<JournalStage> => {
      const stage = await open();
      onTestFinished(() => stage.close());
      return stage;
    };

    test('a job runs to its end, writes each object once, and gives its app free', async () => {
      const { journal, term } = await opened();
      const world = newWorld();
      const process = startProcess({ journal, world });
      const stop = await serve(process, await term());
      const { id } = await process.create(draftOf());
      const job = await untilState(journal, id, 'Done');
      await stop();
      expect(world.values()).toEqual(AFTER);
      expect(world.writes.toSorted()).toEqual(['a new', 'b new', 'c new']);
      expect(await journal.locks()).toEqual(new Map());
      const results = Object.values(job.steps).map(({ result }) => result?.kind);
      expect(results).toEqual(Array(6).fill('done'));
      expect(process.notes).toEqual([`${id}: created by ann`]);
    });

    /** The whole life of a job in one process that dies at an effect; a successor ends it. */
    const dieAt = async (at: number, goal: 'Done' | 'RolledBack') => {
      const stage = await opened();
      const { journal } = stage;
      const world = newWorld();
      const ghosts: (() => Promise<unknown>)[] = [];
      const life = live({
        at,
        onGhost: (name, arrive) => {
          if (name === 'world.write') ghosts.push(arrive);
        },
      });
      const first = startProcess({ journal, world, life });
      const lease = await stage.term();
      void first.serve(lease);
      const back = goal === 'RolledBack';
      // It comes to a stop there, so that it is always the abort that ends it.
      if (back) world.broken.set('c', 'c is broken');
      const orDead = async <T>(act: Promise<T>): Promise<T | undefined> =>
        Promise.race([act.catch(() => undefined), dead(life)]);
      const abort = async (process: Jobs, id: string): Promise<void> => {
        const paused = untilState(journal, id, 'Paused');
        await (process === first ? orDead(paused) : paused);
        if (process === first && life.isDead) return;
        world.broken.clear();
        await process.command(id, { name: 'abort', who: 'ann' });
      };
      await until('it runs jobs or is dead', async () => {
        const job = await orDead(first.create(draftOf()));
        return job !== undefined || life.isDead;
      });
      const [begun] = await journal.heads();
      if (back && begun && !life.isDead) await orDead(abort(first, begun.id));
      await until('it is dead or done', async () => {
        const [head] = await journal.heads();
        return life.isDead || head?.state === goal;
      });
      if (!life.isDead) return { world, isOver: true, died: '' };

      const second = startProcess({ journal, world });
      const stop = await serve(second, await stage.term());
      // A write that was on its way arrives after the successor has begun.
      for (const ghost of ghosts) await ghost().catch(() => undefined);
      if ((await journal.heads()).length === 0) await second.create(draftOf());
      const [{ id, aborted } = { id: '' }] = await journal.heads();
      if (back && !aborted) await abort(second, id);
      world.broken.clear();
      const job = await untilState(journal, id, goal);
      await stop();
      expect(second.errors.map(String).filter((one) => !one.includes('c is broken'))).toEqual([]);
      return { world, isOver: false, died: life.effects.at(-1), job, ghosts: ghosts.length };
    };

    test('killed at each effect in turn, the next process ends it, and writes nothing twice', async () => {
      const places = new Set<string>();
      for (let at = 0; ; at += 1) {
        const { world, isOver, died = '' } = await dieAt(at, 'Done');
        expect(world.values(), `killed ${at}: ${died}`).toEqual(AFTER);
        expect(world.writes.toSorted(), `killed ${at}: ${died}`).toEqual([
          'a new',
          'b new',
          'c new',
        ]);
        places.add(died);
        if (isOver) break;
      }
      const all = ['journal.put', 'journal.check', 'world.read', 'world.write'];
      expect([...places]).toEqual(
        expect.arrayContaining(all.flatMap((one) => [`before ${one}`, `after ${one}`])),
      );
    }, 120_000);

    test('killed at each effect of a life that ends in an abort, all is as it was', async () => {
      for (let at = 0; ; at += 1) {
        const { world, isOver, died } = await dieAt(at, 'RolledBack');
        const what = `killed ${at}: ${died}`;
        expect(world.values(), what).toEqual(BEFORE);
        const written = Map.groupBy(world.writes, (one) => one);
        const twice = [...written.values()].filter((all) => all.length > 1);
        expect(twice, what).toEqual([]);
        if (isOver) break;
      }
    }, 120_000);

    test('a runner whose term is over writes nothing more, however late its write arrives', async () => {
      const stage = await opened();
      const { journal } = stage;
      const world = newWorld();
      const slow = slowed(world);
      const first = startProcess({ journal, world: slow.world });
      const stopFirst = await serve(first, await stage.term());
      const { id } = await first.create(draftOf());
      await until('two writes are under way', () => slow.held() === 2);
      const second = startProcess({ journal, world });
      const stopSecond = await serve(second, await stage.term());
      await untilState(journal, id, 'Done');
      slow.go();
      await stopFirst();
      await stopSecond();
      expect(world.values()).toEqual(AFTER);
      expect(world.writes.length).toBe(3);
      await expect(first.command(id, { name: 'abort', who: 'x' })).rejects.toThrow();
    });

    test('a write of an earlier term that arrives behind the way back changes nothing', async () => {
      const stage = await opened();
      const { journal } = stage;
      const world = newWorld();
      const slow = slowed(world);
      const first = startProcess({ journal, world: slow.world });
      const stopFirst = await serve(first, await stage.term());
      const { id } = await first.create(draftOf({ ...PLAN, objects: ['a', 'b'] }));
      await until('two writes are under way', () => slow.held() === 2);
      await first.command(id, { name: 'abort', who: 'ann' });
      const second = startProcess({ journal, world });
      const stopSecond = await serve(second, await stage.term());
      const job = await untilState(journal, id, 'RolledBack');
      expect(job.steps['write:a']?.result?.kind).toBe('left');
      slow.go();
      await stopFirst();
      await stopSecond();
      expect(world.values()).toEqual(BEFORE);
      expect(world.writes).toEqual([]);
    });

    /** Stopped where everything waits: nothing is under way. */
    const halfWay = async () => {
      const stage = await opened();
      const world = newWorld();
      const process = startProcess({ journal: stage.journal, world });
      const stop = await serve(process, await stage.term());
      const { id } = await process.create(draftOf({ ...PLAN, approval: true }));
      await untilState(stage.journal, id, 'WaitingApproval');
      await stop();
      return { stage, world, process, id };
    };
    const goOn = async (
      process: ReturnType<typeof startProcess>,
      stage: JournalStage,
      id: string,
    ): Promise<Job | undefined> => {
      const stop = await serve(process, await stage.term());
      const job = await stage.journal.read(id);
      await stop();
      return job;
    };

    test('Redis was restarted: who remembers goes on, who does not is blocked until a person says so', async () => {
      const { stage, world, process, id } = await halfWay();
      await stage.restart(false);
      expect(await goOn(process, stage, id)).toMatchObject({ state: 'WaitingApproval' });
      await stage.restart(false);
      const stranger = startProcess({ journal: stage.journal, world });
      expect(await goOn(stranger, stage, id)).toMatchObject({
        state: 'Blocked',
        why: expect.stringContaining('does not remember'),
      });
      const stop = await serve(stranger, await stage.term());
      await stranger.command(id, { name: 'retry', who: 'ann' });
      await untilState(stage.journal, id, 'WaitingApproval');
      await stranger.command(id, { name: 'approve', who: 'ann' });
      await untilState(stage.journal, id, 'Done');
      await stop();
      expect(world.writes.length).toBe(3);
    });

    test('Redis was wiped: who remembers puts the job back, blocked, with its lock', async () => {
      const { stage, process, id } = await halfWay();
      await stage.restart(true);
      const job = await goOn(process, stage, id);
      expect(job).toMatchObject({ state: 'Blocked', why: 'Redis has lost its journal' });
      expect(job?.plan).toEqual({ ...PLAN, approval: true });
      expect(await stage.journal.locks()).toEqual(new Map([['shop', id]]));
    });

    test('Redis was wiped, and nobody remembers: it is found by its holds; an abort ends it', async () => {
      const { stage, world } = await halfWay();
      await stage.restart(true);
      const trace = { job: 'toy-1', apps: ['shop'], clusters: ['east'], holds: ['toy-1.east'] };
      const stranger = startProcess({ journal: stage.journal, world, traces: () => [trace] });
      expect(await goOn(stranger, stage, 'toy-1')).toMatchObject({
        state: 'Blocked',
        kind: 'found',
        why: expect.stringContaining('toy-1.east'),
      });
      expect(await stage.journal.locks()).toEqual(new Map([['shop', 'toy-1']]));
    });

    test('an app has one job', async () => {
      const { stage, process, id } = await halfWay();
      const stop = await serve(process, await stage.term());
      await expect(process.create(draftOf())).rejects.toMatchObject({ code: 'app-locked' });
      await process.command(id, { name: 'abort', who: 'ann' });
      await untilState(stage.journal, id, 'RolledBack');
      await process.create(draftOf());
      await stop();
    });
  });
}

async function dead(life: { readonly isDead: boolean }): Promise<undefined> {
  await until('it is dead', () => life.isDead, 3_600_000);
  return undefined;
}
