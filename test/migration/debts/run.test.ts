// A debt as a job, over objects in memory.

import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { openMemoryStore } from '../../../src/edges/memory.ts';
import { NO_HOLDS, type HoldsBody } from '../../../src/edges/holds-body.ts';
import type { Published } from '../../../src/edges/published.ts';
import { openMemoryJournal, type MemoryJournal } from '../../../src/jobs/memory-journal.ts';
import type { JobKind } from '../../../src/jobs/kind.ts';
import type { Draft, Job } from '../../../src/jobs/record.ts';
import { draftOf, previewDebt } from '../../../src/migration/debts/preview.ts';
import { debtKind, type DebtRunParts } from '../../../src/migration/debts/run.ts';
import type { Debt, OwedObject } from '../../../src/model.ts';
import { debtId, oweForJob, settleDebt } from '../../../src/words/of-debts.ts';
import type { Word } from '../../../src/words/word.ts';
import { until } from '../../controlplane/until.ts';
import { confirmEdges } from '../../jobs/confirm-edges.ts';
import { fastClock } from '../../jobs/fast-clock.ts';
import { MemoryObjects } from '../../jobs/memory-objects.ts';
import { live, type Life } from '../../jobs/mortal.ts';
import { nextTerm } from '../../jobs/next-term.ts';
import { serve, startJobs, untilState } from '../../jobs/process.ts';

const ID = debtId('move-1', 'shop');
const names = [
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['networking.k8s.io/v1', 'Ingress'],
  ['apps/v1', 'Deployment'],
  ['v1', 'Service'],
] as const;

let east: MemoryObjects;
let held: HoldsBody;
let journal: MemoryJournal;
let doubt: string | undefined;
let owed: OwedObject[];
let terms = 0;
const store = openMemoryStore(() => 0);
const clock = fastClock(50);

beforeEach(renew);

/** Running in east, and owed there. */
function renew(): void {
  east = new MemoryObjects('east');
  journal = openMemoryJournal(store);
  doubt = undefined;
  held = NO_HOLDS;
  owed = [];
  for (const [apiVersion, kind] of names) {
    const spec = kind === 'Deployment' ? { spec: { replicas: 2 } } : {};
    const metadata = { namespace: 'prod', name: 'shop' };
    east.applyAs('kubectl', { apiVersion, kind, metadata, ...spec });
    const uid = String(east.look({ apiVersion, kind, ...metadata })?.metadata['uid']);
    owed.push({ apiVersion, kind, ...metadata, uid });
  }
  const more = { job: 'move-1', app: 'shop', cluster: 'east', objects: owed };
  say(oweForJob({ ...more, who: 'ann', why: 'east is dead' }));
}

function say(word: Word): void {
  const published = { held } as unknown as Published;
  held = word.decide(published, 1).holds ?? held;
}

const writerOf = async (): Promise<MemoryObjects> => east;
const debt = (): Debt => {
  const [found] = held.debts;
  if (!found) throw new Error('nothing is owed');
  return found;
};
const preview = () => previewDebt(debt(), writerOf);

/** One that is to die may do so before it serves. */
async function start(life?: Life, isConfirmed = true) {
  const parts: DebtRunParts = {
    writerOf: async () => life?.of('east', east) ?? east,
    controller: {
      published: () => ({ held }) as unknown as Published,
      async say(word) {
        say(word);
        return { term: 1, version: 1 };
      },
    },
    unproved: () => doubt,
  };
  const jobs = startJobs(
    { journal, life: life ?? live(), clock },
    [debtKind(parts) as unknown as JobKind],
    async ({ apiVersion, kind, namespace = '', name }, { term }) =>
      void (await east.fence({ apiVersion, kind, namespace, name }, term)),
  );
  terms += 1;
  const lease = await nextTerm(store, terms);
  if (isConfirmed) await confirmEdges(journal, lease);
  const stop = life ? jobs.serve(lease) : await serve(jobs, lease);
  onTestFinished(() => (life?.isDead ? undefined : stop()));
  return { jobs, stop };
}

const consent = async (): Promise<Draft> => draftOf(await preview(), { who: 'bob' });
const texts = ({ steps }: Job): Record<string, string | undefined> =>
  Object.fromEntries(Object.values(steps).map(({ id, result }) => [id, result?.text]));

test('what is owed goes, in its order, pods first; then the debt and its drain', async () => {
  const { jobs } = await start();
  const { id } = await jobs.create(await consent());
  const job = await untilState(journal, id, 'Done');
  expect(job.apps).toEqual(['shop']);
  expect(east.writes).toEqual([
    'remove HorizontalPodAutoscaler prod/shop',
    'remove Ingress prod/shop',
    'update Deployment prod/shop',
    'remove Deployment prod/shop',
    'remove Service prod/shop',
  ]);
  expect(held).toEqual(NO_HOLDS);
  expect(jobs.notes.filter((note) => note.includes('deleted')).length).toBe(4);
});

test('what another app there needs stays, and is owed no more', async () => {
  const shop = { namespace: 'prod', name: 'shop' };
  const route = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: shop };
  const ends = ['shop', 'news'].map((name) => ({ backend: { service: { name } } }));
  const { namespace } = shop;
  east.applyAs('kubectl', { ...route, spec: { rules: [{ http: { paths: ends } }] } });
  east.applyAs('kubectl', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name: 'news' },
  });
  east.writes.length = 0;
  const { jobs } = await start();
  const { id } = await jobs.create(await consent());
  const job = await untilState(journal, id, 'Done');
  expect(texts(job)['delete.1']).toBe('it stays in east, needed by Service prod/news');
  expect(east.writes.filter((line) => line.includes('Ingress'))).toEqual([]);
  expect(held).toEqual(NO_HOLDS);
});

test('nothing goes before it is proved, and a person may call it off', async () => {
  doubt = 'edge-1 has sent requests';
  const { jobs } = await start();
  const { id } = await jobs.create(await consent());
  await expect.poll(() => jobs.waitsFor(id, 'prove')).toBe('edge-1 has sent requests');
  await jobs.command(id, { name: 'abort', who: 'ann' });
  expect(await untilState(journal, id, 'Failed')).toMatchObject({ why: 'aborted by ann' });
  expect([east.writes, held.debts.length, held.holds.length]).toEqual([[], 1, 1]);
  expect((await journal.locks()).size).toBe(0);
});

test('nothing goes before a person has confirmed the list of edges; then it goes on by itself', async () => {
  const { jobs } = await start(undefined, false);
  const { id } = await jobs.create(await consent());
  const unknown = 'nobody has confirmed the list of edges in this Redis';
  await expect.poll(() => jobs.waitsFor(id, 'prove')).toContain(unknown);
  expect(east.writes).toEqual([]);
  await jobs.confirmEdges('ann', ['edge-1']);
  await untilState(journal, id, 'Done');
  expect(held).toEqual(NO_HOLDS);
});

test('proof is asked for again before each object', async () => {
  const { jobs } = await start();
  east.remove = async (...args) => {
    doubt = 'somebody asks it';
    return MemoryObjects.prototype.remove.apply(east, args);
  };
  const { id } = await jobs.create(await consent());
  await expect.poll(() => jobs.waitsFor(id, 'delete.1')).toBe('somebody asks it');
  expect(east.writes).toEqual(['remove HorizontalPodAutoscaler prod/shop']);
});

test('another UID is void: it stays, and is owed no more', async () => {
  const { uid: _, ...ref } = owed[3] ?? { uid: '', apiVersion: '', kind: '', name: '' };
  const before = east.look(ref);
  const version = String(before?.metadata['resourceVersion']);
  await east.remove(ref, { uid: owed[3]?.uid ?? '', resourceVersion: version });
  east.applyAs('kubectl', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'prod', name: 'shop' },
  });
  const seen = await preview();
  expect(seen.objects.map(({ state }) => state)).toEqual(['there', 'there', 'there', 'another']);
  const { jobs } = await start();
  const { id } = await jobs.create(await consent());
  const job = await untilState(journal, id, 'Done');
  expect(texts(job)['delete.3']).toBe('void: Service prod/shop is another one now');
  expect(east.all().map(({ kind }) => kind)).toEqual(['Service']);
  expect(held).toEqual(NO_HOLDS);
});

test('what a person skips stays owed, with its drain', async () => {
  const { jobs } = await start();
  east.remove = async () => ({ ok: false, code: 'refused', status: 403, text: 'forbidden' });
  const first = await jobs.create(await consent());
  const failed = await untilState(journal, first.id, 'Failed');
  expect(failed.why).toBe('delete.0: forbidden');
  expect([held.debts.length, held.holds.length]).toEqual([1, 1]);
});

test('a debt that is settled meanwhile deletes nothing', async () => {
  doubt = 'not yet';
  const { jobs } = await start();
  const { id } = await jobs.create(await consent());
  await expect.poll(() => jobs.waitsFor(id, 'prove')).toBe('not yet');
  say(settleDebt('ann', { id: ID, how: 'the cluster is no more' }));
  doubt = undefined;
  const job = await untilState(journal, id, 'Failed');
  expect(job.why).toBe('prove: it is owed no more');
  expect(east.writes).toEqual([]);
});

test('killed before and after each of its effects, the next one ends the same', async () => {
  for (let at = 0; ; at += 1) {
    const life = live({ at });
    const { jobs, stop } = await start(life);
    const draft = await consent();
    const begin = async (): Promise<boolean> => {
      if (!life.isDead) void jobs.create(draft).catch(() => undefined);
      return life.isDead || (await journal.heads()).length > 0;
    };
    await until('it has begun, or is dead', begin);
    const isDone = (): boolean => life.isDead || held.debts.length === 0;
    await until('it is done, or dead', isDone);
    const isOver = !life.isDead;
    if (isOver) await stop();
    const next = await start();
    if ((await journal.heads()).length === 0) await next.jobs.create(draft);
    const [head] = await journal.heads();
    await untilState(journal, head?.id ?? '', 'Done');
    await next.stop();
    const removed = east.writes.filter((line) => line.startsWith('remove'));
    expect([removed.length, new Set(removed).size, held.debts.length]).toEqual([4, 4, 0]);
    if (isOver) return;
    renew();
  }
}, 120_000);

test('consent names what was looked at, and takes a source that answers', async () => {
  const seen = await preview();
  expect(draftOf(seen, { who: 'bob', digest: seen.digest })).toMatchObject({
    kind: 'debt',
    name: 'owed-shop',
    apps: ['shop'],
    clusters: ['east'],
    who: 'bob',
  });
  expect(() => draftOf(seen, { who: 'bob', digest: 'other' })).toThrow(
    expect.objectContaining({ code: 'plan-moved' }) as Error,
  );
  east.down = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const dark = await preview();
  expect(dark.objects.every(({ state }) => state === 'unread')).toBe(true);
  expect(() => draftOf(dark, { who: 'bob' })).toThrow(
    expect.objectContaining({ code: 'plan-invalid' }) as Error,
  );
});
