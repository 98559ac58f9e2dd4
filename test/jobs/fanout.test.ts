// A fan-out's job on clusters in memory: order, holds, gates, and what each setting makes of a failure.

import { expect, onTestFinished, test } from 'vitest';
import { CallFailure } from '../../src/clusters/call-failure.ts';
import type { CommandName } from '../../src/jobs/commands.ts';
import { until } from '../controlplane/until.ts';
import { memoryStage } from './memory-stage.ts';
import { MemoryFleet, startFanouts, stream } from './fleet.ts';
import { serve, untilState } from './process.ts';

async function begin(text: string, prepare?: (fleet: MemoryFleet) => void, own = {}) {
  const { journal, term } = await memoryStage();
  const fleet = new MemoryFleet();
  await fleet.run(['east', 'west'], stream('v1'));
  prepare?.(fleet);
  const process = startFanouts(fleet, journal);
  const stop = await serve(process, await term());
  onTestFinished(async () => {
    await stop();
    expect(fleet.wrongs).toEqual([]);
    expect(process.errors).toEqual([]);
  });
  const { id } = await process.create(await fleet.draft(text, own));
  const say = (name: CommandName, step?: string) =>
    process.command(id, { name, who: 'ann', ...(step !== undefined && { step }) });
  return { journal, fleet, process, id, say };
}

const ALL_V2 = { east: 'v2', west: 'v2', north: 'v2' };
const BEFORE = { east: 'v1', west: 'v1', north: undefined };
const THREE = ['ConfigMap prod/settings', 'Service prod/shop', 'Deployment prod/shop'];

test('serial: one cluster after the other out of the traffic, written, and back', async () => {
  const { journal, fleet, id } = await begin(stream('v2'));
  const job = await untilState(journal, id, 'Done');
  expect(fleet.images()).toEqual(ALL_V2);
  expect(fleet.said).toEqual([
    'hold east',
    'lift east',
    'hold west',
    'lift west',
    'hold north',
    'lift north',
  ]);
  expect(fleet.writes()).toEqual({
    east: ['update ConfigMap prod/settings', 'update Deployment prod/shop'],
    west: ['update ConfigMap prod/settings', 'update Deployment prod/shop'],
    // What is new is held at 0 until it has passed its gate.
    north: THREE.map((one) => `create ${one}`),
  });
  const order = Object.keys(job.steps).filter((step) => step.includes('east'));
  expect(order).toEqual([
    'hold east',
    'acknowledge east',
    'quiet east',
    'apply east 0',
    'apply east 4',
    'gate east',
    'release east',
  ]);
});

test('parallel: never more clusters out of the traffic than may be', async () => {
  const { journal, fleet, id } = await begin(stream('v2', '{order: parallel}'));
  await untilState(journal, id, 'Done');
  expect(fleet.images()).toEqual(ALL_V2);
  // Both serve; while one is held the other waits for its turn.
  const serving = fleet.said.filter((one) => !one.includes('north'));
  expect(serving.map((one) => one.split(' ')[0])).toEqual(['hold', 'lift', 'hold', 'lift']);
});

test('without weights, or without drain, nothing is held', async () => {
  const none = await begin(stream('v2', '{weights: none}'), undefined);
  await untilState(none.journal, none.id, 'Done');
  none.fleet.wrongs.length = 0;
  expect(none.fleet.said).toEqual([]);
  expect(none.fleet.images()).toEqual(ALL_V2);
});

test('the last serving cluster is not drained, and that is said', async () => {
  const { journal, fleet, id } = await begin(stream('v2'), (its) => {
    its.cluster('west').onReady('shop', 0);
  });
  const job = await untilState(journal, id, 'Done');
  expect(fleet.said).not.toContain('hold east');
  expect(job.steps['hold east']?.result?.text).toBe('not shop: nothing else serves it');
  expect(job.steps).not.toHaveProperty('quiet east');
});

test('a gate that fails pauses, and the hold stays; a retry goes on when it is mended', async () => {
  const { journal, fleet, id, say } = await begin(stream('v2'), (its) => {
    its.cluster('east').badImages.add('v2');
  });
  const job = await untilState(journal, id, 'Paused');
  expect(job.why).toContain('ProgressDeadlineExceeded');
  expect([...fleet.holds.values()].map(({ cluster, job: of }) => [cluster, of])).toEqual([
    ['east', id],
  ]);
  expect(fleet.images()).toEqual({ ...BEFORE, east: 'v2' });
  await say('abort');
  await untilState(journal, id, 'RolledBack');
  expect(fleet.images()).toEqual(BEFORE);
  expect(fleet.holds.size).toBe(0);
  expect(fleet.said).toEqual(['hold east', 'lift east']);
});

test('rollback-cluster: that cluster goes back behind a gate, and the job ends as failed', async () => {
  const { journal, fleet, id } = await begin(
    stream('v2', '{order: serial, onFailure: rollback-cluster}'),
    (its) => its.cluster('west').badImages.add('v2'),
  );
  const job = await untilState(journal, id, 'Failed');
  expect(job.why).toContain('west was rolled back');
  expect(fleet.images()).toEqual({ east: 'v2', west: 'v1', north: undefined });
  expect(fleet.holds.size).toBe(0);
  const steps = Object.keys(job.steps);
  expect(steps.indexOf('gate-again west')).toBeLessThan(steps.indexOf('release-again west'));
  expect(await journal.locks()).toEqual(new Map());
});

test('rollback-all: everything is as it was, the last cluster first', async () => {
  const { journal, fleet, id } = await begin(
    stream('v2', '{order: serial, onFailure: rollback-all}'),
    (its) => its.cluster('north').badImages.add('v2'),
  );
  const job = await untilState(journal, id, 'RolledBack');
  expect(fleet.images()).toEqual(BEFORE);
  expect(fleet.cluster('north').all()).toEqual([]);
  const undone = Object.keys(job.steps).filter((step) => step.startsWith('undo'));
  expect(undone.map((step) => step.split(' ')[1])).toEqual([
    'north',
    'north',
    'north',
    'west',
    'west',
    'east',
    'east',
  ]);
  const writes = undone.map((step) => Number(step.split(' ')[2]));
  const applied = Object.keys(job.steps).filter((step) => step.startsWith('apply'));
  expect(writes).toEqual(applied.map((step) => Number(step.split(' ')[2])).toReversed());
  // Held again while its pods are replaced again.
  expect(fleet.said.filter((one) => one.includes('east'))).toEqual([
    'hold east',
    'lift east',
    'hold east',
    'lift east',
  ]);
});

test('continue: the others come to their end; what failed waits for a person, held', async () => {
  const { journal, fleet, id, say } = await begin(
    stream('v2', '{order: serial, onFailure: continue}'),
    (its) => its.cluster('west').badImages.add('v2'),
  );
  const job = await untilState(journal, id, 'Paused');
  expect(job.why).toContain('all others are done; west');
  expect(fleet.images()).toEqual(ALL_V2);
  expect(fleet.holds.size).toBe(1);
  await say('skip');
  await untilState(journal, id, 'Done');
  expect(fleet.holds.size).toBe(0);
});

test('maxFailures: so many may fail before it pauses', async () => {
  const { journal, fleet, id } = await begin(
    stream('v2', '{order: parallel, maxFailures: 1}'),
    (its) => its.cluster('north').badImages.add('v2'),
  );
  expect((await untilState(journal, id, 'Paused')).why).toContain('all others are done');
  expect(fleet.images()).toEqual(ALL_V2);
});

test('a cluster that does not answer holds up itself alone, and is asked again', async () => {
  const { journal, fleet, process, id } = await begin(stream('v2', '{order: parallel}'), (its) => {
    its.cluster('north').down = new CallFailure({ text: 'HTTP 503', scope: 'cluster' });
  });
  await until('the others are there', () => {
    const { east, west } = fleet.images();
    return east === 'v2' && west === 'v2';
  });
  expect(process.waitsFor(id, 'apply north 2') ?? '').toBe('');
  fleet.cluster('north').down = undefined;
  await untilState(journal, id, 'Done');
  expect(fleet.images()).toEqual(ALL_V2);
});

test('one that does not answer for a minute has failed its step, not the others’', async () => {
  const { journal, fleet, id } = await begin(
    stream('v2', '{order: parallel, onFailure: continue}'),
    (its) => {
      its.cluster('north').down = new CallFailure({ text: 'HTTP 503', scope: 'cluster' });
    },
  );
  const job = await untilState(journal, id, 'Paused');
  expect(job.why).toMatch(
    /: apply north \d: ConfigMap prod\/settings: no answer for a minute: HTTP 503$/,
  );
  expect(fleet.images()).toEqual({ ...ALL_V2, north: undefined });
});

test('what was changed since the plan is not written; what was changed since the write is not taken back', async () => {
  const { journal, fleet, id, say } = await begin(
    stream('v2', '{order: serial, approval: before}'),
  );
  await untilState(journal, id, 'WaitingApproval');
  const config = { apiVersion: 'v1', kind: 'ConfigMap' };
  const metadata = { name: 'settings', namespace: 'prod' };
  fleet.cluster('west').applyAs('kubectl', { ...config, metadata, data: { own: 'x' } });
  await say('approve');
  const job = await untilState(journal, id, 'Paused');
  expect(job.why).toContain('changed since the plan was made');
  expect(fleet.images()).toEqual({ ...BEFORE, east: 'v2' });
  fleet.cluster('east').applyAs('kubectl', { ...config, metadata, data: { image: 'v3' } });
  await say('abort');
  const blocked = await untilState(journal, id, 'Blocked');
  expect(blocked.why).toContain('changed by somebody else');
  expect(fleet.cluster('east').look({ ...config, ...metadata })).toMatchObject({
    data: { image: 'v3' },
  });
});

test('waves: approval before and after, soak, and what is closed by the hour', async () => {
  const waves =
    '{order: waves, soak: 1s, waves: [{name: first, clusters: [east], approval: after}, {name: rest, clusters: [west, north], approval: before}]}';
  const { journal, fleet, id, say } = await begin(stream('v2', waves));
  expect(await untilState(journal, id, 'WaitingApproval')).toMatchObject({
    asks: 'after wave first',
    why: 'after wave first (east)',
  });
  expect(fleet.images()).toEqual({ ...BEFORE, east: 'v2' });
  await say('approve');
  await until(
    'the next one asks',
    async () => (await journal.read(id))?.asks === 'before wave rest',
  );
  expect(fleet.images()).toEqual({ ...BEFORE, east: 'v2' });
  await say('approve');
  const job = await untilState(journal, id, 'Done');
  expect(Object.keys(job.steps).filter((step) => step.startsWith('soak'))).toEqual([
    'soak 0',
    'soak 1',
  ]);
  expect(fleet.images()).toEqual(ALL_V2);
});

test('what left the stream is deleted when asked, once a person has confirmed the list of edges', async () => {
  const gone = stream('v1', '{weights: none, approval: before}').replace(
    /---\napiVersion: v1\nkind: ConfigMap[^-]*/,
    '',
  );
  const start = async () => {
    const stage = await memoryStage();
    const fleet = new MemoryFleet();
    await fleet.run(['east'], stream('v1'));
    const process = startFanouts(fleet, stage.journal);
    const stop = await serve(process, await stage.term());
    await process.confirmEdges('ann', ['edge-1']);
    const { id } = await process.create(await fleet.draft(gone, { prune: true }));
    await untilState(stage.journal, id, 'WaitingApproval');
    return { ...stage, fleet, process, stop, id };
  };
  const first = await start();
  await first.process.command(first.id, { name: 'approve', who: 'ann' });
  await untilState(first.journal, first.id, 'Done');
  await first.stop();
  expect(first.fleet.writes()['east']).toEqual(['remove ConfigMap prod/settings']);

  const second = await start();
  await second.stop();
  await second.restart(false);
  const stranger = startFanouts(second.fleet, second.journal);
  const stop = await serve(stranger, await second.term());
  await untilState(second.journal, second.id, 'Blocked');
  await stranger.command(second.id, { name: 'retry', who: 'ann' });
  await untilState(second.journal, second.id, 'WaitingApproval');
  await stranger.command(second.id, { name: 'approve', who: 'ann' });
  const job = await untilState(second.journal, second.id, 'Blocked');
  expect(job.why).toContain('nobody has confirmed the list of edges since Redis was restarted');
  expect(second.fleet.writes()['east']).toEqual([]);
  await stranger.confirmEdges('ann', ['edge-1']);
  await stranger.command(second.id, { name: 'retry', who: 'ann' });
  await untilState(second.journal, second.id, 'Done');
  await stop();
  expect(second.fleet.writes()['east']).toEqual(['remove ConfigMap prod/settings']);
});

test('a journal that was put back: an abort looks at all it may have written, and leaves it to a person', async () => {
  const stage = await memoryStage();
  const { journal, term } = stage;
  const fleet = new MemoryFleet();
  await fleet.run(['east', 'west'], stream('v1'));
  const first = startFanouts(fleet, journal);
  const stop = await serve(first, await term());
  const { id } = await first.create(await fleet.draft(stream('v2', '{approval: before}')));
  await untilState(journal, id, 'WaitingApproval');
  const early = journal.dump();
  await first.command(id, { name: 'approve', who: 'ann' });
  await untilState(journal, id, 'Done');
  await stop();
  await stage.restart(false);
  journal.load(early);
  const second = startFanouts(fleet, journal);
  onTestFinished(await serve(second, await term()));
  await untilState(journal, id, 'Blocked');
  await second.command(id, { name: 'abort', who: 'ann' });
  const job = await until('it has looked', async () => {
    const now = await journal.read(id);
    return now?.why.startsWith('the way back failed') ? now : undefined;
  });
  expect(job.state).toBe('Blocked');
  expect(job.why).toContain('is not as the plan found it, and the journal does not say why');
  expect(fleet.images()).toEqual(ALL_V2);
});

test('what somebody made anew before a retry is theirs, and the way back leaves it', async () => {
  const stage = await memoryStage();
  const { journal, term } = stage;
  const fleet = new MemoryFleet();
  await fleet.run(['east', 'west'], stream('v1'));
  const waves =
    '{order: waves, waves: [{clusters: [north], approval: after}, {clusters: [east, west]}]}';
  const first = startFanouts(fleet, journal);
  const stop = await serve(first, await term());
  const { id } = await first.create(await fleet.draft(stream('v2', waves)));
  await untilState(journal, id, 'WaitingApproval');
  await stop();
  const north = fleet.cluster('north');
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'prod', name: 'settings' };
  const made = north.look(ref);
  if (!made) throw new Error('nothing was made');
  const { uid, resourceVersion, name, namespace = '', labels = {} } = made.metadata;
  await north.remove(ref, { uid: `${uid}`, resourceVersion: `${resourceVersion}` });
  const { apiVersion, kind, data } = made;
  north.applyAs('kubectl', { apiVersion, kind, metadata: { name, namespace, labels }, data });
  const theirs = north.look(ref)?.metadata['uid'];
  await stage.restart(false);
  const second = startFanouts(fleet, journal);
  onTestFinished(await serve(second, await term()));
  await untilState(journal, id, 'Blocked');
  await second.command(id, { name: 'retry', who: 'ann' });
  await untilState(journal, id, 'WaitingApproval');
  await second.command(id, { name: 'abort', who: 'ann' });
  const job = await until('the way back has met it', async () => {
    const now = await journal.read(id);
    return now?.why.includes('is another one now') ? now : undefined;
  });
  expect(job.state).toBe('Blocked');
  expect(north.look(ref)?.metadata['uid']).toBe(theirs);
});

test('errors: too many of a cluster’s requests fail after it was given back: it goes back', async () => {
  const strategy =
    '{order: serial, onFailure: rollback-cluster, errors: {percent: 1, requests: 50, for: 5s}}';
  const { journal, fleet, id } = await begin(stream('v2', strategy), (its) => {
    its.errors = (_app, cluster) =>
      cluster === 'west' ? { requests: 100, failures: 2 } : { requests: 100, failures: 1 };
  });
  const job = await untilState(journal, id, 'Failed');
  expect(job.why).toContain('watch west: 2 of 100 requests to shop failed there, 1 % may');
  expect(fleet.images()).toEqual({ east: 'v2', west: 'v1', north: undefined });
  expect(fleet.said).toEqual([
    'hold east',
    'lift east',
    'hold west',
    'lift west',
    'hold west',
    'lift west',
  ]);
  const steps = Object.keys(job.steps);
  expect(steps.indexOf('release east')).toBeLessThan(steps.indexOf('watch east'));
});

test('errors: without requests it waits, as long as the deadline', async () => {
  const strategy = '{order: serial, deadline: 30s, errors: {percent: 1, for: 1s}}';
  const { journal, fleet, id } = await begin(stream('v2', strategy), (its) => {
    its.errors = () => ({ requests: 99, failures: 99 });
  });
  const { why } = await untilState(journal, id, 'Paused');
  expect(why).toContain('watch east: 99 of 100 requests to shop are there to judge by');
  expect(fleet.images()).toEqual({ ...BEFORE, east: 'v2' });
});
