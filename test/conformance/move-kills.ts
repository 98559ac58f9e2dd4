// A migration whose runner is killed, at one effect after the other: the end is the same, and nothing is
// written twice. Run it by calling moveKills() in a test file with a way to open an empty journal.

import { describe, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { confirmEdges } from '../jobs/confirm-edges.ts';
import { live } from '../jobs/mortal.ts';
import { MoveFleet, startMoves } from '../jobs/move-fleet.ts';
import { serve, untilState } from '../jobs/process.ts';
import type { KillOptions } from './fanout-kills.ts';
import type { JournalStage } from './journal.ts';

const COMES = [
  'ConfigMap prod/shop',
  'Secret prod/shop',
  'Service prod/shop',
  'Deployment prod/shop',
  'PodDisruptionBudget prod/shop',
  'Ingress prod/shop',
  'HorizontalPodAutoscaler prod/shop',
];
const LEAVES = [
  'remove HorizontalPodAutoscaler prod/shop',
  'remove Ingress prod/shop',
  'update Deployment prod/shop',
  'remove Deployment prod/shop',
  'remove Service prod/shop',
];
const made = COMES.map((one) => `create ${one}`);
const unmade = COMES.toReversed().map((one) => `remove ${one}`);

type Goal = 'Done' | 'Failed';
const AT_ONCE = 8;

/** The way back begins where weights have moved: its checks fail. */
function fleetFor(goal: Goal): MoveFleet {
  const fleet = new MoveFleet();
  if (goal === 'Failed') fleet.failsAt = 1;
  return fleet;
}

export function moveKills(
  title: string,
  open: () => Promise<JournalStage>,
  { at: which = /./ }: KillOptions = {},
): void {
  describe(`migration, killed: ${title}`, () => {
    /** `death`: the effect with this number; undefined: it lives. */
    const run = async (death: number | undefined, goal: Goal) => {
      const stage = await open();
      const { journal } = stage;
      const fleet = fleetFor(goal);
      await fleet.settle();
      const before = fleet.forms('east');
      const draft = fleet.draft();
      const ghosts: (() => Promise<unknown>)[] = [];
      const life = live({
        ...(death !== undefined && { at: death }),
        onGhost: (name, arrive) => {
          if (name === 'cluster.apply' || name === 'cluster.remove') ghosts.push(arrive);
        },
      });
      const first = startMoves(fleet, journal, life);
      void first.serve(await confirmEdges(journal, await stage.term()));
      const dead = until('it is dead or done', async () => {
        const [head] = await journal.heads();
        return life.isDead || head?.state === goal;
      });
      const create = until('it is created', () => first.create(draft)).catch(() => undefined);
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
        await untilState(journal, head?.id ?? '', goal).catch((error: Error) => {
          throw new Error(`killed ${death}: ${life.effects.at(-1)}: ${error.message}`);
        });
        await stop();
        errors = second.errors;
      }
      await stage.close();
      return { fleet, life, errors, before };
    };

    const killAll = async (goal: Goal): Promise<void> => {
      const { life: whole } = await run(undefined, goal);
      const places = [...whole.effects.keys()].filter((one) =>
        which.test(whole.effects[one] ?? ''),
      );
      expect(places.length).toBeGreaterThan(40);
      const kill = async (place: number): Promise<void> => {
        const { fleet, life, errors, before } = await run(place, goal);
        const what = `killed ${place}: ${life.effects.at(place)}`;
        const { west = [], east } = fleet.writes();
        expect(east, what).toEqual(goal === 'Done' ? LEAVES : []);
        // Nothing fences a creation that is under way: one that comes behind its own removal is removed
        // again, and that is all.
        const late = life.effects.at(place) === 'before cluster.apply' && goal === 'Failed';
        const wanted = goal === 'Done' ? made : [...made, ...unmade];
        expect(late ? [...new Set(west)] : west, what).toEqual(wanted);
        if (goal === 'Failed') expect(fleet.forms('east'), what).toEqual(before);
        expect(fleet.cluster('west').all().length, what).toBe(goal === 'Done' ? COMES.length : 0);
        expect(fleet.holds.size, what).toBe(0);
        expect(fleet.ledgers.bookings.size, what).toBe(0);
        expect(fleet.ledgers.moved.length, what).toBe(goal === 'Done' ? 1 : 0);
        expect(fleet.wrongs, what).toEqual([]);
        expect(errors, what).toEqual([]);
      };
      // Mostly they wait: some side by side.
      const waiting = [...places];
      const work = async (): Promise<void> => {
        for (let place = waiting.shift(); place !== undefined; place = waiting.shift()) {
          await kill(place);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    };

    test('forward', () => killAll('Done'), 600_000);
    test('on the way back', () => killAll('Failed'), 600_000);
  });
}
