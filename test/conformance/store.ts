// What every Store does, whatever is behind it. Run it by calling storeConformance() in a test file
// with a way to open an empty one, to let its time pass and to restart it.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/edges/digest.ts';
import { HOLDS, type Document } from '../../src/edges/document.ts';
import {
  isHeld,
  isRefusal,
  type Held,
  type Lease,
  type Put,
  type Round,
  type Store,
  type StoreRefusal,
} from '../../src/edges/store.ts';
import type { Owner } from '../../src/model.ts';

export interface StoreStage {
  readonly store: Store;
  /** The store's own clock goes on by this. */
  pass(ms: number): Promise<void>;
  /** Restarts it without its data; resolves once it answers again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const LONG = 60_000;
const SHORT = 100;

const put = (app: string, body: string, owner: Put['owner'] = 'controller'): Put => ({
  app,
  owner,
  body,
});
const round = (...puts: Put[]): Round => ({ puts, history: [] });

function seedOf(app: string, term: number, version: number, body?: string, owner?: Owner) {
  const common = { app, stamp: { term, version }, owner: owner ?? 'controller' };
  return {
    ...common,
    digest: digestOf(body),
    ...(body !== undefined && { body }),
  } satisfies Document;
}

/** The answer, where it is no refusal. */
function granted<T extends object>(answer: T | StoreRefusal): T {
  if (isRefusal(answer)) throw new Error(`refused: ${answer.refused} ${answer.detail}`);
  return answer;
}

function taken(answer: Lease | Held): Lease {
  if (isHeld(answer)) throw new Error(`held by ${answer.heldBy}`);
  return answer;
}

export function storeConformance(title: string, open: () => Promise<StoreStage>): void {
  describe(`store: ${title}`, () => {
    let stage: StoreStage;
    let store: Store;

    beforeEach(async () => {
      stage = await open();
      store = stage.store;
    });
    afterEach(async () => {
      await stage.close();
    });

    /** Lease and term, without a seeding. */
    const term = async (number: number, holder = 'a'): Promise<Lease> => {
      const lease = taken(await store.take(holder, `${holder}:1`, LONG));
      return granted(await store.takeTerm(lease, `${holder}:1`, LONG, number));
    };
    const lead = async (number: number, ...seeds: Document[]): Promise<Lease> => {
      const lease = await term(number);
      granted(await store.seed(lease, seeds));
      return lease;
    };
    const document = async (app: string) => (await store.read()).documents.get(app);

    test('an empty store has term 0, version 0 and no document', async () => {
      expect(await store.read()).toEqual({
        term: 0,
        version: 0,
        documents: new Map(),
        unreadable: new Map(),
      });
      expect(await store.version()).toEqual({ term: 0, version: 0 });
      expect(await store.heartbeats()).toEqual({ states: [], retired: [] });
    });

    test('a heartbeat is kept by its edge, the last one', async () => {
      const text = (name: string, beat: number) => JSON.stringify({ name, start: 'a', beat });
      await store.beat('one', text('one', 1));
      await store.beat('two', text('two', 1));
      await store.beat('one', text('one', 2));
      const beats = (await store.heartbeats()).states.map(({ name, beat }) => [name, beat]);
      expect(beats.toSorted()).toEqual([
        ['one', 2],
        ['two', 1],
      ]);
    });

    test('a retired edge is none until its next heartbeat, and the audit says so', async () => {
      const text = (beat: number, start = 'a') => JSON.stringify({ name: 'one', start, beat });
      const seen = async () => {
        const { states, retired } = await store.heartbeats();
        return [states.map(({ beat }) => beat), retired];
      };
      await store.beat('one', text(3));
      // What is known of it is older than what it said, or of an earlier start.
      expect(await store.retire('one', { start: 'a', beat: 2 }, '"x"')).toBe(false);
      expect(await store.retire('one', { start: 'b', beat: 9 }, '"x"')).toBe(false);
      expect(await store.retire('one', undefined, '"x"')).toBe(false);
      expect(await seen()).toEqual([[3], []]);
      expect((await store.history.words({ count: 9 })).lines).toEqual([]);
      expect(await store.retire('one', { start: 'a', beat: 3 }, '"retired"')).toBe(true);
      expect(await seen()).toEqual([[], ['one']]);
      expect((await store.history.words({ count: 9 })).lines).toMatchObject([
        { text: '"retired"', term: 0 },
      ]);
      await store.beat('one', text(1, 'b'));
      expect(await seen()).toEqual([[1], []]);
      // The store has lost it, a controller has not.
      expect(await store.retire('two', { start: 'a', beat: 1 }, '"two"')).toBe(true);
      expect(await seen()).toEqual([[1], ['two']]);
    });

    test('a note is the first one’s until it is dropped or over', async () => {
      expect(await store.notes.claim('a', 'first', LONG)).toBeUndefined();
      expect(await store.notes.claim('a', 'second', LONG)).toBe('first');
      await store.notes.put('a', 'answer', LONG);
      expect(await store.notes.claim('a', 'third', LONG)).toBe('answer');
      await store.notes.drop('a');
      expect(await store.notes.claim('a', 'fourth', 50)).toBeUndefined();
      await stage.pass(60);
      expect(await store.notes.claim('a', 'fifth', LONG)).toBeUndefined();
    });

    test('a lease that is held is told with its holder', async () => {
      taken(await store.take('a', 'a:1', LONG));
      const other = await store.take('b', 'b:1', LONG);
      expect(other).toMatchObject({ heldBy: 'a', address: 'a:1' });
      const left = isHeld(other) ? other.leftMs : 0;
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(LONG);
      expect(taken(await store.take('a', 'a:2', LONG)).holder).toBe('a');
    });

    test('a lease that ran out is taken by another, and its holder cannot renew', async () => {
      const first = taken(await store.take('a', 'a:1', SHORT));
      await stage.pass(2 * SHORT);
      taken(await store.take('b', 'b:1', LONG));
      expect(await store.renew(first, 'a:1', LONG)).toMatchObject({ refused: 'not-leader' });
      const refused = await store.takeTerm(first, 'a:1', LONG, 9);
      expect(refused).toMatchObject({ refused: 'not-leader' });
    });

    test('a renewal keeps the lease', async () => {
      const lease = taken(await store.take('a', 'a:1', SHORT));
      expect(await store.renew(lease, 'a:1', LONG)).toBeUndefined();
      await stage.pass(2 * SHORT);
      expect(isHeld(await store.take('b', 'b:1', LONG))).toBe(true);
    });

    test('a release lets another in at once, and only the holder releases', async () => {
      const first = await term(5);
      await store.release({ ...first, holder: 'b' });
      expect(isHeld(await store.take('b', 'b:1', LONG))).toBe(true);
      await store.release(first);
      const second = taken(await store.take('b', 'b:1', LONG));
      expect(second.term).toBe(5);
    });

    test('a term is above the one on record, or refused', async () => {
      const lease = await term(5);
      expect(lease.term).toBe(5);
      expect((await store.version()).term).toBe(5);
      for (const low of [4, 5]) {
        const refused = await store.takeTerm(lease, 'a:1', LONG, low);
        expect(refused).toMatchObject({ refused: 'term-too-low' });
      }
      expect(granted(await store.takeTerm(lease, 'a:1', LONG, 6)).term).toBe(6);
      expect(await store.renew(lease, 'a:1', LONG)).toMatchObject({ refused: 'not-leader' });
    });

    test('nothing is committed before a seeding', async () => {
      const lease = await term(1);
      const refused = await store.commit(lease, round(put('shop', 'x')));
      expect(refused).toMatchObject({ refused: 'redis-changed' });
      expect(await store.read()).toMatchObject({ version: 0, documents: new Map() });
      granted(await store.seed(lease, []));
      granted(await store.commit(lease, round(put('shop', 'x'))));
    });

    test('a commit stamps its documents and tells digests in their order', async () => {
      const lease = await lead(3);
      const { version: before } = await store.version();
      const done = granted(
        await store.commit(lease, round(put('b', 'body b'), put('a', 'body a'))),
      );
      expect(done).toEqual({
        version: before + 1,
        previous: before,
        digests: [digestOf('body b'), digestOf('body a')],
      });
      expect(await document('a')).toEqual(seedOf('a', 3, done.version, 'body a'));
      expect(await document('b')).toEqual(seedOf('b', 3, done.version, 'body b'));
    });

    test('versions rise by commits and seedings, across terms', async () => {
      const lease = await lead(1);
      const versions = [(await store.version()).version];
      for (const body of ['x', 'y', 'y']) {
        const { version, previous } = granted(await store.commit(lease, round(put('a', body))));
        expect(previous).toBe(versions.at(-1));
        versions.push(version);
      }
      await lead(2);
      versions.push((await store.version()).version);
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
      expect(new Set(versions).size).toBe(5);
    });

    test('the lease of an earlier term commits and seeds nothing', async () => {
      const old = await lead(1);
      await lead(2);
      const commit = await store.commit(old, round(put('a', 'x')));
      expect(commit).toMatchObject({ refused: 'not-leader' });
      const seed = await store.seed(old, [seedOf('a', 1, 9, 'x')]);
      expect(seed).toMatchObject({ refused: 'not-leader' });
      expect(await document('a')).toBeUndefined();
    });

    test('a round is refused whose holds are not those on record', async () => {
      const lease = await lead(1);
      const { version } = granted(await store.commit(lease, round(put(HOLDS, '{}'))));
      const late = await store.commit(lease, round(put('a', 'x')));
      expect(late).toEqual({ refused: 'holds-moved', detail: `1 ${version}` });
      expect(await document('a')).toBeUndefined();
      const holds = { term: 1, version };
      granted(await store.commit(lease, { ...round(put('a', 'x')), holds }));
      const early = await store.commit(lease, {
        ...round(put('a', 'y')),
        holds: { term: 1, version: version - 1 },
      });
      expect(early).toMatchObject({ refused: 'holds-moved' });
    });

    test("an endpoint's app is left alone until it is adopted", async () => {
      const lease = await lead(1, seedOf('mine', 1, 4, 'by hand', 'endpoint'));
      const refused = await store.commit(lease, round(put('other', 'x'), put('mine', 'x')));
      expect(refused).toEqual({ refused: 'owned-by-endpoint', detail: 'mine' });
      expect(await document('other')).toBeUndefined();
      expect((await document('mine'))?.body).toBe('by hand');
      granted(await store.commit(lease, round(put('mine', 'x', 'adopted'))));
      expect(await document('mine')).toMatchObject({ owner: 'controller', body: 'x' });
      granted(await store.commit(lease, round(put('mine', 'y'))));
    });

    test('a deletion leaves a tombstone, once', async () => {
      const lease = await lead(1);
      const deletion = round({ app: 'a', owner: 'controller' });
      const early = await store.commit(lease, deletion);
      expect(early).toEqual({ refused: 'nothing-to-delete', detail: 'a' });
      granted(await store.commit(lease, round(put('a', 'x'))));
      const { version, digests } = granted(await store.commit(lease, deletion));
      expect(digests).toEqual(['-']);
      expect(await document('a')).toEqual(seedOf('a', 1, version));
      expect(await store.commit(lease, deletion)).toMatchObject({ refused: 'nothing-to-delete' });
      granted(await store.commit(lease, round(put('a', 'y'))));
      expect((await document('a'))?.body).toBe('y');
    });

    test('apps named as what every object has are apps like any other', async () => {
      const lease = await lead(1);
      const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__'];
      granted(await store.commit(lease, round(...names.map((app) => put(app, `body ${app}`)))));
      for (const app of names) expect((await document(app))?.body).toBe(`body ${app}`);
      const deletions = names.map((app) => ({ app, owner: 'controller' }) as const);
      granted(await store.commit(lease, round(...deletions)));
      const { documents, unreadable } = await store.read();
      expect([...documents.keys()].toSorted()).toEqual(names.toSorted());
      expect([...documents.values()].filter(({ digest }) => digest !== '-')).toEqual([]);
      expect(unreadable).toEqual(new Map());
    });

    test('a seeding keeps stamps, and its version is above all of them', async () => {
      const seeds = [
        seedOf('a', 3, 41, 'x'),
        seedOf('b', 2, 77, 'y', 'endpoint'),
        seedOf('c', 3, 5),
      ];
      const lease = await term(4);
      const done = granted(await store.seed(lease, seeds));
      expect(done).toEqual({
        version: 78,
        previous: 0,
        digests: seeds.map(({ digest }) => digest),
      });
      const { documents } = await store.read();
      expect([...documents.values()].toSorted((a, b) => (a.app < b.app ? -1 : 1))).toEqual(seeds);
    });

    test('a seeding leaves what is not above what is there', async () => {
      await lead(1, seedOf('a', 1, 10, 'x'), seedOf('b', 1, 10, 'x'), seedOf('c', 1, 10, 'x'));
      const lease = await term(3);
      const seeds = [
        seedOf('a', 1, 9, 'old'),
        seedOf('b', 1, 10, 'same'),
        seedOf('c', 2, 1, 'new'),
      ];
      const { digests } = granted(await store.seed(lease, seeds));
      expect(digests).toEqual([digestOf('new')]);
      expect(await document('a')).toEqual(seedOf('a', 1, 10, 'x'));
      expect(await document('b')).toEqual(seedOf('b', 1, 10, 'x'));
      expect(await document('c')).toEqual(seedOf('c', 2, 1, 'new'));
    });

    test('after a restart no old lease writes, and a seeding opens it again', async () => {
      const old = await lead(1);
      granted(await store.commit(old, round(put('a', 'x'))));
      await stage.restart();
      expect(isRefusal(await store.commit(old, round(put('a', 'y'))))).toBe(true);
      expect(isRefusal(await store.renew(old, 'a:1', LONG))).toBe(true);
      const lease = await term(2);
      const early = await store.commit(lease, round(put('a', 'y')));
      expect(early).toMatchObject({ refused: 'redis-changed' });
      granted(await store.seed(lease, [seedOf('a', 1, 2, 'x')]));
      const { version } = granted(await store.commit(lease, round(put('a', 'y'))));
      expect(version).toBeGreaterThan(2);
    });
  });
}
