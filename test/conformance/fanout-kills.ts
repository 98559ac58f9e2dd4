// A fan-out whose runner is killed, at one effect after the other: the end is the same, and nothing is
// written twice. Run it by calling fanoutKills() in a test file with a way to open an empty journal.

import { describe, expect, onTestFinished, test } from 'vitest';
import { untilState } from '../jobs/process.ts';
import { serve } from '../jobs/process.ts';
import { MemoryFleet, secretOf, stagingOn, startFanouts, stream } from '../jobs/fleet.ts';
import { live } from '../jobs/mortal.ts';
import { until } from '../controlplane/until.ts';
import type { JournalStage } from './journal.ts';

const SECRET = 'Secret prod/key';
const ALL = ['ConfigMap prod/settings', SECRET, 'Service prod/shop', 'Deployment prod/shop'];
const UPDATED = ['ConfigMap prod/settings', SECRET, 'Deployment prod/shop'];
const verbs = (verb: string, objects: readonly string[]): string[] =>
  objects.map((one) => `${verb} ${one}`);

/** What is written where nobody is killed. */
function writesOf(goal: Goal, secrets: boolean) {
  const mine = (objects: readonly string[]): string[] =>
    objects.filter((one) => secrets || one !== SECRET);
  const updates = verbs('update', mine(UPDATED));
  const creations = verbs('create', mine(ALL));
  if (goal === 'Done') return { east: updates, west: updates, north: creations };
  const both = [...updates, ...updates.toReversed()];
  return {
    east: both,
    west: both,
    north: [...creations, ...verbs('remove', mine(ALL).toReversed())],
  };
}

type Goal = 'Done' | 'RolledBack';

const AT_ONCE = 8;

export interface KillOptions {
  /** Which effects it dies at, by their name; absent: at all. */
  readonly at?: RegExp;
  /** A Secret is among what is written. */
  readonly secrets?: boolean;
}

export function fanoutKills(
  title: string,
  open: () => Promise<JournalStage>,
  { at: which = /./, secrets = false }: KillOptions = {},
): void {
  describe(`fan-out, killed: ${title}`, () => {
    /** `death`: the effect with this number; undefined: it lives. */
    const streamOf = (version: string, strategy?: string): string =>
      stream(version, strategy) + (secrets ? secretOf(`planted-${version}`) : '');
    const run = async (death: number | undefined, goal: Goal) => {
      const stage = await open();
      const { journal } = stage;
      const fleet = new MemoryFleet();
      await fleet.run(['east', 'west'], streamOf('v1'));
      // It comes to its last gate, and goes back from there.
      if (goal === 'RolledBack') fleet.cluster('north').badImages.add('v2');
      const strategy = `{order: serial, onFailure: ${goal === 'Done' ? 'pause' : 'rollback-all'}}`;
      const text = streamOf('v2', strategy);
      const draft = await fleet.draft(text);
      const begin = (process: ReturnType<typeof startFanouts>): Promise<unknown> =>
        process.create(draft, stagingOn(fleet.clusters.values(), text, process.writerOf));
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
      const create = until('it is created', () => begin(first)).catch(() => undefined);
      await Promise.race([create, dead]);
      await dead;
      let errors: readonly unknown[] = first.errors;
      if (life.isDead) {
        // Whoever waits for what is late waits by this clock.
        const go = fleet.clock.stand();
        const second = startFanouts(fleet, journal);
        const stop = await serve(second, await stage.term());
        const { length: isThere } = await journal.heads();
        if (isThere === 0) await begin(second);
        // What was on its way arrives now.
        for (const ghost of ghosts) await ghost();
        go();
        ghosts.length = 0;
        const [head] = await journal.heads();
        await untilState(journal, head?.id ?? '', goal).catch((error: Error) => {
          throw new Error(`killed ${death}: ${life.effects.at(-1)}: ${error.message}`);
        });
        // What was staged for a job that never was goes too, a while later.
        await until('nothing of jobs is left', () => fleet.traces().length === 0);
        await stop();
        errors = second.errors;
      }
      const jobs = await Promise.all((await journal.heads()).map(({ id }) => journal.read(id)));
      await stage.close();
      return { fleet, life, errors, record: JSON.stringify(jobs) };
    };

    const killAll = async (goal: Goal) => {
      const expected = writesOf(goal, secrets);
      const { life: whole } = await run(undefined, goal);
      const places = [...whole.effects.keys()].filter((one) =>
        which.test(whole.effects[one] ?? ''),
      );
      expect(places.length).toBeGreaterThan(40);
      const kill = async (place: number): Promise<void> => {
        const { fleet, life, errors, record } = await run(place, goal);
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
        expect(fleet.traces(), what).toEqual([]);
        if (!secrets) return;
        expect(fleet.passwords(), what).toEqual(planted(goal === 'Done' ? all : before));
        for (const version of ['planted-v1', 'planted-v2']) {
          for (const word of [version, Buffer.from(version).toString('base64')]) {
            expect(record, what).not.toContain(word);
          }
        }
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
      await killAll('Done');
    }, 600_000);

    test('on the way back', async () => {
      await killAll('RolledBack');
    }, 600_000);

    test('and never, which is what the others are held against', async () => {
      const { fleet } = await run(undefined, 'Done');
      onTestFinished(() => expect(fleet.wrongs).toEqual([]));
      expect(fleet.writes()).toEqual(writesOf('Done', secrets));
    });
  });
}

const counted = (writes: readonly string[], verb: string): number =>
  writes.filter((one) => one.startsWith(verb)).length;

const planted = (versions: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(
    Object.entries(versions).map(([cluster, version]) => [
      cluster,
      version && `planted-${version}`,
    ]),
  );
