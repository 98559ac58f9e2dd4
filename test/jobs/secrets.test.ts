// Secrets in fan-outs, on clusters in memory: they come and go back, and no journal has what they hold.
// test/jobs/fanout-killed.test.ts has every moment at which a runner may die.

import { expect, onTestFinished, test } from 'vitest';
import { knownOf, type KubernetesObject, refOf } from '../../src/clusters/cluster-writer.ts';
import { runnableOf } from '../../src/fanout/run/lanes.ts';
import { until } from '../controlplane/until.ts';
import { MemoryFleet, ordersOf, secretOf, stagingOn, startFanouts, stream } from './fleet.ts';
import { memoryStage } from './memory-stage.ts';
import { serve, untilState } from './process.ts';

const KEY = { apiVersion: 'v1', kind: 'Secret', namespace: 'prod', name: 'key' };
const text = (version: string, strategy = '{weights: none}'): string =>
  stream('v1', strategy) + secretOf(`planted-${version}`);
const V1 = { east: 'planted-v1', west: 'planted-v1', north: undefined };
const V2 = { east: 'planted-v2', west: 'planted-v2', north: 'planted-v2' };

async function start() {
  const stage = await memoryStage();
  const fleet = new MemoryFleet();
  await fleet.run(['east', 'west'], text('v1'));
  const process = startFanouts(fleet, stage.journal);
  const stop = await serve(process, await stage.term());
  onTestFinished(stop);
  const begin = async (wanted: string, own = {}) => {
    const staging = stagingOn(fleet.clusters.values(), wanted, process.writerOf);
    return process.create(await fleet.draft(wanted, own), staging);
  };
  return { ...stage, fleet, process, stop, begin };
}

const partsOf = (traces: readonly KubernetesObject[]): string[] =>
  traces.map(({ metadata }) => (metadata.annotations?.['ballast.io/staged'] ? 'wanted' : 'before'));

test('what is to be written waits in each cluster, and what was there beside it; at the end nothing does', async () => {
  const { journal, fleet, process, begin } = await start();
  const { id } = await begin(text('v2', '{weights: none, approval: after}'));
  const before = await untilState(journal, id, 'WaitingApproval');
  expect(fleet.passwords()).toEqual(V2);
  const traces = fleet.traces().filter(({ kind }) => kind === 'Secret');
  expect(partsOf(traces).toSorted()).toEqual(['before', 'before', 'wanted', 'wanted', 'wanted']);
  for (const one of traces) {
    expect(one).toMatchObject({ kind: 'Secret', immutable: true, type: 'ballast.io/copy' });
    expect(one.metadata).toMatchObject({
      namespace: 'prod',
      labels: { 'ballast.io/jobs-of': 'test' },
      annotations: { 'ballast.io/job': id, 'ballast.io/copy-of': 'key' },
    });
  }
  await process.command(id, { name: 'approve', who: 'ann' });
  const job = await untilState(journal, id, 'Done');
  expect(Object.keys(job.steps).at(-1)).toBe('clear');
  expect(fleet.traces()).toEqual([]);
  const said = JSON.stringify([before, job, process.notes]);
  expect(said).toContain('sealed:sha256:');
  for (const word of ['v1', 'v2'].flatMap((one) =>
    ['utf8', 'base64'].map((as) => Buffer.from(`planted-${one}`).toString(as as 'utf8')),
  )) {
    expect(said).not.toContain(word);
  }
  expect(process.notes).toContain(`${id}: updated Secret prod/key in east`);
});

test('an abort gives back what was there', async () => {
  const { journal, fleet, process, begin } = await start();
  const { id } = await begin(text('v2', '{weights: none, approval: after}'));
  await untilState(journal, id, 'WaitingApproval');
  await process.command(id, { name: 'abort', who: 'ann' });
  const job = await untilState(journal, id, 'RolledBack');
  expect(fleet.passwords()).toEqual(V1);
  expect(fleet.traces()).toEqual([]);
  expect(Object.keys(job.steps).at(-1)).toBe('clear-again');
});

test('an abort before anything was written clears too', async () => {
  const { journal, fleet, process, begin } = await start();
  const { id } = await begin(text('v2', '{weights: none, approval: before}'));
  await untilState(journal, id, 'WaitingApproval');
  expect(partsOf(fleet.traces())).toEqual(['wanted', 'wanted', 'wanted']);
  await process.command(id, { name: 'abort', who: 'ann' });
  await untilState(journal, id, 'RolledBack');
  expect(fleet.passwords()).toEqual(V1);
  expect(fleet.traces()).toEqual([]);
});

test('a Secret that is deleted comes back with what it held', async () => {
  const { journal, fleet, process, begin } = await start();
  await process.confirmEdges('ann', ['edge-1']);
  const { id } = await begin(stream('v1', '{weights: none, approval: after}'), { prune: true });
  await untilState(journal, id, 'WaitingApproval');
  expect(fleet.passwords()).toEqual({ east: undefined, west: undefined, north: undefined });
  await process.command(id, { name: 'abort', who: 'ann' });
  await untilState(journal, id, 'RolledBack');
  expect(fleet.passwords()).toEqual(V1);
  expect(fleet.traces()).toEqual([]);
});

test('what somebody else has changed meanwhile is not written over', async () => {
  const { journal, fleet, process, begin } = await start();
  const { id } = await begin(text('v2', '{weights: none, approval: before}'));
  await untilState(journal, id, 'WaitingApproval');
  const { namespace, name, ...type } = KEY;
  const theirs = Buffer.from('theirs').toString('base64');
  const object = { ...type, metadata: { name, namespace }, data: { password: theirs } };
  fleet.cluster('east').applyAs('kubectl', object);
  await process.command(id, { name: 'approve', who: 'ann' });
  const job = await untilState(journal, id, 'Paused');
  expect(job.why).toContain('Secret prod/key changed since the plan was made');
  expect(fleet.passwords()['east']).toBe('theirs');
});

test('one whose copy is gone fails in words, and is not written', async () => {
  const { journal, fleet, process, begin } = await start();
  const { id } = await begin(text('v2', '{weights: none, approval: before}'));
  await untilState(journal, id, 'WaitingApproval');
  const east = fleet.cluster('east');
  const [copy] = fleet.traces();
  const at = copy && knownOf(copy);
  if (at) await east.remove(refOf(copy), at);
  await process.command(id, { name: 'approve', who: 'ann' });
  const job = await untilState(journal, id, 'Paused');
  expect(job.why).toContain('Secret prod/key: what it is to hold is not found any more');
  expect(fleet.passwords()['east']).toBe('planted-v1');
});

test('a job that is refused leaves nothing; one that cannot be staged is none', async () => {
  const { journal, fleet, begin } = await start();
  const { id } = await begin(text('v2', '{weights: none, approval: before}'));
  await untilState(journal, id, 'WaitingApproval');
  await expect(begin(text('v3'))).rejects.toMatchObject({ code: 'app-locked' });
  const jobs = new Set(
    fleet.traces().map(({ metadata }) => metadata.annotations?.['ballast.io/job']),
  );
  expect([...jobs]).toEqual([id]);
  const other = await start();
  other.fleet.cluster('north').down = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
  await expect(other.begin(text('v2'))).rejects.toMatchObject({
    code: 'plan-invalid',
    message: 'north: no copy of Secret prod/key: connection refused',
  });
  expect(await other.journal.heads()).toEqual([]);
  expect(partsOf(other.fleet.traces())).toEqual([]);
});

test('what was staged for a job that never was is removed by whoever leads next', async () => {
  const { fleet, process, journal, stop, term } = await start();
  const staging = stagingOn(fleet.clusters.values(), text('v2'), process.writerOf);
  await staging?.put('release-none');
  expect(fleet.traces()).toHaveLength(3);
  await stop();
  const next = startFanouts(fleet, journal);
  onTestFinished(await serve(next, await term()));
  await until('nothing is left', () => fleet.traces().length === 0);
  expect(await journal.heads()).toEqual([]);
});

test('a cluster that is silent at the end is left behind, and cleared when it answers', async () => {
  const { journal, fleet, process, begin, stop, term } = await start();
  const { id } = await begin(text('v2', '{weights: none, approval: after}'));
  await untilState(journal, id, 'WaitingApproval');
  fleet.cluster('west').down = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
  await process.command(id, { name: 'approve', who: 'ann' });
  const job = await untilState(journal, id, 'Done');
  expect(job.steps['clear']?.result?.text).toBe('left behind: west: connection refused');
  expect(partsOf(fleet.traces())).toEqual(expect.arrayContaining(['wanted', 'before']));
  fleet.cluster('west').down = undefined;
  await stop();
  const next = startFanouts(fleet, journal);
  onTestFinished(await serve(next, await term()));
  await until('nothing is left', () => fleet.traces().length === 0);
});

test('the journal is lost: what a Secret held stays, and is found; an abort of that removes it', async () => {
  const stage = await start();
  const { journal, fleet, begin, stop, term } = stage;
  const { id } = await begin(text('v2', '{weights: none, approval: after}'));
  await untilState(journal, id, 'WaitingApproval');
  await stop();
  await stage.restart(true);
  const stranger = startFanouts(fleet, journal);
  onTestFinished(await serve(stranger, await term()));
  const job = await untilState(journal, id, 'Blocked');
  expect(job).toMatchObject({ kind: 'found', why: expect.stringContaining('its journal is lost') });
  expect(job.why).toMatch(/Secret prod\/ballast-job-\w+ in (east|west)/);
  expect(partsOf(fleet.traces())).toContain('before');
  await stranger.command(id, { name: 'abort', who: 'ann' });
  await untilState(journal, id, 'RolledBack');
  await until('nothing is left', () => fleet.traces().length === 0);
  expect(fleet.passwords()).toEqual(V2);
});

test('a Secret that goes into a namespace of the same fan-out is refused in words', async () => {
  const fleet = new MemoryFleet();
  const namespace = '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: prod}\n';
  const orders = ordersOf(text('v2') + namespace);
  const plan = await fleet.plan(text('v2') + namespace);
  const runnable = runnableOf(plan, orders.strategy, () => undefined);
  expect(runnable).toMatchObject({
    ok: false,
    faults: expect.arrayContaining([
      'east: Secret prod/key: the namespace is not there yet: bring it out before, by itself',
    ]),
  });
});
