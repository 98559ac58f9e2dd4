// Secrets in fan-outs where marks of what they hold have a key: all goes as without, by whichever process
// has that key; who has none finds no value by trying.

import { expect, onTestFinished, test } from 'vitest';
import { sealingBy, valuesIn } from '../../src/fanout/plan/seal.ts';
import type { PlanOptions } from '../../src/fanout/plan/world.ts';
import { MemoryFleet, secretOf, stagingOn, startFanouts, stream } from './fleet.ts';
import { memoryStage } from './memory-stage.ts';
import { serve, untilState } from './process.ts';

const sealing = sealingBy('k'.repeat(32));
const text = (version: string, strategy: string): string =>
  stream('v1', strategy) + secretOf(`planted-${version}`);
const V1 = { east: 'planted-v1', west: 'planted-v1', north: undefined };
const V2 = { east: 'planted-v2', west: 'planted-v2', north: 'planted-v2' };

/** What anybody can make of a password. */
function guessed(password: string): string {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' } };
  const [mark = ''] = valuesIn({ ...secret, stringData: { password } }).keys();
  return mark;
}

async function start(wanted: string, own: Partial<PlanOptions> = { sealing }) {
  const stage = await memoryStage();
  const fleet = new MemoryFleet();
  await fleet.run(['east', 'west'], text('v1', '{weights: none}'));
  const first = startFanouts(fleet, stage.journal, undefined, sealing);
  const stop = await serve(first, await stage.term());
  await first.confirmEdges('ann', ['edge-1']);
  const staging = stagingOn(fleet.clusters.values(), wanted, first.writerOf, own);
  const { id } = await first.create(await fleet.draft(wanted, own), staging);
  await untilState(stage.journal, id, 'WaitingApproval');
  await stop();
  /** Another one that leads now. */
  const next = async (by = sealing) => {
    const process = startFanouts(fleet, stage.journal, undefined, by);
    onTestFinished(await serve(process, await stage.term()));
    return process;
  };
  return { ...stage, fleet, id, next };
}

test('another controller goes on, and no mark is that of a value without the key', async () => {
  const { journal, fleet, id, next } = await start(
    text(
      'v2',
      '{weights: none, order: waves, waves: [{clusters: [east], approval: after}, {clusters: [west, north]}]}',
    ),
  );
  const process = await next();
  await process.command(id, { name: 'approve', who: 'ann' });
  const job = await untilState(journal, id, 'Done');
  expect(fleet.passwords()).toEqual(V2);
  expect(fleet.traces()).toEqual([]);
  const said = JSON.stringify([job, process.notes]);
  expect(said).toContain('sealed:hmac-sha256:');
  for (const password of ['planted-v1', 'planted-v2']) {
    expect(guessed(password)).toMatch(/^sealed:sha256:/);
    expect(said).not.toContain(guessed(password).replace('sealed:sha256:', ''));
  }
});

test.each<[string, string, Partial<PlanOptions>]>([
  ['written over', text('v2', '{weights: none, approval: after}'), { sealing }],
  ['written over by a version without a key', text('v2', '{weights: none, approval: after}'), {}],
  ['deleted', stream('v1', '{weights: none, approval: after}'), { sealing, prune: true }],
])('another controller takes back what was %s', async (_, wanted, own) => {
  const { journal, fleet, id, next } = await start(wanted, own);
  await (await next()).command(id, { name: 'abort', who: 'ann' });
  await untilState(journal, id, 'RolledBack');
  expect(fleet.passwords()).toEqual(V1);
  expect(fleet.traces()).toEqual([]);
});

test('one with another key writes no Secret', async () => {
  const { journal, fleet, id, next } = await start(text('v2', '{weights: none, approval: before}'));
  const process = await next(sealingBy('other'.repeat(8)));
  await process.command(id, { name: 'approve', who: 'ann' });
  expect((await untilState(journal, id, 'Paused')).why).toContain('Secret prod/key');
  expect(fleet.passwords()).toEqual(V1);
});
