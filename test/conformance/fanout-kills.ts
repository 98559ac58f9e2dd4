// A fan-out whose runner is killed, at one effect after the other: the end is the same, and nothing is
// written twice. Run it by calling fanoutKills() in a test file with a way to open an empty journal.

import { describe, expect, onTestFinished, test } from 'vitest';
import { untilState } from '../jobs/process.ts';
import { serve } from '../jobs/process.ts';
import { MemoryFleet, startFanouts, stream } from '../jobs/fleet.ts';
import { live } from '../jobs/mortal.ts';
import { until } from '../controlplane/until.ts';
import type { JournalStage } from './journal.ts';

const THREE = ['ConfigMap prod/settings', 'Service prod/shop', 'Deployment prod/shop'];
const UPDATED = ['update ConfigMap prod/settings', 'update Deployment prod/shop'];
const FORWARD = {
  east: UPDATED,
  west: UPDATED,
  north: THREE.map((one) => `create ${one}`),
};
const BACK = {
  east: [...UPDATED, ...UPDATED.toReversed()],
  west: [...UPDATED, ...UPDATED.toReversed()],
  north: [
    ...THREE.map((one) => `create ${one}`),
    ...THREE.toReversed().map((one) => `remove ${one}`),
  ],
};

const AT_ONCE = 8;

export interface KillOptions {
  /** Which effects it dies at, by their name; absent: at all. */
  readonly at?: RegExp;
}

export function fanoutKills(
  title: string,
  open: () => Promise<JournalStage>,
  { at: which = /./ }: KillOptions = {},
): void {
  describe(`fan-out, killed: ${title}`, () => {
    /** `death`: the effect with this number; undefined: it lives. */
    const run = async (death: number | undefined, goal: 'Done' | 'RolledBack') => {
      const stage = await open();
      const { journal } = stage;
      const fleet = new MemoryFleet();
      await fleet.run(['east', 'west'], stream('v1'));
      // It comes to its last gate, and goes back from there.
      if (goal === 'RolledBack') fleet.cluster('north').badImages.add('v2');
      const strategy = `{order: serial, onFailure: ${goal === 'Done' ? 'pause' : 'rollback-all'}}`;
      const draft = await fleet.draft(stream('v2', strategy));
      const ghosts: (() => Promise<unknown>)[] = [];
      const life = live({
        ...(death !== undefined && { at: death }),
        onGhost: (name, arrive) => {
          if (name === 'cluster.apply' || name === 'cluster.remove') ghosts.push(arrive);
        },
      });
      const first = startFanouts(fleet, journal, life);
      void first.serve(await stage.term());
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
        const second = startFanouts(fleet, journal);
        const stop = await serve(second, await stage.term());
        const { length: isThere } = await journal.heads();
        if (isThere === 0) await second.create(draft);
        // What was on its way arrives now.
        for (const ghost of ghosts) await ghost();
        go();
        ghosts.length = 0;
        const [head] = await journal.heads();
        await untilState(journal, head?.id ?? '', goal).catch((error: Error) => {
          throw new Error(`killed ${death}: ${life.effects.at(-1)}: ${error.message}`);
        });
        await stop();
        errors = second.errors;
      }
      await stage.close();
      return { fleet, life, errors };
    };

    const killAll = async (goal: 'Done' | 'RolledBack', expected: typeof FORWARD) => {
      const { life: whole } = await run(undefined, goal);
      const places = [...whole.effects.keys()].filter((one) =>
        which.test(whole.effects[one] ?? ''),
      );
      expect(places.length).toBeGreaterThan(40);
      const kill = async (place: number): Promise<void> => {
        const { fleet, life, errors } = await run(place, goal);
        const what = `killed ${place}: ${life.effects.at(place)}`;
        const { north: made = [], ...written } = fleet.writes();
        const { north, ...others } = expected;
        expect(written, what).toEqual(others);
        // Nothing fences a creation that is under way: one that comes behind its own removal is removed
        // again, and that is all.
        const late = life.effects.at(place) === 'before cluster.apply' && goal === 'RolledBack';
        expect(late ? [...new Set(made)] : made, what).toEqual(north);
        expect(counted(made, 'create') === counted(made, 'remove'), what).toBe(goal !== 'Done');
        expect(fleet.holds.size, what).toBe(0);
        expect(fleet.wrongs, what).toEqual([]);
        expect(errors, what).toEqual([]);
        const all = { east: 'v2', west: 'v2', north: 'v2' };
        const before = { east: 'v1', west: 'v1', north: undefined };
        expect(fleet.images(), what).toEqual(goal === 'Done' ? all : before);
      };
      // Mostly they wait: some side by side.
      const waiting = [...places];
      const work = async (): Promise<void> => {
        for (let place = waiting.shift(); place !== undefined; place = waiting.shift()) {
          await kill(place);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      return places.length;
    };

    test('forward', async () => {
      await killAll('Done', FORWARD);
    }, 600_000);

    test('on the way back', async () => {
      await killAll('RolledBack', BACK);
    }, 600_000);

    test('and never, which is what the others are held against', async () => {
      const { fleet } = await run(undefined, 'Done');
      onTestFinished(() => expect(fleet.wrongs).toEqual([]));
      expect(fleet.writes()).toEqual(FORWARD);
    });
  });
}

const counted = (writes: readonly string[], verb: string): number =>
  writes.filter((one) => one.startsWith(verb)).length;
