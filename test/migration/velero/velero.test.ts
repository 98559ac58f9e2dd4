// Which backup is taken of an app, and why others are not.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFolderStore } from '../../../src/migration/velero/folder-store.ts';
import type { BackupStore } from '../../../src/migration/velero/store.ts';
import { findBackups, type AppToFind } from '../../../src/migration/velero/velero.ts';
import { framed, type MadeBackup } from './backups.ts';
import { added, find, FIRST, lists, NOW, object, outcome, POLICY, SECOND } from './search.ts';

test('the newest whole one, with the objects of its namespace alone', async () => {
  const found = await find({ backups: [FIRST, SECOND] });
  expect(found?.passedOver).toEqual([]);
  expect(found?.backup?.name).toBe('nightly-2');
  expect(found?.backup?.startedAt).toBe(Date.parse('2026-01-02T02:00:00Z'));
  const names = found?.backup?.objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(names?.sort()).toEqual(['Deployment shop', 'Ingress shop', 'Secret shop', 'Service shop']);
  expect([...(found?.backup?.unread ?? [])]).toEqual([]);
});

test('none is taken where all are too old, and each says how old it is', async () => {
  expect(await outcome({ backups: [FIRST, SECOND], policy: { maxAgeMs: 3_600_000 } })).toEqual({
    taken: 'none',
    why: ['nightly-2: it is 10 h old, at most 1 h', 'nightly-1: it is 16 h old, at most 1 h'],
  });
});

test('one that says it began in the future is not taken for the newest', async () => {
  const ahead = { ...SECOND, startedAt: '2026-01-02T15:00:00Z' };
  expect(await outcome({ backups: [FIRST, ahead] })).toEqual({
    taken: 'nightly-1',
    why: ['nightly-2: it began 3 h from now, it says'],
  });
  const soon = { ...SECOND, startedAt: '2026-01-02T12:05:00Z' };
  expect((await outcome({ backups: [FIRST, soon] })).taken).toBe('nightly-2');
});

test('the age is by the start, not by the name or the order in the bucket', async () => {
  const late = { ...FIRST, name: 'a', startedAt: '2026-01-02T03:00:00Z' };
  expect((await outcome({ backups: [late, SECOND] })).taken).toBe('a');
});

test('labels of one’s own narrow it', async () => {
  const marked = { ...FIRST, labels: { tier: 'gold' } };
  expect(
    await outcome({ backups: [marked, SECOND], policy: { labels: { tier: 'gold' } } }),
  ).toEqual({
    taken: 'nightly-1',
    why: ['nightly-2: its label tier is missing, not gold'],
  });
});

test('partly failed and unfinished ones only where that is allowed', async () => {
  const partly = lists({ phase: 'PartiallyFailed', status: { errors: 2 } });
  const found = await find({ backups: [FIRST, partly], policy: { partiallyFailed: true } });
  expect(found?.backup?.warnings).toEqual(['Velero had 2 errors']);
  const unfinished = lists({ phase: 'Finalizing' });
  const salvage = { salvage: true };
  expect((await outcome({ backups: [FIRST, unfinished], policy: salvage })).taken).toBe(
    'nightly-2',
  );
  const busy = lists({ phase: 'Finalizing', status: { backupItemOperationsAttempted: 1 } });
  expect((await outcome({ backups: [FIRST, busy], policy: salvage })).why).toEqual([
    'nightly-2: it is Finalizing, with operations under way',
  ]);
});

test('a framed one is mended, and said to be', async () => {
  const all = lists({
    files: {
      'NAME.tar.gz': (bytes: Buffer) => framed(bytes),
      'velero-backup.json': (bytes: Buffer) => framed(bytes),
    },
  });
  const found = await find({ backups: [FIRST, all] });
  expect(found?.backup?.name).toBe('nightly-2');
  expect(found?.backup?.objects).toHaveLength(4);
  expect(found?.backup?.warnings).toEqual([
    'it lies there framed, as it was sent; its chunks were joined',
  ]);
});

test('one that is written again while it is read is passed over', async () => {
  const again = (store: BackupStore, folder: string): BackupStore => ({
    ...store,
    async open(backup, file, signal) {
      const opened = await store.open(backup, file, signal);
      if (backup === 'nightly-2' && file.endsWith('list.json.gz'))
        writeFileSync(join(folder, 'backups', backup, 'velero-backup.json'), 'longer than it was');
      return opened;
    },
  });
  expect(await outcome({ backups: [FIRST, SECOND], store: again })).toEqual({
    taken: 'nightly-1',
    why: ['nightly-2: it was written again while it was read'],
  });
});

test('what judges an app’s objects decides for it, with its reasons', async () => {
  const lacks: AppToFind['lacks'] = ({ name }) =>
    name === 'nightly-2' ? ['no Ingress', 'b', 'c', 'd'] : [];
  expect(await outcome({ backups: [FIRST, SECOND], app: { lacks } })).toEqual({
    taken: 'nightly-1',
    why: ['nightly-2: no Ingress, b, c, and 1 more'],
  });
});

test('a namespace of another UID is another cluster’s', async () => {
  const { taken, why } = await outcome({ backups: [SECOND], app: { namespaceUid: 'uid-now' } });
  expect(taken).toBe('none');
  expect(why).toEqual([
    'nightly-2: its namespace prod has another UID: it is another cluster’s, or of another time',
  ]);
  expect((await outcome({ backups: [SECOND], app: { namespaceUid: 'uid-prod' } })).taken).toBe(
    'nightly-2',
  );
});

test('kinds that were left out are told', async () => {
  const spec = { excludedResources: ['ingresses.networking.k8s.io', 'Secret'] };
  const found = await find({ backups: [lists({ spec })] });
  expect([...(found?.backup?.unread ?? [])].sort()).toEqual(['Ingress', 'Secret']);
  const few = await find({
    backups: [lists({ spec: { labelSelector: { matchLabels: { a: 'b' } } } })],
  });
  expect(few?.backup?.unread).toContain('Service');
});

test('limits: entries, an entry, all of it, what is kept', async () => {
  const limits = { entries: 1000, entryBytes: 10_000, totalBytes: 100_000, keptBytes: 50_000 };
  const why = async (backup: MadeBackup, own: Partial<typeof limits>): Promise<string[]> =>
    (await outcome({ backups: [backup], limits: { ...limits, ...own } })).why;
  expect(await why(SECOND, {})).toEqual([]);
  expect(await why(SECOND, { entries: 5 })).toEqual([
    'nightly-2: its tarball or list: it has more than 5 entries',
  ]);
  expect(await why(SECOND, { entryBytes: 20 })).toEqual([
    expect.stringMatching(/its tarball has an entry of \d+ bytes, at most 20$/),
  ]);
  expect(await why(SECOND, { keptBytes: 100 })).toEqual([
    'nightly-2: its tarball or list: its namespaces have more than 100 bytes',
  ]);
  // A megabyte of zeros is a kilobyte zipped.
  const bomb = added('resources/pods/namespaces/prod/x.json', ' '.repeat(1 << 20));
  expect(await why(bomb, { entryBytes: 1 << 21 })).toEqual([
    'nightly-2: its tarball or list: it has more than 100000 bytes unzipped',
  ]);
});

test('the preferred version counts, of two entries the later one, and ./ before a path does no harm', async () => {
  const of = (mark: string): string =>
    JSON.stringify(object('apps/v1', 'Deployment', 'shop', { mark }));
  const place = 'namespaces/prod/shop.json';
  const entries = () => [
    { name: './metadata/version', text: '1.1.0\n' },
    { name: `./resources/deployments.apps/v1-preferredversion/${place}`, text: of('first') },
    { name: `./resources/deployments.apps/v1-preferredversion/${place}`, text: of('second') },
    { name: `./resources/deployments.apps/${place}`, text: of('bare') },
    { name: `./resources/deployments.apps/v1beta1/${place}`, text: of('old') },
    { name: './resources/deployments.apps/', text: '', type: 'directory' as const },
  ];
  const objects = [object('apps/v1', 'Deployment', 'shop')];
  const found = await find({ backups: [{ ...SECOND, objects, entries }] });
  expect(found?.backup?.objects.map((one) => one['mark'])).toEqual(['second']);
});

test('a store that cannot be read is no store without backups', async () => {
  const search = { policy: POLICY, now: NOW, signal: new AbortController().signal };
  const asked = findBackups({ store: openFolderStore('/nowhere/at/all'), ...search }, []);
  await expect(asked).rejects.toThrow('/nowhere/at/all: has no folder backups');
});
