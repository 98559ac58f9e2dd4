import { expect, test } from 'vitest';
import {
  applyEvent,
  isOlder,
  type RecordStore,
  swapRecords,
  takeBookmark,
} from '../../src/clusters/record-store.ts';
import type { Meta } from '../../src/clusters/records.ts';
import { compareVersions } from '../../src/clusters/versions.ts';

const at = (version: string, uid = 'u'): Meta => ({ uid, version, namespace: 'n', name: 'x' });

function storeWith(...records: readonly Meta[]): RecordStore<Meta> {
  const store: RecordStore<Meta> = { records: new Map(), version: '' };
  swapRecords(store, new Map(records.map((record) => [record.uid, record])), { version: '10' });
  return store;
}

test('versions compare as integers, not as text', () => {
  expect(compareVersions('9', '10')).toBeLessThan(0);
  expect(compareVersions('100', '99')).toBeGreaterThan(0);
  expect(compareVersions('12345678901234567891', '12345678901234567890')).toBeGreaterThan(0);
  expect(compareVersions('7', '7')).toBe(0);
});

test('an older event than the record is dropped', () => {
  const store = storeWith(at('9'));
  expect(applyEvent(store, 'MODIFIED', at('11'))).toMatchObject({ after: { version: '11' } });
  expect(applyEvent(store, 'MODIFIED', at('9'))).toBe('known');
  expect(applyEvent(store, 'DELETED', at('10'))).toBe('known');
  expect(store.records.get('u')?.version).toBe('11');
});

test('an older event of an object that is not there any more brings nothing back', () => {
  const store = storeWith(at('9'));
  applyEvent(store, 'DELETED', at('12'));
  expect(applyEvent(store, 'MODIFIED', at('11'))).toBe('disorder');
  expect(applyEvent(store, 'DELETED', at('12'))).toBe('known');
  expect(store.records.size).toBe(0);
});

test('a list replaces all, and tells only what differs', () => {
  const store = storeWith(at('1', 'stays'), at('2', 'goes'), at('3', 'changes'));
  const listed = [at('1', 'stays'), at('5', 'changes'), at('6', 'comes')];
  const changes = swapRecords(store, new Map(listed.map((each) => [each.uid, each])), {
    version: '7',
  });
  expect(changes.map(({ before, after }) => [before?.version, after?.version])).toEqual([
    ['2', undefined],
    ['3', '5'],
    [undefined, '6'],
  ]);
  // An etcd restored to an older version: the list is the truth.
  expect(store.version).toBe('7');
});

test('a bookmark moves the version on, and never back', () => {
  const store = storeWith();
  takeBookmark(store, '15');
  takeBookmark(store, '9');
  takeBookmark(store, undefined);
  expect(store.version).toBe('15');
});

test('versions that went back show by the list, or by an object of it', () => {
  const store = storeWith(at('9'));
  const older = (record: Meta, version: string) =>
    isOlder(store, new Map([[record.uid, record]]), version);
  expect(older(at('9'), '8')).toBe(true);
  expect(older(at('7'), '12')).toBe(true);
  expect(older(at('11'), '12')).toBe(false);
  expect(older(at('1', 'other'), '12')).toBe(false);
});

test('after versions went back a record of the same version may be another', () => {
  const store = storeWith(at('9'));
  const listed = new Map([['u', at('9')]]);
  expect(swapRecords(store, listed, { version: '10' })).toEqual([]);
  expect(swapRecords(store, listed, { version: '10', anew: true })).toHaveLength(1);
});
