// What a list tells of itself, and lists that come as a watch.

import { expect, test } from 'vitest';
import { Intake, type Listed } from '../../src/clusters/intake.ts';
import type { Change } from '../../src/clusters/record-index.ts';
import type { Meta, Raw } from '../../src/clusters/records.ts';
import type { WatchEvent } from '../../src/clusters/watch-events.ts';

const at = (version: string, uid = 'u'): Meta => ({ uid, version, namespace: 'n', name: 'x' });

function open() {
  const changes: Change<Meta>[] = [];
  const intake = new Intake<Meta>({
    read: ({ metadata }: Raw) => at(metadata?.resourceVersion ?? '', metadata?.uid),
    changed: (more) => changes.push(...more),
  });
  const list = (version: string, ...records: readonly Meta[]) => {
    const told: Listed[] = [];
    const byUid = new Map(records.map((record) => [record.uid, record]));
    intake.takeList(byUid, { version, anew: false }, (listed) => told.push(listed));
    return told[0];
  };
  return { intake, list, changes };
}

test('a first list is a change, though it be empty: nothing is known before it', () => {
  const { list } = open();
  expect(list('5')).toMatchObject({ changed: true, fewer: false });
  expect(list('6')).toMatchObject({ changed: false });
  expect(list('7', at('7'))).toMatchObject({ changed: true, fewer: false });
  expect(list('8', at('7'))).toMatchObject({ changed: false });
  expect(list('9')).toMatchObject({ changed: true, fewer: true });
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
  const list = { records, whole: (version: string) => whole.push(version) };
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
