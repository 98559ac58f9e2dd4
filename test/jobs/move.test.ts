// A migration's job on clusters in memory: what comes, what goes over, what leaves, and what stops it.

import { expect, onTestFinished, test } from 'vitest';
import type { CommandName } from '../../src/jobs/commands.ts';
import { memoryStage } from './memory-stage.ts';
import { MoveFleet, startMoves } from './move-fleet.ts';
import { serve, untilState } from './process.ts';

type Own = Parameters<MoveFleet['draft']>;

async function begin(prepare?: (fleet: MoveFleet) => void, ...own: Own) {
  const { journal, term } = await memoryStage();
  const fleet = new MoveFleet();
  await fleet.settle();
  const process = startMoves(fleet, journal);
  const stop = await serve(process, await term());
  onTestFinished(async () => {
    await stop();
    expect(fleet.wrongs).toEqual([]);
    expect(process.errors).toEqual([]);
  });
  const draft = fleet.draft(...own);
  prepare?.(fleet);
  const { id } = await process.create(draft);
  const say = (name: CommandName, step?: string) =>
    process.command(id, { name, who: 'ann', ...(step !== undefined && { step }) });
  return { journal, fleet, process, id, say };
}

test('online: objects come, weights go over step by step, the source leaves', async () => {
  const { journal, fleet, id, process } = await begin();
  const job = await untilState(journal, id, 'Done');
  expect(fleet.said).toEqual([
    'east 40 west 0 vm 10',
    'east 380 west 20 vm 100',
    'east 360 west 40 vm 100',
    'east 300 west 100 vm 100',
    'east 200 west 200 vm 100',
    'east 100 west 300 vm 100',
    'east 0 west 400 vm 100',
    'east 0 west 40 vm 10',
  ]);
  expect(fleet.writes()).toEqual({
    west: [
      'create ConfigMap prod/shop',
      'create Secret prod/shop',
      'create Service prod/shop',
      'create Deployment prod/shop',
      'create PodDisruptionBudget prod/shop',
      'create Ingress prod/shop',
      'create HorizontalPodAutoscaler prod/shop',
    ],
    east: [
      'remove HorizontalPodAutoscaler prod/shop',
      'remove Ingress prod/shop',
      'update Deployment prod/shop',
      'remove Deployment prod/shop',
      'remove Service prod/shop',
    ],
  });
  expect(fleet.holds.size).toBe(0);
  expect(fleet.ledgers.bookings.size).toBe(0);
  expect(fleet.ledgers.moved).toEqual([
    { app: 'shop', namespace: 'prod', from: 'east', to: 'west' },
  ]);
  const { secret } = { secret: 'dGhlLXBhc3N3b3Jk' };
  expect(JSON.stringify([job, process.notes])).not.toContain(secret);
  const secretThere = fleet
    .cluster('west')
    .all()
    .find(({ kind }) => kind === 'Secret');
  expect(secretThere?.['data']).toEqual({ password: secret });
});
