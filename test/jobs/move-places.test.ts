// Two migrations to one destination, and one place for an app whose weights move: the other waits, says for
// whom, and goes on by itself; whoever leads may die.

import { expect, onTestFinished, test } from 'vitest';
import { viewHead } from '../../src/api/job-shapes.ts';
import type { JobJournal } from '../../src/jobs/journal.ts';
import { isFinal, type Job } from '../../src/jobs/record.ts';
import { moving, type JobPlan } from '../../src/migration/flow/next.ts';
import { until } from '../controlplane/until.ts';
import { confirmEdges } from './confirm-edges.ts';
import { memoryStage } from './memory-stage.ts';
import { live, type Death } from './mortal.ts';
import { ALL, MoveFleet, named } from './move-fleet.ts';
import { serve, untilState, type Process } from './process.ts';
import { startMoves } from './start-moves.ts';

const APPS = ['shop', 'till'] as const;

/** A job for each, which moves it to where the other cluster is. `most`: that moved at once. */
async function twoApps(homes: readonly ('east' | 'west')[] = ['east', 'east']) {
  const stage = await memoryStage();
  const fleet = new MoveFleet();
  for (const [index, app] of APPS.entries()) await fleet.settle(named(app, ALL), homes[index]);
  const drafts = APPS.map((app, index) => {
    const way = homes[index] === 'west' ? { from: 'west', to: 'east' } : {};
    const draft = fleet.draft({ apps: [app], ...way });
    const plan = draft.plan as JobPlan;
    return { ...draft, plan: { ...plan, limits: { ...plan.limits, shifting: 1 } } };
  });
  const counted = { most: 0 };
  const journal: JobJournal = {
    ...stage.journal,
    async put(lease, entry) {
      const answer = await stage.journal.put(lease, entry);
      const heads = await stage.journal.heads();
      const jobs = await Promise.all(heads.map(({ id }) => stage.journal.read(id)));
      const now = jobs.flatMap((job) => (job && !isFinal(job) ? moving(job as Job<JobPlan>) : []));
      counted.most = Math.max(counted.most, now.length);
      return answer;
    },
  };
  return { ...stage, journal, fleet, drafts, counted };
}

/** One bakes for as long as its edge is silent, and the other is ready. */
async function begun() {
  const { journal, term, fleet, drafts, counted } = await twoApps();
  const process = startMoves(fleet, journal);
  const stop = await serve(process, await confirmEdges(journal, await term()));
  onTestFinished(async () => {
    await stop();
    expect([fleet.wrongs, process.errors, counted.most]).toEqual([[], [], 1]);
  });
  fleet.mute.add('edge-2');
  const jobs = await Promise.all(drafts.map((draft) => process.create(draft)));
  const waiting = (id: string): string => process.waits(id).join();
  const late = await until('one waits', () =>
    jobs.find(({ id }) => waiting(id).includes('at once shift')),
  );
  const first = jobs.find(({ id }) => id !== late.id) ?? late;
  return { journal, fleet, process, first, late };
}

test('who waits says for whom, and goes on when that one has moved', async () => {
  const { journal, fleet, process, first, late } = await begun();
  const head = (await process.heads()).find(({ id }) => id === late.id);
  expect(head && viewHead(head, process.waits(late.id))).toMatchObject({
    state: 'Running',
    waits: [
      `${late.apps[0]}:shift.5: 1 at once shift to west: ${first.apps[0]} of ${first.id} first`,
    ],
  });
  expect(fleet.weights(late.apps[0])).toEqual({ east: 40, west: 0, vm: 10 });
  fleet.mute.clear();
  await untilState(journal, first.id, 'Done');
  await untilState(journal, late.id, 'Done');
});

test('one that is paused half-way keeps its place; one that is called off gives it back', async () => {
  const { journal, fleet, process, first, late } = await begun();
  await process.command(first.id, { name: 'pause', who: 'ann' });
  await untilState(journal, first.id, 'Paused');
  fleet.mute.clear();
  const waited = fleet.clock.now();
  await until('it waits on', () => fleet.clock.now() - waited > 10_000);
  expect(process.waits(late.id).join()).toContain(`${first.apps[0]} of ${first.id} first`);
  await process.command(first.id, { name: 'abort', who: 'ann' });
  await untilState(journal, first.id, 'RolledBack');
  await untilState(journal, late.id, 'Done');
});

test('to another destination it does not wait', async () => {
  const { journal, term, fleet, drafts, counted } = await twoApps(['east', 'west']);
  const process = startMoves(fleet, journal);
  onTestFinished(await serve(process, await confirmEdges(journal, await term())));
  fleet.mute.add('edge-2');
  for (const draft of drafts) await process.create(draft);
  await until('both move', () => counted.most === 2);
});

const isDone = async (journal: JobJournal) => {
  const heads = await journal.heads();
  return heads.length === APPS.length && heads.every(isFinal);
};

async function bothMove({ at }: Death) {
  const { journal, term, fleet, drafts, counted } = await twoApps();
  const ghosts: (() => Promise<unknown>)[] = [];
  const life = live({
    ...(at !== undefined && { at }),
    onGhost: (name, arrive) => {
      if (/^cluster\.(apply|remove)$/.test(name)) ghosts.push(arrive);
    },
  });
  const first = startMoves(fleet, journal, { life });
  void first.serve(await confirmEdges(journal, await term()));
  for (const draft of drafts)
    void until('it is begun', () => first.create(draft)).catch(() => undefined);
  await until('it is dead or done', async () => life.isDead || (await isDone(journal)));
  let last: Process = first;
  if (life.isDead) {
    last = startMoves(fleet, journal);
    const stop = await serve(last, await confirmEdges(journal, await term()));
    const known = (await journal.heads()).flatMap(({ apps }) => apps);
    for (const draft of drafts)
      if (!draft.apps.some((app) => known.includes(app))) await last.create(draft);
    for (const ghost of ghosts) await ghost();
    await until('both are done', () => isDone(journal)).catch((error: Error) => {
      throw new Error(`killed ${at}: ${life.effects.at(-1)}: ${error.message}`);
    });
    await stop();
  }
  const states = (await journal.heads()).map(({ state }) => state);
  const wrongs = [...fleet.wrongs, ...last.errors.map(String)];
  return { effects: life.effects, states, wrongs, most: counted.most };
}

const EVERY = 23;
const AT_ONCE = 12;

test('whoever leads dies now and then: never do two move at once', async () => {
  const { effects } = await bothMove({});
  const places = [...effects.keys()].filter((at) => at % EVERY === 0);
  expect(places.length).toBeGreaterThan(10);
  const work = async (): Promise<void> => {
    for (let at = places.shift(); at !== undefined; at = places.shift()) {
      const { states, wrongs, most } = await bothMove({ at });
      const what = `killed ${at}: ${effects[at]}`;
      expect([states, wrongs, most], what).toEqual([['Done', 'Done'], [], 1]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}, 600_000);
