// Migrations whose journal Redis has lost and nobody remembers: they are found by their marks, killed at any
// point, also where they hold nothing; those that came to their end are not.

import { expect, test } from 'vitest';
import type { Job } from '../../src/jobs/record.ts';
import { until } from '../controlplane/until.ts';
import { afterLoss } from './after-loss.ts';
import { confirmEdges } from './confirm-edges.ts';
import { memoryStage } from './memory-stage.ts';
import { live, type Life } from './mortal.ts';
import { MoveFleet, PLACES } from './move-fleet.ts';
import { serve, untilState } from './process.ts';
import { startMoves } from './start-moves.ts';

async function start(life?: Life) {
  const stage = await memoryStage();
  const fleet = new MoveFleet();
  await fleet.settle();
  return { ...stage, fleet, process: startMoves(fleet, stage.journal, { life }) };
}

type Stage = Awaited<ReturnType<typeof start>>;

const lose = (stage: Stage) => afterLoss(stage, () => startMoves(stage.fleet, stage.journal));

function marksOf({ fleet }: Stage, id: string): string[] {
  const mine = fleet
    .traces()
    .filter(({ object }) => object.metadata.annotations?.['ballast.io/job'] === id);
  return mine.map(({ cluster }) => cluster);
}

test('it is found with what it writes in both clusters; nothing is taken away by itself', async () => {
  const stage = await start();
  const { fleet, journal, process } = stage;
  const stop = await serve(process, await confirmEdges(journal, await stage.term()));
  fleet.ledgers.answers = { metadata: { verdict: 'fail', text: 'not today' } };
  const { id } = await process.create(fleet.draft());
  await until('the source is deleted', () => process.waitsFor(id, 'shop:finish'));
  await stop();
  const writes = fleet.writes();
  const { stranger, heads } = await lose(stage);
  expect(heads).toHaveLength(1);
  expect(heads[0]).toMatchObject({
    id,
    kind: 'found',
    state: 'Blocked',
    apps: ['shop'],
    clusters: PLACES,
  });
  expect(heads[0]?.why).toContain('Deployment prod/shop in east');
  expect(heads[0]?.why).toContain('ConfigMap prod/shop in west');
  expect(await journal.locks()).toEqual(new Map([['shop', id]]));
  expect(marksOf(stage, id)).toEqual(PLACES);
  await stranger.command(id, { name: 'abort', who: 'ann' });
  await untilState(journal, id, 'RolledBack');
  expect(marksOf(stage, id)).toEqual([]);
  expect(fleet.writes()).toEqual(writes);
});

interface Death {
  readonly what: string;
  /** As the journal had it last. */
  readonly job: Job | undefined;
  readonly isWritten: boolean;
  readonly isFound: boolean;
  readonly life: Life;
}

/** `isIll`: what came fails its checks, and goes again. */
async function dieAt(place: number | undefined, isIll: boolean): Promise<Death> {
  const life = live(place === undefined ? {} : { at: place });
  const stage = await start(life);
  const { fleet, journal, process } = stage;
  if (isIll) fleet.failsAt = 1;
  void process.serve(await confirmEdges(journal, await stage.term()));
  const over = until('it is dead or over', async () => {
    const [head] = await journal.heads();
    return life.isDead || ['Done', 'Failed'].includes(head?.state ?? '');
  });
  const begun = until('it is created', () => process.create(fleet.draft()));
  await Promise.race([begun.catch(() => over), over]);
  await over;
  const [head] = await journal.heads();
  const job = head && (await journal.read(head.id));
  const isWritten = Object.values(fleet.writes()).some((writes) => writes.length > 0);
  const { heads } = await lose(stage);
  const what = `killed ${place}: ${life.effects.at(place ?? -1)}`;
  return { what, job, isWritten, isFound: heads.length > 0, life };
}

test.each([
  ['forward', false],
  ['on the way back', true],
])(
  'killed at each effect in turn, %s: what may have been written is found',
  async (_, isIll) => {
    const { life, isFound: isGhost } = await dieAt(undefined, isIll);
    expect(isGhost).toBe(false);
    const places = [...life.effects.keys()].filter((one) =>
      /cluster\.(apply|remove)|after (journal\.put|traffic)/.test(life.effects[one] ?? ''),
    );
    expect(places.length).toBeGreaterThan(40);
    let found = 0;
    const work = async (): Promise<void> => {
      for (let place = places.shift(); place !== undefined; place = places.shift()) {
        const { what, job, isWritten, isFound } = await dieAt(place, isIll);
        const isEnding = Object.hasOwn(job?.steps ?? {}, 'clear');
        if (isWritten && !isEnding) expect(isFound, what).toBe(true);
        if (job?.state === 'Done' || job?.state === 'Failed') expect(isFound, what).toBe(false);
        found += isFound ? 1 : 0;
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    expect(found).toBeGreaterThan(30);
  },
  300_000,
);
