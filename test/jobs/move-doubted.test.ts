// The way back of a migration whose journal was put back with its Redis: what is not on record is looked at.

import { expect, onTestFinished, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { confirmEdges } from './confirm-edges.ts';
import { memoryStage } from './memory-stage.ts';
import { MoveFleet, SHOP } from './move-fleet.ts';
import { asItWas } from './moving.ts';
import { serve, untilState } from './process.ts';
import { startMoves } from './start-moves.ts';

/** All has gone over, and the journal is the one from before the first step. */
async function putBack() {
  const stage = await memoryStage();
  const fleet = new MoveFleet();
  await fleet.settle();
  const before = fleet.forms('east');
  const first = startMoves(fleet, stage.journal);
  const end = await serve(first, await confirmEdges(stage.journal, await stage.term()));
  fleet.poller = 'legacy';
  const { id } = await first.create(fleet.draft());
  const old = stage.journal.dump();
  await untilState(stage.journal, id, 'WaitingApproval');
  await end();
  await stage.restart(false);
  stage.journal.load(old);
  const stranger = startMoves(fleet, stage.journal);
  onTestFinished(await serve(stranger, await stage.term()));
  await untilState(stage.journal, id, 'Blocked');
  const abort = () => stranger.command(id, { name: 'abort', who: 'ann' });
  return { fleet, journal: stage.journal, id, before, abort };
}

test('all that came goes, though nothing of it is on record', async () => {
  const { fleet, journal, id, before, abort } = await putBack();
  expect(fleet.cluster('west').all()).not.toEqual([]);
  await abort();
  await untilState(journal, id, 'RolledBack');
  expect(fleet.cluster('west').all()).toEqual([]);
  expect(fleet.forms('east')).toEqual(before);
  asItWas(fleet);
  expect(fleet.wrongs).toEqual([]);
});

test('where the source has lost something there is nothing to go back to', async () => {
  const { fleet, journal, id, abort } = await putBack();
  const service = { ...SHOP, apiVersion: 'v1', kind: 'Service' };
  const { uid = '', resourceVersion = '' } = (fleet.cluster('east').look(service)?.metadata ??
    {}) as Record<string, string>;
  const weights = fleet.weights();
  await fleet.cluster('east').remove(service, { uid, resourceVersion });
  await abort();
  const why = await until('it is blocked anew', async () => {
    const { blocked = '' } = (await journal.read(id)) ?? {};
    return blocked.includes('back.weights') && blocked;
  });
  expect(why).toContain(
    'there is nothing to go back to: Service prod/shop is not in east any more',
  );
  expect(fleet.weights()).toEqual(weights);
  expect(fleet.cluster('west').look(SHOP)).toBeDefined();
});
