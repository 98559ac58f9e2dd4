// Fan-outs that hold nothing, whose journal Redis has lost and nobody remembers: they are found by their
// marks, killed at any point; those that came to their end are not.

import { expect, test } from 'vitest';
import { traceObject, tracedPlaces } from '../../src/jobs/traces.ts';
import type { JobHead } from '../../src/jobs/record.ts';
import { until } from '../controlplane/until.ts';
import { afterLoss } from './after-loss.ts';
import { MemoryFleet, startFanouts, stream } from './fleet.ts';
import { memoryStage } from './memory-stage.ts';
import { live, type Life } from './mortal.ts';
import { serve, untilState } from './process.ts';

async function start(life?: Life) {
  const stage = await memoryStage();
  const fleet = new MemoryFleet();
  await fleet.run(['east', 'west'], stream('v1'));
  const process = startFanouts(fleet, stage.journal, life);
  const begin = async (strategy: string) =>
    process.create(await fleet.draft(stream('v2', `{weights: none, ${strategy}}`)));
  return { ...stage, fleet, process, begin };
}

type Stage = Awaited<ReturnType<typeof start>>;

const lose = (stage: Stage) => afterLoss(stage, () => startFanouts(stage.fleet, stage.journal));

test('it is found with what it writes; nothing is taken away before a person says so', async () => {
  const stage = await start();
  const { fleet, journal } = stage;
  const stop = await serve(stage.process, await stage.term());
  const { id } = await stage.begin('approval: after');
  await untilState(journal, id, 'WaitingApproval');
  await stop();
  const { stranger, heads } = await lose(stage);
  expect(heads).toHaveLength(1);
  expect(heads[0]).toMatchObject({
    id,
    kind: 'found',
    state: 'Blocked',
    apps: ['shop'],
    clusters: ['east', 'north', 'west'],
  });
  expect(heads[0]?.why).toContain('ConfigMap prod/settings in east, Deployment prod/shop in east');
  expect(heads[0]?.why).toContain('Deployment prod/shop in north');
  expect(await journal.locks()).toEqual(new Map([['shop', id]]));
  const images = { east: 'v2', west: 'v2', north: 'v2' };
  expect(fleet.images()).toEqual(images);
  const mine = () =>
    fleet.traces().filter(({ metadata }) => metadata.annotations?.['ballast.io/job'] === id);
  expect(mine()).toHaveLength(3);
  await stranger.command(id, { name: 'abort', who: 'ann' });
  await untilState(journal, id, 'RolledBack');
  expect(mine()).toEqual([]);
  expect(fleet.images()).toEqual(images);
  expect(await journal.locks()).toEqual(new Map());
});

test('jobs that came to their end, whichever, make no ghosts', async () => {
  for (const [end, strategy] of [
    ['Done', 'onFailure: pause'],
    ['RolledBack', 'order: serial, onFailure: rollback-all'],
    ['Failed', 'order: serial, onFailure: rollback-cluster'],
  ] as const) {
    const stage = await start();
    if (end !== 'Done') stage.fleet.cluster('north').badImages.add('v2');
    const stop = await serve(stage.process, await stage.term());
    const { id } = await stage.begin(strategy);
    await untilState(stage.journal, id, end);
    await stop();
    expect((await lose(stage)).heads, end).toEqual([]);
  }
});

test('jobs of other environments are not ours', async () => {
  const stage = await start();
  const owner = { job: 'theirs-0000', environment: 'other' };
  const which = { kind: 'ConfigMap', namespace: 'prod', what: 'mark' } as const;
  await stage.fleet.cluster('east').apply(traceObject(owner, which, {}));
  expect((await lose(stage)).heads).toEqual([]);
  expect(stage.fleet.traces().map(({ metadata }) => metadata.annotations)).toContainEqual({
    'ballast.io/job': 'theirs-0000',
  });
});

interface Death {
  readonly what: string;
  /** As the journal had it last. */
  readonly head: JobHead | undefined;
  readonly isCleared: boolean;
  readonly isWritten: boolean;
  readonly isFound: boolean;
}

async function dieAt(place: number | undefined, strategy: string): Promise<Death & { life: Life }> {
  const life = live(place === undefined ? {} : { at: place });
  const stage = await start(life);
  const { fleet, journal, process } = stage;
  if (strategy.includes('rollback')) fleet.cluster('north').badImages.add('v2');
  void process.serve(await stage.term());
  const over = until('it is dead or over', async () => {
    const [head] = await journal.heads();
    return life.isDead || ['Done', 'RolledBack'].includes(head?.state ?? '');
  });
  const begun = until('it is created', () => stage.begin(strategy)).catch(() => undefined);
  await Promise.race([begun, over]);
  await over;
  const [head] = await journal.heads();
  const steps = Object.keys((head && (await journal.read(head.id))?.steps) ?? {});
  const isCleared = steps.some((step) => step.startsWith('clear'));
  const isWritten = Object.values(fleet.writes()).some((writes) => writes.length > 0);
  const { heads } = await lose(stage);
  const what = `killed ${place}: ${life.effects.at(place ?? -1)}`;
  return { what, head, isCleared, isWritten, isFound: heads.length > 0, life };
}

test.each([
  ['forward', 'order: serial'],
  ['on the way back', 'order: serial, onFailure: rollback-all'],
])(
  'killed at each effect in turn, %s: what may have been written is found',
  async (_, strategy) => {
    const { life } = await dieAt(undefined, strategy);
    const places = [...life.effects.keys()].filter((one) =>
      /cluster\.(apply|remove)|journal\.put/.test(life.effects[one] ?? ''),
    );
    expect(places.length).toBeGreaterThan(20);
    let found = 0;
    const work = async (): Promise<void> => {
      for (let place = places.shift(); place !== undefined; place = places.shift()) {
        const { what, head, isCleared, isWritten, isFound } = await dieAt(place, strategy);
        if (isWritten && !isCleared) expect(isFound, what).toBe(true);
        if (head?.state === 'Done' || head?.state === 'RolledBack')
          expect(isFound, what).toBe(false);
        found += isFound ? 1 : 0;
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect(found).toBeGreaterThan(10);
  },
  300_000,
);

test('where jobs may not act there is nothing of one, and an abort does not wait for it', async () => {
  const writerOf = () => Promise.reject(new Error('read only'));
  const places = tracedPlaces({ environment: 'test', clusters: () => ['west'], writerOf });
  expect(await places.clear('east', 'j')).toBeUndefined();
  expect(await places.clear('west', 'j')).toContain('read only');
});
