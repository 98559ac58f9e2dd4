// A creation that is still on its way when its move is called off: whatever comes late to the destination goes
// again, and the way back does not end before.

import { expect, onTestFinished, test } from 'vitest';
import { CallFailure } from '../../src/clusters/call-failure.ts';
import { openBook } from '../../src/jobs/book.ts';
import { obey } from '../../src/jobs/commands.ts';
import type { JobJournal } from '../../src/jobs/journal.ts';
import type { Lease } from '../../src/edges/store.ts';
import { until } from '../controlplane/until.ts';
import { confirmEdges } from './confirm-edges.ts';
import { memoryStage } from './memory-stage.ts';
import { live, type Death } from './mortal.ts';
import { MoveFleet } from './move-fleet.ts';
import { asItWas, begin } from './moving.ts';
import { serve, untilState } from './process.ts';
import { startMoves } from './start-moves.ts';

const ABORT = { name: 'abort', said: { who: 'ann', at: 0 } } as const;
const LATE = 'it may still be on its way';

/** The last that a leader had on record. */
async function callOff(journal: JobJournal, id: string, lease: Lease): Promise<void> {
  const book = openBook({ journal, memory: new Map(), changed: () => undefined }, lease);
  const job = await journal.read(id);
  if (job) book.take(job);
  await book.update(id, (now) => obey(now, ABORT));
}

/** Undefined: it lives, and is called off once all is there. */
async function calledOff({ at }: Death) {
  const { journal, term } = await memoryStage();
  const fleet = new MoveFleet();
  await fleet.settle();
  const ghosts: (() => Promise<unknown>)[] = [];
  const life = live({
    ...(at !== undefined && { at }),
    onGhost: (_, arrive) => ghosts.push(arrive),
  });
  const first = startMoves(fleet, journal, { life });
  const end = first.serve(await confirmEdges(journal, await term()));
  fleet.unseen.set('west', 'not-routed');
  void until('it is created', () => first.create(fleet.draft())).catch(() => undefined);
  const isThere = async () => {
    const [head] = await journal.heads();
    return head && first.waitsFor(head.id, 'shop:ready');
  };
  await until('it is dead or there', async () => life.isDead || (await isThere()));
  const { id = '' } = (await journal.heads())[0] ?? {};
  if (!life.isDead) {
    await end();
    return { fleet, effects: life.effects };
  }
  await callOff(journal, id, await confirmEdges(journal, await term()));
  // Whoever waits for what is late waits by this clock.
  const go = fleet.clock.stand();
  const second = startMoves(fleet, journal);
  const stop = await serve(second, await confirmEdges(journal, await term()));
  await until('it is waited for, or not', async () => {
    const waits = second.waits(id).join();
    return waits.includes(LATE) || (await journal.read(id))?.state === 'RolledBack';
  });
  for (const ghost of ghosts) await ghost();
  go();
  await untilState(journal, id, 'RolledBack');
  await stop();
  return { fleet, effects: life.effects, errors: second.errors };
}

test('whoever brought it dies at each creation, and the move was called off before the next one leads', async () => {
  const { effects } = await calledOff({});
  const places = [...effects.keys()].filter((at) => effects[at] === 'before cluster.apply');
  expect(places.length).toBeGreaterThan(5);
  const kill = async (at: number): Promise<void> => {
    const { fleet, errors } = await calledOff({ at });
    const what = `killed ${at}`;
    expect(fleet.objectsIn('west'), what).toEqual([]);
    expect(errors, what).toEqual([]);
    asItWas(fleet);
  };
  await Promise.all(places.map(kill));
}, 60_000);

test('a creation without an answer, called off at once', async () => {
  const late = Promise.withResolvers<() => Promise<unknown>>();
  const { fleet, journal, process, id, say } = await begin((its) => {
    const west = its.cluster('west');
    const apply = west.apply.bind(west);
    west.apply = async (object, options) => {
      if (object.kind !== 'Service' || options?.dryRun) return apply(object, options);
      west.apply = apply;
      late.resolve(() => apply(object, options));
      throw new CallFailure({ text: 'no answer in time', scope: 'cluster' });
    };
  });
  const arrive = await late.promise;
  await say('abort');
  await until('it is waited for', () => process.waitsFor(id, 'shop:back.3')?.includes(LATE));
  await arrive();
  await untilState(journal, id, 'RolledBack');
  expect(fleet.cluster('west').all()).toEqual([]);
  asItWas(fleet);
  onTestFinished(() => expect(fleet.wrongs).toEqual([]));
});
