// A migration whose runner is killed, at one effect after the other: the end is the same, and nothing is
// written twice. Run it by calling moveKills() in a test file with a way to open an empty journal.

import { describe, expect, test } from 'vitest';
import { CallFailure } from '../../src/clusters/call-failure.ts';
import { until } from '../controlplane/until.ts';
import { confirmEdges } from '../jobs/confirm-edges.ts';
import { live } from '../jobs/mortal.ts';
import { ALL, MoveFleet, STATEFUL } from '../jobs/move-fleet.ts';
import { serve, untilState, type Process } from '../jobs/process.ts';
import type { KillOptions } from './fanout-kills.ts';
import type { JournalStage } from './journal.ts';
import { startMoves } from '../jobs/start-moves.ts';

type Workload = 'Deployment' | 'StatefulSet';
const comes = (workload: Workload): string[] => [
  'ConfigMap prod/shop',
  'Secret prod/shop',
  'Service prod/shop',
  `${workload} prod/shop`,
  'PodDisruptionBudget prod/shop',
  'Ingress prod/shop',
  'HorizontalPodAutoscaler prod/shop',
];
const leaves = (workload: Workload): string[] => [
  'remove HorizontalPodAutoscaler prod/shop',
  'remove Ingress prod/shop',
  `update ${workload} prod/shop`,
  `remove ${workload} prod/shop`,
  'remove Service prod/shop',
];
const again = (workload: Workload): string[] => [
  'create Service prod/shop',
  `create ${workload} prod/shop`,
  'create Ingress prod/shop',
  'create HorizontalPodAutoscaler prod/shop',
];
const made = (workload: Workload): string[] => comes(workload).map((one) => `create ${one}`);
const unmade = (workload: Workload): string[] =>
  comes(workload)
    .toReversed()
    .map((one) => `remove ${one}`);

type Goal = 'Done' | 'Failed' | 'RolledBack' | 'Blocked';
const AT_ONCE = 12;

interface Way {
  readonly goal: Goal;
  readonly workload: Workload;
  /** The source's API is dead. */
  readonly offline?: true;
  /** At one of so many effects, for much is as in another way. Odd: they come in pairs. */
  readonly every?: number;
}

const way = (goal: Goal, own: Partial<Way> = {}): Way => ({ goal, workload: 'Deployment', ...own });
const STATEFUL_WAY = { workload: 'StatefulSet', every: 5 } as const;
const OFFLINE = { offline: true, every: 3 } as const;

async function fleetFor({ goal, workload, offline }: Way): Promise<MoveFleet> {
  const fleet = new MoveFleet();
  // The way back begins where weights have moved: its checks fail. So does what is a person's, offline.
  if (goal === 'Failed' || goal === 'Blocked') fleet.failsAt = 1;
  // The way home begins where nothing of the source is left.
  if (goal === 'RolledBack')
    fleet.ledgers.answers = { metadata: { verdict: 'fail', text: 'not today' } };
  await fleet.settle(workload === 'StatefulSet' ? STATEFUL : ALL);
  if (offline) fleet.cluster('east').down = new CallFailure({ text: 'refused', scope: 'cluster' });
  return fleet;
}

/** A person who calls the move off once the source is gone, unless that was said. */
async function callOff(process: Process, id: string): Promise<void> {
  await until('it is deleted, or called off', async () => {
    if ((await process.read(id))?.aborted) return true;
    if (!process.waitsFor(id, 'shop:finish')) return false;
    return await process.command(id, { name: 'abort', who: 'ann' });
  });
}

export function moveKills(
  title: string,
  open: () => Promise<JournalStage>,
  { at: which = /./ }: KillOptions = {},
): void {
  describe(`migration, killed: ${title}`, () => {
    /** `death`: the effect with this number; undefined: it lives. */
    const run = async (death: number | undefined, goes: Way) => {
      const { goal, offline } = goes;
      const stage = await open();
      const { journal } = stage;
      const fleet = await fleetFor(goes);
      const before = fleet.forms('east');
      const draft = fleet.draft(offline ? { mode: 'offline' } : {});
      const ghosts: (() => Promise<unknown>)[] = [];
      const life = live({
        ...(death !== undefined && { at: death }),
        onGhost: (name, arrive) => {
          if (name === 'cluster.apply' || name === 'cluster.remove') ghosts.push(arrive);
        },
      });
      const first = startMoves(fleet, journal, { life });
      void first.serve(await confirmEdges(journal, await stage.term()));
      const dead = until('it is dead or done', async () => {
        const [head] = await journal.heads();
        return life.isDead || head?.state === goal;
      });
      const create = until('it is created', () => first.create(draft)).catch(() => undefined);
      let calledOff = 0;
      const abort = async (id: string): Promise<void> => {
        await callOff(first, id);
        calledOff = life.effects.length;
      };
      if (goal === 'RolledBack')
        void create.then((job) => job && abort(job.id)).catch(() => undefined);
      await Promise.race([create, dead]);
      await dead;
      let errors: readonly unknown[] = first.errors;
      if (life.isDead) {
        // Whoever waits for what is late waits by this clock.
        const go = fleet.clock.stand();
        const second = startMoves(fleet, journal);
        const stop = await serve(second, await confirmEdges(journal, await stage.term()));
        const { length: isThere } = await journal.heads();
        if (isThere === 0) await second.create(draft);
        // What was on its way arrives now.
        for (const ghost of ghosts) await ghost();
        go();
        const [head] = await journal.heads();
        const { id = '' } = head ?? {};
        if (goal === 'RolledBack') await callOff(second, id);
        await untilState(journal, id, goal).catch((error: Error) => {
          throw new Error(`killed ${death}: ${life.effects.at(-1)}: ${error.message}`);
        });
        await stop();
        errors = second.errors;
      }
      await stage.close();
      return { fleet, life, errors, before, calledOff };
    };

    const killAll = async (goes: Way): Promise<void> => {
      const { goal, workload, offline, every = 1 } = goes;
      const { life: whole, calledOff } = await run(undefined, goes);
      // Until it is called off it goes as forward.
      const places = [...whole.effects.keys()].filter(
        (one) => one >= calledOff && which.test(whole.effects[one] ?? ''),
      );
      expect(places.length).toBeGreaterThan(40);
      const isBack = goal === 'Failed' || goal === 'RolledBack';
      const left = goal === 'Failed' || offline ? [] : leaves(workload);
      const source = goal === 'RolledBack' ? [...left, ...again(workload)] : left;
      const kill = async (place: number): Promise<void> => {
        const { fleet, life, errors, before } = await run(place, goes);
        const what = `killed ${place}: ${life.effects.at(place)}`;
        const { west = [], east } = fleet.writes();
        expect(east, what).toEqual(source);
        // Nothing fences a creation that is under way: one that comes behind its own removal is removed
        // again, and that is all.
        const late = life.effects.at(place) === 'before cluster.apply' && goal === 'Failed';
        const wanted = isBack ? [...made(workload), ...unmade(workload)] : made(workload);
        expect(late ? [...new Set(west)] : west, what).toEqual(wanted);
        if (isBack || offline) expect(fleet.forms('east'), what).toEqual(before);
        const marks = goal === 'Blocked' ? ['west'] : [];
        expect(
          fleet.traces().map(({ cluster }) => cluster),
          what,
        ).toEqual(marks);
        expect(fleet.objectsIn('west').length, what).toBe(isBack ? 0 : made(workload).length);
        expect(fleet.holds.size, what).toBe(goal === 'Blocked' ? 4 : 0);
        expect(fleet.ledgers.bookings.size, what).toBe(0);
        expect(fleet.ledgers.moved.length, what).toBe(goal === 'Done' ? 1 : 0);
        expect(fleet.ledgers.owed.length, what).toBe(goal === 'Done' && offline ? 1 : 0);
        expect(fleet.wrongs, what).toEqual([]);
        expect(errors, what).toEqual([]);
      };
      // Mostly they wait: some side by side.
      const waiting = places.filter((_, index) => index % every === 0);
      const work = async (): Promise<void> => {
        for (let place = waiting.shift(); place !== undefined; place = waiting.shift()) {
          await kill(place);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    };

    test('forward', () => killAll(way('Done')), 600_000);
    test('on the way back', () => killAll(way('Failed')), 600_000);
    test('on the way home, the source deleted', () => killAll(way('RolledBack')), 600_000);
    test('forward, a StatefulSet', () => killAll(way('Done', STATEFUL_WAY)), 600_000);
    test('on the way back, a StatefulSet', () => killAll(way('Failed', STATEFUL_WAY)), 600_000);
    test('offline, from a backup', () => killAll(way('Done', OFFLINE)), 600_000);
    test('offline, what fails is a person’s', () => killAll(way('Blocked', OFFLINE)), 600_000);
  });
}
