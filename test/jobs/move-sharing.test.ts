// Moves of two jobs whose apps' pods read the same ConfigMap and Secret: what one has brought stays where
// another needs it, and goes with the last.

import { expect, onTestFinished, test } from 'vitest';
import { resultOf } from '../../src/jobs/record.ts';
import { at } from '../../src/migration/manifests/manifest.ts';
import { until } from '../controlplane/until.ts';
import { deployment, ingress, service } from '../migration/plan/plan-world.ts';
import { confirmEdges } from './confirm-edges.ts';
import { holdCalls } from './held-calls.ts';
import { memoryStage } from './memory-stage.ts';
import { ALL, MoveFleet } from './move-fleet.ts';
import { serve, untilState } from './process.ts';
import { startMoves } from './start-moves.ts';

const SHARED = ['ConfigMap shop', 'Secret shop'];
const NEWS = [deployment('news', 4), service('news'), ingress('news')];

async function moving() {
  const { journal, term } = await memoryStage();
  const fleet = new MoveFleet();
  await fleet.settle([...ALL, ...NEWS]);
  const process = startMoves(fleet, journal);
  const stop = await serve(process, await confirmEdges(journal, await term()));
  onTestFinished(async () => {
    await stop();
    expect([fleet.wrongs, process.errors]).toEqual([[], []]);
  });
  const begin = async (app: string) => {
    const draft = fleet.draft({ apps: [app] }, { bakeSeconds: 3000 });
    const { id } = await process.create(draft);
    await until('it bakes', async () => (await journal.read(id))?.steps[`${app}:bake`]);
    return id;
  };
  const back = async (id: string) => {
    await process.command(id, { name: 'abort', who: 'ann' });
    await untilState(journal, id, 'RolledBack');
  };
  const textOf = async (id: string, step: string) => {
    const job = await journal.read(id);
    return job && resultOf(job, step)?.text;
  };
  /** At the destination, as `Kind name`; marks of jobs aside. */
  const there = (): string[] =>
    fleet
      .cluster('west')
      .all()
      .filter(({ metadata }) => !metadata.name.startsWith('ballast-job-'))
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
      .toSorted();
  return { fleet, journal, process, begin, back, textOf, there };
}

test('the first goes back: what it brought stays, and goes with the second', async () => {
  const { begin, back, textOf, there } = await moving();
  const first = await begin('shop');
  const second = await begin('news');
  await back(first);
  expect(await textOf(first, 'shop:back.2')).toBe(`it stays: news of ${second} needs it`);
  expect(there()).toEqual([
    'ConfigMap shop',
    'Deployment news',
    'Ingress news',
    'Secret shop',
    'Service news',
  ]);
  await back(second);
  expect(there()).toEqual([]);
});

test('the second goes back: what it found stays', async () => {
  const { begin, back, textOf, there } = await moving();
  const first = await begin('shop');
  const second = await begin('news');
  await back(second);
  expect(await textOf(second, 'news:back.2')).toBe('nothing came of it');
  expect(there()).toEqual(expect.arrayContaining(SHARED));
  await back(first);
  expect(there()).toEqual([]);
});

test('the second has moved for good: what it found stays for it', async () => {
  const { journal, process, begin, back, textOf, there } = await moving();
  const first = await begin('shop');
  const second = await begin('news');
  await process.command(second, { name: 'skip', who: 'ann', step: 'news:bake' });
  await untilState(journal, second, 'Done');
  await back(first);
  expect(await textOf(first, 'shop:back.2')).toBe(`it stays: news of ${second} needs it`);
  expect(there()).toEqual(expect.arrayContaining([...SHARED, 'Deployment news']));
});

const { uid: _, ...MAIL } = deployment('mail', 1).metadata;
const SPEC = deployment('mail', 1)['spec'];

test.each([
  { apiVersion: 'apps/v1', kind: 'Deployment', metadata: MAIL, spec: SPEC },
  // Behind its Service too: it did without that before.
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...MAIL, labels: { app: 'shop' } },
    spec: at(SPEC, 'template', 'spec'),
  },
])('a $kind that lives there and no move has brought keeps what it names', async (mail) => {
  const { fleet, begin, back, textOf, there } = await moving();
  const id = await begin('shop');
  fleet.cluster('west').applyAs('kubectl', mail);
  await back(id);
  const { kind } = mail;
  expect(await textOf(id, 'shop:back.2')).toBe(`it stays: ${kind} prod/mail needs it`);
  expect(there()).toEqual(['ConfigMap shop', `${kind} mail`, 'Secret shop'].toSorted());
});

test('who comes while it is taken away waits, and makes it anew', async () => {
  const { fleet, journal, process, begin, there } = await moving();
  const id = await begin('shop');
  const { reached, release } = holdCalls(fleet.cluster('west'), 'remove', 'Secret');
  await process.command(id, { name: 'abort', who: 'ann' });
  await reached;
  const second = await process.create(fleet.draft({ apps: ['news'] }));
  await until('it waits', () => process.waitsFor(second.id, 'news:apply.2')?.includes(`of ${id}`));
  release();
  await untilState(journal, id, 'RolledBack');
  await untilState(journal, second.id, 'Done');
  expect(there()).toEqual(expect.arrayContaining([...SHARED, 'Deployment news']));
});
