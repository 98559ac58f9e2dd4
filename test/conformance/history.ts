// What every HistoryStore does, whatever is behind it. Run it by calling historyConformance() in a test
// file with a way to open an empty store and to let its time pass.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY_MS, type Page } from '../../src/edges/history-store.ts';
import { isHeld, isRefusal, type Lease, type Store } from '../../src/edges/store.ts';
import type { StoreStage } from './store.ts';

type Stage = Pick<StoreStage, 'store' | 'pass' | 'close'>;

export function historyConformance(title: string, open: () => Promise<Stage>): void {
  describe(`history: ${title}`, () => {
    let stage: Stage;
    let store: Store;
    let lease: Lease;

    beforeEach(async () => {
      stage = await open();
      store = stage.store;
      const taken = await store.take('a', 'a:1', 60_000);
      if (isHeld(taken)) throw new Error('held');
      const term = await store.takeTerm(taken, 'a:1', 60_000, 7);
      if (isRefusal(term)) throw new Error(term.refused);
      lease = term;
      await store.seed(lease, []);
    });
    afterEach(async () => {
      await stage.close();
    });

    /** One commit that changes these apps; the entry of each says which change of the app it is. */
    const commit = async (apps: Readonly<Record<string, string>>, audit?: string) => {
      const names = Object.keys(apps);
      const reply = await store.commit(lease, {
        puts: names.map((app) => ({ app, owner: 'controller', body: `${app} ${apps[app]}` })),
        history: names.map((app) => ({ app, text: `"${app} ${apps[app]}"` })),
        ...(audit !== undefined && { audit }),
      });
      if (isRefusal(reply)) throw new Error(reply.refused);
      return reply.version;
    };
    const remove = async (app: string) => {
      const puts = [{ app, owner: 'controller' } as const];
      await store.commit(lease, { puts, history: [{ app, text: `"${app} gone"` }] });
    };
    const texts = ({ lines }: Page<{ readonly text: string }>) =>
      lines.map(({ text }) => JSON.parse(text) as string);
    const ofApp = async (app: string) => texts(await store.history.changes({ app, count: 100 }));
    /** Page by page. */
    const paged = async (count: number, app?: string) => {
      const pages: string[][] = [];
      for (let from: string | undefined; ; ) {
        const asked = { count, ...(app !== undefined && { app }), ...(from && { from }) };
        const page = await store.history.changes(asked);
        pages.push(texts(page));
        from = page.next;
        if (from === undefined) return pages;
      }
    };

    test('an empty one has nothing', async () => {
      for (const asked of [{ count: 10 }, { count: 10, app: 'shop' }]) {
        expect(await store.history.changes(asked)).toEqual({ lines: [] });
      }
      expect(await store.history.words({ count: 10 })).toEqual({ lines: [] });
      expect(await store.history.acknowledged([1])).toEqual(new Map());
      await store.history.trim({ entries: 10, days: 1 }, { entries: 10, days: 1 });
    });

    test('a commit writes its entries, in its own step, with term, version and time', async () => {
      const version = await commit({ shop: '1', news: '1' });
      const { lines } = await store.history.changes({ count: 10 });
      expect(lines).toMatchObject([
        { app: 'news', id: `${version}-1`, version, term: 7, text: '"news 1"' },
        { app: 'shop', id: `${version}-0`, version, term: 7, text: '"shop 1"' },
      ]);
      await stage.pass(5);
      await commit({ shop: '2' });
      const [later, ...earlier] = (await store.history.changes({ count: 10 })).lines;
      expect((later?.at ?? 0) - (earlier.at(-1)?.at ?? 0)).toBeGreaterThanOrEqual(5);
    });

    test('a refused commit writes none', async () => {
      const round = { puts: [], history: [{ app: 'shop', text: '"x"' }], audit: '"x"' };
      const old = { ...lease, term: 6 };
      expect(isRefusal(await store.commit(old, round))).toBe(true);
      expect((await store.history.changes({ count: 10 })).lines).toEqual([]);
      expect((await store.history.words({ count: 10 })).lines).toEqual([]);
    });

    test('pages are whole: each entry once, of all apps and of one', async () => {
      for (const number of ['1', '2', '3']) await commit({ shop: number, news: number });
      await commit({ shop: '4' });
      const all = ['shop 4', 'news 3', 'shop 3', 'news 2', 'shop 2', 'news 1', 'shop 1'];
      expect((await paged(3)).map((page) => page.length)).toEqual([3, 3, 1]);
      expect((await paged(7)).flat()).toEqual(all);
      expect((await paged(3)).flat()).toEqual(all);
      expect(await paged(2, 'shop')).toEqual([
        ['shop 4', 'shop 3'],
        ['shop 2', 'shop 1'],
      ]);
      expect(await paged(2, 'news')).toEqual([['news 3', 'news 2'], ['news 1']]);
      expect(await paged(2, 'nobody')).toEqual([[]]);
    });

    test('an id of another app, or of nothing, begins no page of an app', async () => {
      const version = await commit({ shop: '1', news: '1' });
      await commit({ shop: '2', quiet: '1' });
      const from = (id: string) => store.history.changes({ app: 'shop', from: id, count: 9 });
      expect(texts(await from(`${version}-0`))).toEqual(['shop 1']);
      for (const id of [`${version}-1`, `${version + 1}-1`, `${version + 7}-0`, '0-1']) {
        expect([id, await from(id)]).toEqual([id, { lines: [] }]);
      }
      // Also where only the last entry is left, beside the stream.
      await commit({ busy: '1' });
      await store.history.trim({ entries: 1, days: 1000 }, { entries: 1, days: 1000 });
      expect(texts(await from(`${version + 1}-0`))).toEqual(['shop 2']);
      expect(await from(`${version}-0`)).toEqual({ lines: [] });
    });

    test('what is written meanwhile moves no page', async () => {
      for (const number of ['1', '2', '3']) await commit({ shop: number });
      const first = await store.history.changes({ count: 2 });
      await commit({ shop: '4' });
      const rest = await store.history.changes({ from: first.next ?? '', count: 2 });
      expect([texts(first), texts(rest)]).toEqual([['shop 3', 'shop 2'], ['shop 1']]);
    });

    test('trimming by count keeps the youngest, and the last entry of every app', async () => {
      await commit({ quiet: '1' });
      for (const number of ['1', '2', '3', '4']) await commit({ busy: number });
      await store.history.trim({ entries: 2, days: 1000 }, { entries: 2, days: 1000 });
      expect((await paged(10)).flat()).toEqual(['busy 4', 'busy 3']);
      expect([await ofApp('quiet'), await ofApp('busy')]).toEqual([
        ['quiet 1'],
        ['busy 4', 'busy 3'],
      ]);
      expect(await paged(1, 'busy')).toEqual([['busy 4'], ['busy 3']]);
      await commit({ quiet: '2' });
      expect(await ofApp('quiet')).toEqual(['quiet 2']);
    });

    test('trimming by age spares the last entry of every app, but of one that is deleted', async () => {
      // More than are looked through at once.
      await commit(Object.fromEntries(Array.from({ length: 450 }, (_, n) => [`many-${n}`, '1'])));
      await commit({ old: '1', gone: '1' }, '"said"');
      await remove('gone');
      expect(await ofApp('gone')).toEqual(['gone gone', 'gone 1']);
      await stage.pass(2000);
      await commit({ young: '1' });
      const bounds = { entries: 1000, days: 1500 / DAY_MS };
      await store.history.trim(bounds, bounds);
      expect((await paged(10)).flat()).toEqual(['young 1']);
      expect([await ofApp('old'), await ofApp('gone')]).toEqual([['old 1'], []]);
      expect((await store.history.words({ count: 10 })).lines).toEqual([]);
    });

    test('words and refused words stand in one order, each once', async () => {
      await store.history.note('"refused 1"');
      await commit({ shop: '1' }, '"said 1"');
      await store.history.note('"refused 2"');
      await store.history.note('"refused 3"');
      const version = await commit({ shop: '2' }, '"said 2"');
      const all = await store.history.words({ count: 10 });
      const order = ['said 2', 'refused 3', 'refused 2', 'said 1', 'refused 1'];
      expect(texts(all)).toEqual(order);
      expect(all.lines[0]).toMatchObject({ id: `${version}-0`, version, term: 7 });
      expect(all.lines[1]).toMatchObject({ version: version - 1, term: 0 });
      const first = await store.history.words({ count: 2 });
      const rest = await store.history.words({ from: first.next ?? '', count: 10 });
      expect([...texts(first), ...texts(rest)]).toEqual(order);
    });

    test('acknowledgements are joined by version, and go with their entries', async () => {
      const first = await commit({ shop: '1' });
      const second = await commit({ shop: '2' });
      await store.history.acknowledge([
        { version: first, edges: { one: 12 } },
        { version: second, edges: { one: 10, two: 15 } },
      ]);
      await store.history.acknowledge([{ version: first, edges: { two: 5000 } }]);
      await store.history.acknowledge([]);
      const read = () => store.history.acknowledged([first, second]);
      const both = { one: 10, two: 15 };
      expect(await read()).toEqual(
        new Map([
          [first, { one: 12, two: 5000 }],
          [second, both],
        ]),
      );
      await store.history.trim({ entries: 1, days: 1 }, { entries: 1, days: 1 });
      expect(await read()).toEqual(new Map([[second, both]]));
    });
  });
}
