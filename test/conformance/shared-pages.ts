// What every keeper of SharedPages does, whatever is behind it. Run it by calling sharedPagesConformance()
// in a test file with a way to open an empty one, and to take terms where it takes its leases from.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Lease } from '../../src/edges/store.ts';
import type { SharedPages } from '../../src/jobs/shared-pages.ts';
import type { JournalStage } from './journal.ts';

export interface PagesStage extends Omit<JournalStage, 'journal'> {
  readonly pages: SharedPages;
}

export function sharedPagesConformance(title: string, open: () => Promise<PagesStage>): void {
  describe(`shared pages: ${title}`, () => {
    let stage: PagesStage;
    let pages: SharedPages;
    let lease: Lease;

    beforeEach(async () => {
      stage = await open();
      pages = stage.pages;
      lease = await stage.term();
    });
    afterEach(async () => {
      await stage.close();
    });

    test('each page is read back as it was written, the last one', async () => {
      expect(await pages.read()).toEqual(new Map());
      const content = [{ key: 'm-1/shop', deep: [1, 'ü'] }];
      expect(await pages.write(lease, 'west', { revision: 0, content })).toBeUndefined();
      // A name that every object has.
      await pages.write(lease, 'constructor', { revision: 0, content: [] });
      await pages.write(lease, 'west', { revision: 1, content: [...content, 2] });
      expect(await pages.read()).toEqual(
        new Map([
          ['west', { revision: 2, content: [...content, 2] }],
          ['constructor', { revision: 1, content: [] }],
        ]),
      );
    });

    test('of two who build on one page the second is refused, and writes nothing', async () => {
      await pages.write(lease, 'west', { revision: 0, content: 'first' });
      const both = ['second', 'third'].map((content) =>
        pages.write(lease, 'west', { revision: 1, content }),
      );
      const refused = { refused: 'job-moved', detail: '2' };
      expect(await Promise.all(both)).toEqual([undefined, refused]);
      expect(await pages.write(lease, 'west', { revision: 0, content: 'new' })).toEqual(refused);
      expect(await pages.write(lease, 'east', { revision: 1, content: 'new' })).toEqual({
        refused: 'job-moved',
        detail: '0',
      });
      expect(await pages.read()).toEqual(new Map([['west', { revision: 2, content: 'second' }]]));
    });

    test('an earlier term, and one of before a restart, write nothing', async () => {
      await pages.write(lease, 'west', { revision: 0, content: 'first' });
      const later = await stage.term();
      const late = { revision: 1, content: 'late' };
      expect(await pages.write(lease, 'west', late)).toMatchObject({ refused: 'not-leader' });
      await stage.restart(false);
      expect(await pages.write(later, 'west', late)).toMatchObject({ refused: 'redis-changed' });
      expect(await pages.read()).toEqual(new Map([['west', { revision: 1, content: 'first' }]]));
      await stage.restart(true);
      const next = await stage.term();
      expect(await pages.read()).toEqual(new Map());
      expect(await pages.write(next, 'west', { revision: 0, content: 'anew' })).toBeUndefined();
    });
  });
}
