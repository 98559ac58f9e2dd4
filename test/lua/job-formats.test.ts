// A journal of a later version, and a damaged one: nothing is written to such jobs, their apps stay locked,
// people are told, and all others go on. Taken back to the version that knows them, they go on too.

import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRedisStore } from '../../src/edges/redis-store.ts';
import { openRedisJournal } from '../../src/jobs/redis-journal.ts';
import { until } from '../controlplane/until.ts';
import { nextTerm } from '../jobs/next-term.ts';
import { draftOf, PLAN, serve, startProcess, untilState } from '../jobs/process.ts';
import { ToyWorld } from '../jobs/toy.ts';
import { startRedis, type TestRedis } from './redis.ts';

const KEY = '{ballast:formats}:jobs';
let redis: TestRedis;
let raw: Redis;

beforeAll(async () => {
  redis = await startRedis({ persistence: 'aof' });
  raw = new Redis(redis.url);
});
afterAll(async () => {
  raw.disconnect();
  await redis.close();
});

test('heads carry the number of their format', async () => {
  const place = { url: redis.url, environment: 'formats', onState: () => undefined };
  const [store, journal] = [openRedisStore(place), openRedisJournal(place)];
  await until('both answer', () => Promise.all([store.version(), journal.heads()]));
  const world = new ToyWorld();
  const first = startProcess({ journal, world });
  const stopFirst = await serve(first, await nextTerm(store, 1));
  const asking = { ...PLAN, approval: true } as const;
  const make = async (app: string): Promise<string> =>
    (await first.create(draftOf(asking, { name: app, apps: [app] }))).id;
  const [later, damaged, torn, plain] = await Promise.all(
    ['later', 'damaged', 'torn', 'plain'].map(make),
  );
  const ids = [later, damaged, torn, plain] as [string, string, string, string];
  for (const id of ids) await untilState(journal, id, 'WaitingApproval');
  await stopFirst();
  const head = JSON.parse((await raw.hget(KEY, ids[0])) ?? '') as object;
  expect(head).toMatchObject({ format: 1, id: ids[0] });

  await raw.hset(KEY, ids[0], JSON.stringify({ ...head, format: 2, state: 'Soaking', more: [1] }));
  await raw.hset(KEY, ids[1], '{"id":');
  await raw.hset(`${KEY}:${ids[2]}`, 'plan', '{');
  const { format: _, ...old } = JSON.parse((await raw.hget(KEY, ids[3])) ?? '') as Record<
    string,
    unknown
  >;
  await raw.hset(KEY, ids[3], JSON.stringify(old));
  const before = await Promise.all([raw.hgetall(KEY), raw.hgetall(`${KEY}:locks`)]);

  const second = startProcess({ journal, world });
  const stop = await serve(second, await nextTerm(store, 2));
  try {
    expect(second.errors).toEqual([]);
    const why = {
      [ids[0]]:
        'its journal is of format 2, and this version knows 1: run the version that wrote it',
      [ids[1]]: 'its journal is damaged: ',
      [ids[2]]: 'its journal is damaged: ',
    };
    for (const [id, text] of Object.entries(why)) {
      const seen = (await second.heads()).find((one) => one.id === id);
      expect(seen).toMatchObject({ state: 'Blocked', why: expect.stringContaining(text) });
      expect(second.notes.filter((note) => note.startsWith(`${id}: `))).toEqual([
        `${id}: ${seen?.why}`,
      ]);
      const said = second.command(id, { name: 'abort', who: 'ann' });
      await expect(said).rejects.toMatchObject({ code: 'job-unfit' });
    }
    // One of the version before, whose heads had no number, goes on.
    await second.command(ids[3], { name: 'approve', who: 'ann' });
    await untilState(journal, ids[3], 'Done');
    for (const app of ['later', 'damaged', 'torn']) {
      const other = second.create(draftOf(PLAN, { apps: [app] }));
      await expect(other).rejects.toMatchObject({ code: 'app-locked' });
    }
    const after = await Promise.all([raw.hgetall(KEY), raw.hgetall(`${KEY}:locks`)]);
    for (const id of ids.slice(0, 3)) expect(after[0][id]).toBe(before[0][id]);
    expect(Object.keys(after[1]).toSorted()).toEqual(['damaged', 'later', 'torn']);
  } finally {
    await stop();
  }

  await raw.hset(KEY, ids[0], JSON.stringify(head));
  const third = startProcess({ journal, world });
  const stopThird = await serve(third, await nextTerm(store, 3));
  await third.command(ids[0], { name: 'approve', who: 'ann' });
  await untilState(journal, ids[0], 'Done');
  await stopThird();
  await Promise.all([store.close(), journal.close()]);
});
