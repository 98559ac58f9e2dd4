// What a leader shows of commits that are not its own.

import { expect, test } from 'vitest';
import { HOLDS } from '../../src/edges/document.ts';
import { openLeadership } from '../../src/edges/leadership.ts';
import { openMemoryStore } from '../../src/edges/memory.ts';
import { publishedFrom } from '../../src/edges/published.ts';
import { isHeld, isRefusal, type Lease, type Store } from '../../src/edges/store.ts';

async function begin(store: Store): Promise<Lease> {
  const taken = await store.take('one', 'nowhere', 60_000);
  if (isHeld(taken)) throw new Error('held');
  const lease = await store.takeTerm(taken, 'nowhere', 60_000, 9);
  if (isRefusal(lease)) throw new Error(lease.refused);
  await store.seed(lease, []);
  return lease;
}

test('a commit behind somebody else’s is shown together with it, never before it', async () => {
  const store = openMemoryStore(() => 0);
  const lease = await begin(store);
  const published = publishedFrom(await store.read());
  const before = published.mark.version;
  const reading = Promise.withResolvers<void>();
  const slow = { ...store, read: async () => reading.promise.then(() => store.read()) };
  const leadership = openLeadership(
    {
      store: slow,
      lease,
      address: 'nowhere',
      leaseMs: 60_000,
      push: () => undefined,
      onBeats: () => undefined,
      onForeign: () => undefined,
    },
    published,
  );
  // As an edge's endpoint does it: under our term, without our knowing.
  const put = (app: string) => ({ app, owner: 'controller', body: `{"app":"${app}"}` }) as const;
  await store.commit(lease, { puts: [put('foreign')], history: [] });
  const commit = leadership.commit([put('own')], []);
  await new Promise((resolve) => setImmediate(resolve));
  expect(published.changedSince(before)).toEqual([]);
  expect(published.mark.version).toBe(before);
  reading.resolve();
  await commit;
  expect(published.mark.version).toBe(before + 2);
  expect(published.changedSince(before)?.toSorted()).toEqual(['foreign', 'own']);
  expect(published.changedSince(before - 1)).toBeUndefined();
  expect(published.changedSince(before + 3)).toBeUndefined();
  expect(published.documents().has(HOLDS)).toBe(false);
});

test('what is held and cannot be read is read again after 1, 2, 4 looks and so on; newly so, it ends the term', async () => {
  const store = openMemoryStore(() => 0);
  const lease = await begin(store);
  const stamp = { term: 9, version: 9 };
  const bad = { app: HOLDS, owner: 'controller', stamp, digest: 'x', body: '{"later":1}' } as const;
  let reads = 0;
  const counted = { ...store, read: async () => ((reads += 1), store.read()) };
  const rest = { address: 'nowhere', leaseMs: 60_000, push: () => undefined };
  const told = { onBeats: () => undefined, onForeign: () => undefined };
  const options = { store: counted, lease, ...rest, ...told };
  const fine = openLeadership(options, publishedFrom(await store.read()));
  await store.seed(lease, [bad]);
  expect(await fine.keepUp()).toMatchObject({ over: expect.stringContaining('cannot be read') });

  const leadership = openLeadership(options, publishedFrom(await store.read()));
  reads = 0;
  const readAt: number[] = [];
  for (let look = 1; look <= 32; look += 1) {
    const before = reads;
    expect(await leadership.keepUp()).toBeUndefined();
    if (reads > before) readAt.push(look);
  }
  expect(readAt).toEqual([1, 3, 7, 15, 31]);
});

test('what is further behind than the log reaches is not known', async () => {
  const store = openMemoryStore(() => 0);
  const lease = await begin(store);
  const contents = await store.read();
  const published = publishedFrom(contents);
  const document = (app: string) =>
    ({ app, stamp: { term: 9, version: 1 }, digest: '-', owner: 'controller' }) as const;
  const first = contents.version;
  const version = (round: number) => ({ term: lease.term, version: first + round });
  for (let round = 1; round <= 41_000; round += 1) {
    published.apply(version(round), [document(`app-${round % 10}`)]);
  }
  expect(published.changedSince(first)).toBeUndefined();
  expect(published.changedSince(first + 40_998)).toEqual(['app-9', 'app-0']);
});
