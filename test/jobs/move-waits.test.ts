// Two migrations, and room for one: the other waits, says what it lacks, and goes on by itself. Room is
// booked on pages as it is on Redis, and whoever leads may die at any of its writes.

import { expect, onTestFinished, test } from 'vitest';
import { viewHead } from '../../src/api/job-shapes.ts';
import type { JobJournal } from '../../src/jobs/journal.ts';
import { openMemoryPages, type MemoryPages } from '../../src/jobs/memory-pages.ts';
import { isFinal } from '../../src/jobs/record.ts';
import type { SharedPages } from '../../src/jobs/shared-pages.ts';
import { jobOf, type Ledger } from '../../src/migration/capacity/ledger.ts';
import { until } from '../controlplane/until.ts';
import { confirmEdges } from './confirm-edges.ts';
import { memoryStage } from './memory-stage.ts';
import { live, type Death } from './mortal.ts';
import { ALL, MoveFleet, named } from './move-fleet.ts';
import { serve, untilState, type Process } from './process.ts';
import { startMoves } from './start-moves.ts';

const APPS = ['shop', 'till'] as const;
/** Of pods in a cluster. */
const ROOM = 8;
const OTHER = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'prod', name: 'other' };
/** It waits as long as the other takes. */
const PATIENT = { deadlineSeconds: 3600 };

/** Both apps in east, and room for one of them in west. */
async function twoApps() {
  const stage = await memoryStage();
  const fleet = new MoveFleet();
  for (const app of APPS) await fleet.settle(named(app, ALL));
  await fleet.settle(
    named('other').filter(({ kind }) => kind === 'Deployment'),
    'west',
  );
  const drafts = APPS.map((app) => fleet.draft({ apps: [app] }, PATIENT));
  const pages = openMemoryPages(stage.store);
  return { ...stage, fleet, drafts, pages: watched(fleet, pages) };
}

/** No room is given away twice: of each app counts what it has booked or what is there, the greater. */
function watched(fleet: MoveFleet, pages: MemoryPages): SharedPages {
  const taken = async (): Promise<number> => {
    const page = (await pages.read()).get('west');
    const pods = new Map<string, number>();
    const take = (app: string, count: number): void =>
      void pods.set(app, Math.max(count, pods.get(app) ?? 0));
    for (const one of (page?.content ?? []) as Ledger)
      take(one.key.slice(jobOf(one).length + 1), one.pods);
    for (const { kind, metadata, spec } of fleet.cluster('west').all())
      if (kind === 'Deployment') take(metadata.name, (spec as { replicas: number }).replicas);
    return [...pods.values()].reduce((sum, one) => sum + one, 0);
  };
  return {
    read: () => pages.read(),
    async write(...args) {
      const refused = await pages.write(...args);
      const all = await taken();
      if (all > ROOM) fleet.wrongs.push(`${all} pods in west are booked or there`);
      return refused;
    },
  };
}

async function makeRoom(fleet: MoveFleet): Promise<void> {
  const west = fleet.cluster('west');
  const { uid = '', resourceVersion = '' } = (west.look(OTHER)?.metadata ?? {}) as Record<
    string,
    string
  >;
  await west.remove(OTHER, { uid, resourceVersion });
  west.writes.splice(west.writes.indexOf('remove Deployment prod/other'), 1);
}

/** Which of the two jobs got the room, and which one waits for it. */
async function rivals(process: Process, ids: readonly string[]) {
  const waits = (id: string): string => process.waits(id).join();
  const loser = await until('one waits', () => ids.find((id) => waits(id).includes('no room')));
  const winner = ids.find((id) => id !== loser) ?? '';
  return { winner, loser };
}

/** Both are begun at once; one has booked, and is kept there by an edge that is silent. */
async function begun() {
  const { journal, term, fleet, drafts, pages } = await twoApps();
  const process = startMoves(fleet, journal, { pages });
  const stop = await serve(process, await confirmEdges(journal, await term()));
  onTestFinished(async () => {
    await stop();
    expect([fleet.wrongs, process.errors]).toEqual([[], []]);
  });
  fleet.silent.add('edge-2');
  const jobs = await Promise.all(drafts.map((draft) => process.create(draft)));
  const { winner, loser } = await rivals(
    process,
    jobs.map(({ id }) => id),
  );
  const appOf = (id: string) => jobs.find((job) => job.id === id)?.apps[0] ?? '';
  const shown = async () => {
    const head = (await process.heads()).find(({ id }) => id === loser);
    return head && viewHead(head, process.waits(loser));
  };
  const lacks = `${appOf(loser)}:reserve: no room in west: 0 of 4 fit (full: cpu (0 left, 500m a pod) on 2 of 2 nodes)`;
  expect(await shown()).toMatchObject({
    state: 'Running',
    waits: [`${lacks}; booked: 4 by ${winner}/${appOf(winner)}`],
  });
  return { journal, fleet, process, pages, winner, loser, appOf, shown, lacks };
}

const inWest = (fleet: MoveFleet) =>
  fleet
    .cluster('west')
    .all()
    .map(({ metadata }) => metadata.name);

test('who waits goes on when the other is called off and gone home', async () => {
  const { journal, fleet, process, winner, loser, appOf } = await begun();
  await process.command(winner, { name: 'abort', who: 'ann' });
  fleet.silent.clear();
  await untilState(journal, winner, 'RolledBack');
  await untilState(journal, loser, 'Done');
  expect(new Set(inWest(fleet))).toEqual(new Set(['other', appOf(loser)]));
});

test('who waits goes on when pods of a third one are gone, and not before', async () => {
  const { journal, fleet, process, winner, loser, shown, lacks } = await begun();
  fleet.silent.clear();
  await untilState(journal, winner, 'Done');
  await until('its pods are seen', () => process.waits(loser).includes(lacks));
  expect(await shown()).toMatchObject({ state: 'Running', waits: [lacks] });
  await makeRoom(fleet);
  await untilState(journal, loser, 'Done');
  expect(new Set(inWest(fleet))).toEqual(new Set(APPS));
});

const isDone = async (journal: JobJournal) => {
  const heads = await journal.heads();
  return heads.length === APPS.length && heads.every(isFinal);
};

/** Both go on to their end; a third one leaves once the first of them is there. */
async function bothMove({ at }: Death) {
  const { journal, term, fleet, drafts, pages } = await twoApps();
  const ghosts: (() => Promise<unknown>)[] = [];
  const life = live({
    ...(at !== undefined && { at }),
    onGhost: (name, arrive) => {
      if (name === 'pages.write' || /^cluster\.(apply|remove)$/.test(name)) ghosts.push(arrive);
    },
  });
  const first = startMoves(fleet, journal, { life, pages });
  void first.serve(await confirmEdges(journal, await term()));
  for (const draft of drafts)
    void until('it is begun', () => first.create(draft)).catch(() => undefined);
  const isFree = until('one is moved', async () => (await journal.heads()).some(isFinal)).then(() =>
    makeRoom(fleet),
  );
  await until('it is dead or done', async () => life.isDead || (await isDone(journal)));
  let { errors } = first;
  if (life.isDead) {
    const second = startMoves(fleet, journal, { pages });
    const stop = await serve(second, await confirmEdges(journal, await term()));
    const known = (await journal.heads()).flatMap(({ apps }) => apps);
    for (const draft of drafts)
      if (!draft.apps.some((app) => known.includes(app))) await second.create(draft);
    // What was on its way arrives now.
    for (const ghost of ghosts) await ghost();
    await until('both are done', () => isDone(journal)).catch((error: Error) => {
      throw new Error(`killed ${at}: ${life.effects.at(-1)}: ${error.message}`);
    });
    await stop();
    errors = second.errors;
  }
  await isFree;
  const states = (await journal.heads()).map(({ state }) => state);
  const left = (await pages.read()).get('west')?.content;
  return { fleet, errors, effects: life.effects, states, left };
}

/** Of the other effects one in so many. */
const EVERY = 37;
const AT_ONCE = 12;

test('whoever leads dies, at each booking and now and then: no room is booked twice', async () => {
  const { effects } = await bothMove({});
  const places = [...effects.keys()].filter(
    (at) => effects[at]?.endsWith('pages.write') || at % EVERY === 0,
  );
  expect(places.length).toBeGreaterThan(20);
  const made = APPS.flatMap((app) => named(app).map(({ kind }) => `create ${kind} prod/${app}`));
  const kill = async (at: number): Promise<void> => {
    const { fleet, errors, states, left } = await bothMove({ at });
    const what = `killed ${at}: ${effects[at]}`;
    expect(states, what).toEqual(['Done', 'Done']);
    expect(fleet.writes()['west']?.toSorted(), what).toEqual(made.toSorted());
    expect([left, fleet.wrongs, errors], what).toEqual([[], [], []]);
  };
  const work = async (): Promise<void> => {
    for (let at = places.shift(); at !== undefined; at = places.shift()) await kill(at);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}, 600_000);
