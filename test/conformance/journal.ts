// What every JobJournal does, whatever is behind it. Run it by calling journalConformance() in a test
// file with a way to open an empty one, and to take terms where it takes its leases from.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Lease } from '../../src/edges/store.ts';
import type { Entry, JobJournal } from '../../src/jobs/journal.ts';
import type { JobHead, StepRecord } from '../../src/jobs/record.ts';

export interface JournalStage {
  readonly journal: JobJournal;
  /** A term above all before it, seeded; those before it are over. */
  readonly term: () => Promise<Lease>;
  /** Restarts what is behind it; `empty` loses everything. Nobody has seeded it then. */
  restart(empty: boolean): Promise<void>;
  close(): Promise<void>;
}

const HEAD: JobHead = {
  id: 'shop-1',
  kind: 'toy',
  name: 'shop',
  apps: ['shop', 'constructor'],
  clusters: ['east'],
  begun: { who: 'ann', at: 5 },
  planDigest: 'd',
  state: 'Planned',
  why: '',
  approvals: { first: { who: 'ann', at: 5 } },
  revision: 1,
  tip: 't',
  home: { runId: 'r', replId: 'p' },
};
const STEP: StepRecord = {
  id: 'apply east/0',
  attempt: 1,
  fence: 7,
  intent: { text: 'écrit', objects: [{ cluster: 'east', apiVersion: 'v1', kind: 'X', name: 'x' }] },
};

const entry = (own: Partial<JobHead> = {}, more: Partial<Entry> = {}): Entry => ({
  head: { ...HEAD, ...own },
  basis: 0,
  steps: [],
  plan: { deep: [1, 'ü'] },
  lock: 'take',
  ...more,
});

export function journalConformance(title: string, open: () => Promise<JournalStage>): void {
  describe(`journal: ${title}`, () => {
    let stage: JournalStage;
    let journal: JobJournal;
    let lease: Lease;

    beforeEach(async () => {
      stage = await open();
      journal = stage.journal;
      lease = await stage.term();
    });
    afterEach(async () => {
      await stage.close();
    });

    test('an empty one has nothing', async () => {
      expect(await journal.heads()).toEqual([]);
      expect(await journal.read('shop-1')).toBeUndefined();
      expect(await journal.locks()).toEqual(new Map());
      expect(await journal.check(lease)).toBeUndefined();
    });

    test('who confirmed the list of edges is kept, under a lease that holds', async () => {
      expect(await journal.confirmed()).toBeUndefined();
      const home = { runId: lease.runId, replId: lease.replId };
      const said = { who: 'ann', at: 5, edges: ['edge-1', 'é'], home };
      expect(await journal.confirm(lease, said)).toBeUndefined();
      expect(await journal.confirmed()).toEqual(said);
      expect(await journal.heads()).toEqual([]);
      await stage.term();
      expect(await journal.confirm(lease, { ...said, who: 'bob' })).toMatchObject({
        refused: 'not-leader',
      });
      expect(await journal.confirmed()).toEqual(said);
    });

    test('a job is read back as it was put, step by step', async () => {
      expect(await journal.put(lease, entry())).toBeUndefined();
      expect(await journal.heads()).toEqual([HEAD]);
      const plan = { deep: [1, 'ü'] };
      expect(await journal.read('shop-1')).toEqual({ ...HEAD, plan, steps: {} });
      const done = { ...STEP, result: { kind: 'done', text: 'yes' } } as const;
      const other = { ...STEP, id: 'constructor' };
      const next = { ...HEAD, revision: 2, state: 'Running' } as const;
      await journal.put(lease, { head: next, basis: 1, steps: [STEP, other], lock: 'keep' });
      const last = { ...next, revision: 3, tip: 'u' };
      await journal.put(lease, { head: last, basis: 2, steps: [done], lock: 'keep' });
      const steps = { [STEP.id]: done, constructor: other };
      expect(await journal.read('shop-1')).toEqual({ ...last, plan, steps });
    });

    test('steps come back in the order in which they were begun', async () => {
      await journal.put(lease, entry());
      const names = Array.from({ length: 12 }, (_, index) => `${'hgfedcba'[index % 8]} ${index}`);
      const steps = names.map((id, since) => ({ ...STEP, id, since }));
      for (const [basis, step] of steps.entries()) {
        const head = { ...HEAD, revision: basis + 2 };
        await journal.put(lease, { head, basis: basis + 1, steps: [step], lock: 'keep' });
      }
      const [first] = steps;
      const again = { ...HEAD, revision: steps.length + 2 };
      const retried = first ? [{ ...first, attempt: 2 }] : [];
      const basis = steps.length + 1;
      await journal.put(lease, { head: again, basis, steps: retried, lock: 'keep' });
      expect(Object.keys((await journal.read('shop-1'))?.steps ?? {})).toEqual(names);
    });

    test('who builds on another revision is refused, and nothing is written', async () => {
      await journal.put(lease, entry());
      const before = await journal.read('shop-1');
      for (const basis of [0, 2]) {
        const refused = await journal.put(lease, entry({ revision: basis + 1 }, { basis }));
        expect(refused).toEqual({ refused: 'job-moved', detail: '1' });
      }
      expect(await journal.put(lease, entry({ id: 'new' }, { basis: 1, lock: 'keep' }))).toEqual({
        refused: 'job-moved',
        detail: '0',
      });
      expect(await journal.read('shop-1')).toEqual(before);
    });

    test('an app has one job, until that is at its end', async () => {
      await journal.put(lease, entry());
      const second = entry({ id: 'shop-2', apps: ['till', 'shop'] });
      expect(await journal.put(lease, second)).toEqual({
        refused: 'app-locked',
        detail: 'shop shop-1',
      });
      expect([...(await journal.locks()).keys()].toSorted()).toEqual(['constructor', 'shop']);
      const end = { ...HEAD, revision: 2, state: 'Done' } as const;
      await journal.put(lease, { head: end, basis: 1, steps: [], lock: 'free' });
      expect(await journal.put(lease, second)).toBeUndefined();
      expect(await journal.locks()).toEqual(
        new Map([
          ['till', 'shop-2'],
          ['shop', 'shop-2'],
        ]),
      );
      expect(await journal.drop(lease, end)).toBeUndefined();
      // Not the locks of others.
      expect((await journal.locks()).size).toBe(2);
      expect((await journal.heads()).map(({ id }) => id)).toEqual(['shop-2']);
      expect(await journal.read('shop-1')).toBeUndefined();
    });

    test('an earlier term, and one of before a restart, write nothing', async () => {
      await journal.put(lease, entry());
      const later = await stage.term();
      for (const call of [
        () => journal.put(lease, entry({ id: 'late', apps: [] })),
        () => journal.check(lease),
        () => journal.drop(lease, HEAD),
      ]) {
        expect(await call()).toMatchObject({ refused: 'not-leader' });
      }
      expect(await journal.check(later)).toBeUndefined();
      await stage.restart(false);
      expect(await journal.check(later)).toMatchObject({ refused: 'redis-changed' });
      expect(await journal.put(later, entry({ id: 'late', apps: [] }))).toMatchObject({
        refused: 'redis-changed',
      });
      expect((await journal.heads()).map(({ id }) => id)).toEqual(['shop-1']);
    });

    test('what was lost is put back whole, under its own revision', async () => {
      await journal.put(lease, entry());
      await stage.restart(true);
      const later = await stage.term();
      expect(await journal.heads()).toEqual([]);
      const back = entry({ revision: 9, state: 'Blocked' }, { steps: [STEP] });
      expect(await journal.put(later, back)).toBeUndefined();
      expect(await journal.read('shop-1')).toEqual({
        ...HEAD,
        revision: 9,
        state: 'Blocked',
        plan: back.plan,
        steps: { [STEP.id]: STEP },
      });
    });
  });
}
