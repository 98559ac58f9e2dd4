// Backups that are not what they should be, in real bytes: each is passed over with its reason, none by a
// text that has a Secret's data.

import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { framed, type MadeBackup } from './backups.ts';
import { added, FIRST, lists, metadata, OBJECTS, outcome, SECRET, tarball } from './search.ts';

const CASES: readonly (readonly [string, MadeBackup, string])[] = [
  [
    'of another schedule',
    lists({ labels: { 'velero.io/schedule-name': 'nightly-test' } }),
    'its schedule is nightly-test, not nightly',
  ],
  ...[
    'New',
    'Queued',
    'ReadyToStart',
    'InProgress',
    'WaitingForPluginOperations',
    'WaitingForPluginOperationsPartiallyFailed',
    'Finalizing',
    'FinalizingPartiallyFailed',
    'Failed',
    'FailedValidation',
    'Deleting',
  ].map((phase) => [phase, lists({ phase }), `it is ${phase}`] as const),
  [
    'PartiallyFailed',
    lists({ phase: 'PartiallyFailed', status: { errors: 3 } }),
    'it is PartiallyFailed, with 3 errors',
  ],
  ['without a phase', lists({ status: { phase: undefined } }), 'it is New'],
  [
    'of another format',
    lists({ status: { formatVersion: '2.0.0' } }),
    'its format is 2.0.0; 1 is read',
  ],
  [
    'that did not begin',
    lists({ status: { startTimestamp: undefined } }),
    'it does not say when it began',
  ],
  [
    'of other namespaces',
    lists({ spec: { includedNamespaces: ['te*'] } }),
    'namespace prod is not included',
  ],
  [
    'of all but this namespace',
    lists({ spec: { excludedNamespaces: ['pr?d'] } }),
    'namespace prod is excluded',
  ],
  ['whose tarball did not come yet', tarball(() => undefined), 'it has no tarball'],
  [
    'whose metadata is gone',
    metadata(() => undefined),
    'it has no velero-backup.json: unfinished, or being deleted',
  ],
  [
    'whose metadata is another’s',
    metadata((bytes) => Buffer.from(bytes.toString().replace('"nightly-2"', '"nightly-9"'))),
    'its velero-backup.json is no Backup of this name',
  ],
  [
    'whose metadata is cut off',
    metadata((bytes) => bytes.subarray(0, 100)),
    'its velero-backup.json: it is no JSON: cut off, encrypted, or something else',
  ],
  [
    'whose list is missing',
    lists({ files: { 'NAME-resource-list.json.gz': () => undefined } }),
    'it has no list of its resources',
  ],
  [
    'whose list is none',
    lists({ files: { 'NAME-resource-list.json.gz': () => gzipSync('null') } }),
    'its list of resources is none',
  ],
  [
    'that is not whole',
    lists({ alsoListed: { 'v1/ConfigMap': ['prod/shop', 'test/other'], 'v1/Pod': ['prod/gone'] } }),
    'it is not whole: ConfigMap prod/shop',
  ],
  ['that is empty', tarball(() => Buffer.alloc(0)), 'its tarball or list: it is empty'],
  [
    'that is cut off',
    tarball((bytes) => bytes.subarray(0, -40)),
    'its tarball or list: it is cut off',
  ],
  [
    'whose tarball ends within an entry',
    tarball((bytes) => gzipSync(gunzipSync(bytes).subarray(0, 1100))),
    'its tarball or list: its tarball is cut off',
  ],
  [
    'whose CRC is wrong',
    tarball((bytes) => flipped(bytes, bytes.length - 8)),
    'its tarball or list: its CRC is wrong',
  ],
  [
    'that is encrypted',
    tarball(() => randomBytes(2000)),
    'its tarball or list: it is no gzip: encrypted, or something else',
  ],
  [
    'that is a zipped something',
    tarball(() => gzipSync('x'.repeat(5000))),
    'its tarball or list: its tarball is damaged, or it has none inside',
  ],
  [
    'that has nothing inside',
    tarball(() => gzipSync('')),
    'its tarball or list: its tarball has no entries',
  ],
  [
    'that is framed and cut off',
    tarball((bytes) => framed(bytes).subarray(0, -60)),
    'its tarball or list: it is framed, and cut off',
  ],
  [
    'that is framed without its end',
    tarball((bytes) => framed(bytes).subarray(0, -20)),
    'its tarball or list: it is framed, and its checksum is missing',
  ],
  [
    'that is framed with a wrong checksum',
    tarball((bytes) => framed(bytes, 1)),
    'its tarball or list: it is framed, and its checksum is wrong',
  ],
  [
    'with an absolute path',
    added('/etc/passwd'),
    'its tarball or list: its tarball has an absolute path',
  ],
  [
    'with a path that leads out',
    added('resources/services/namespaces/prod/../../../../x.json'),
    'its tarball or list: its tarball has a path that leads out',
  ],
  [
    'with a link',
    added('resources/services/namespaces/prod/x.json', '/etc/passwd', 'symlink'),
    'its tarball or list: its tarball has an entry that is a symlink',
  ],
  [
    'with an object at another’s place',
    added('resources/services/namespaces/prod/x.json', JSON.stringify(OBJECTS[1])),
    'its tarball or list: services prod/x is another object',
  ],
  [
    'with no JSON in it',
    added('resources/secrets/namespaces/prod/x.json', `{"data":{"password":"${SECRET}`),
    'its tarball or list: secrets prod/x is no JSON: cut off, encrypted, or something else',
  ],
  [
    'of a later layout',
    lists({
      entries: (all: { name: string }[]) =>
        all.map((one) => (one.name === 'metadata/version' ? { ...one, text: '2.0.0\n' } : one)),
    }),
    'its tarball or list: its format is 2.0.0; 1 is read',
  ],
];

test.each(CASES)('one %s is passed over', async (_, backup, why) => {
  const { taken, why: told } = await outcome({ backups: [FIRST, backup] });
  expect(told).toEqual([`nightly-2: ${why}`]);
  expect(taken).toBe('nightly-1');
  expect(told.join()).not.toContain(SECRET);
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
