// What a list tells of itself, and lists that come as a watch.

import { expect, test } from 'vitest';
import { Intake, type Listed } from '../../src/clusters/intake.ts';
import type { Change } from '../../src/clusters/record-index.ts';
import type { Meta, Raw } from '../../src/clusters/records.ts';
import type { WatchEvent } from '../../src/clusters/watch-events.ts';

const at = (version: string, uid = 'u'): Meta => ({ uid, version, namespace: 'n', name: 'x' });

function open() {
  const changes: Change<Meta>[] = [];
  const parts: number[] = [];
  const resource = {
    read: ({ metadata }: Raw) => at(metadata?.resourceVersion ?? '', metadata?.uid),
    changed(more: readonly Change<Meta>[]) {
      parts.push(more.length);
      changes.push(...more);
    },
  };
  const intake = new Intake<Meta>(resource, () => Promise.resolve());
  const list = async (version: string, ...records: readonly Meta[]) => {
    const told: Listed[] = [];
    const byUid = new Map(records.map((record) => [record.uid, record]));
    await intake.takeList(byUid, { version, anew: false }, (listed) => told.push(listed));
    return told[0];
  };
  return { intake, list, changes, parts };
}

test('a first list is a change, though it be empty: nothing is known before it', async () => {
  const { list } = open();
  expect(await list('5')).toMatchObject({ changed: true, fewer: false });
  expect(await list('6')).toMatchObject({ changed: false });
  expect(await list('7', at('7'))).toMatchObject({ changed: true, fewer: false });
  expect(await list('8', at('7'))).toMatchObject({ changed: false });
  expect(await list('9')).toMatchObject({ changed: true, fewer: true });
});

test('a first list is taken in parts, a later one at once', async () => {
  const { list, parts, intake } = open();
  const many = Array.from({ length: 1200 }, (_, index) => at('1', `u${index}`));
  await list('5', ...many);
  expect(parts).toEqual([500, 500, 200]);
  expect(intake.version).toBe('5');
  parts.length = 0;
  await list('6');
  expect(parts).toEqual([1200]);
});

const event = (type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK', version: string, uid = 'u') => {
  return { type, object: { metadata: { resourceVersion: version, uid } } } as WatchEvent;
};
const END = {
  type: 'BOOKMARK',
  object: {
    metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } },
  },
} as WatchEvent;

async function stream(...events: readonly WatchEvent[]) {
  const { intake, changes } = open();
  const records = new Map<string, Meta>();
  const whole: string[] = [];
  const list = { records, whole: async (version: string) => void whole.push(version) };
  async function* all() {
    yield* events;
  }
  const end = await intake.follow(all(), list);
  return {
    end,
    whole,
    uids: [...records.values()].map(({ uid, version }) => `${uid}@${version}`),
    changes,
  };
}

test('a list as a watch is whole at its marked bookmark, whatever comes before; then it is a watch', async () => {
  const streamed = await stream(
    event('ADDED', '3', 'a'),
    event('BOOKMARK', '4'),
    event('ADDED', '3', 'a'),
    event('MODIFIED', '5', 'a'),
    event('ADDED', '2', 'a'),
    event('ADDED', '6', 'b'),
    event('DELETED', '7', 'b'),
    END,
    event('ADDED', '10', 'c'),
  );
  expect(streamed).toMatchObject({ end: 'ended', whole: ['9'], uids: ['a@5'] });
  expect(streamed.changes.map(({ after }) => after?.uid)).toEqual(['c']);
});

test('one that ends before is none', async () => {
  expect(await stream(event('ADDED', '3', 'a'))).toMatchObject({ end: 'relist', whole: [] });
});

test('an ERROR event in it is told', async () => {
  const error = { type: 'ERROR', object: { code: 410 } } as WatchEvent;
  expect((await stream(error)).end).toEqual({ code: 410 });
});
