// Backups in a bucket: path style, pages of names, own authorities, customers' keys, and what is said where
// the bucket cannot be read.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore, policyOf } from '../../../src/migration/velero/open-store.ts';
import type { BackupSettings } from '../../../src/migration/settings.ts';
import { findBackups } from '../../../src/migration/velero/velero.ts';
import { createCertificate } from '../../simulated/certificate.ts';
import { filesOf } from './backups.ts';
import { startBucket, type Bucket } from './bucket.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ballast-s3-'));
  writeFileSync(
    join(folder, 'credentials'),
    '[other]\naws_access_key_id = wrong\naws_secret_access_key = wrong\n[reader]\naws_access_key_id = key\naws_secret_access_key = secret-key\n',
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OBJECTS = [
  { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'shop', namespace: 'prod' } },
];

async function fill({ objects }: Bucket, prefix: string): Promise<void> {
  for (const name of ['nightly-1', 'nightly-2', 'nightly-3']) {
    const startedAt = `2026-01-0${name.at(-1)}T02:00:00Z`;
    const files = await filesOf({ name, objects: OBJECTS, startedAt });
    for (const [file, bytes] of Object.entries(files))
      objects.set(`${prefix}backups/${name}/${file}`, bytes);
  }
  objects.set('backups/others-9/velero-backup.json', Buffer.from('another prefix'));
}

interface Own {
  readonly ca?: string;
  readonly customerKey?: { readonly file: string };
  readonly profile?: string;
  readonly bucket?: string;
}

async function find({ url }: Bucket, { profile = 'reader', bucket = 'velero', ...own }: Own = {}) {
  const credentials = { file: join(folder, 'credentials'), profile };
  const settings: BackupSettings = {
    cluster: 'east',
    s3: { bucket, prefix: 'east', url, credentials, ...own },
  };
  const store = await openStore(settings);
  try {
    const now = Date.parse('2026-01-03T12:00:00Z');
    const search = { store, policy: policyOf(settings), now, signal: AbortSignal.timeout(20_000) };
    const [app] = await findBackups(search, [{ app: 'shop', namespace: 'prod', lacks: () => [] }]);
    return app;
  } finally {
    store.close();
  }
}

test('the newest of its prefix, over pages of names; nothing but lists and gets', async () => {
  await using bucket = await startBucket('velero');
  await fill(bucket, 'east/');
  const found = await find(bucket);
  expect(found?.backup?.name).toBe('nightly-3');
  expect(found?.backup?.objects.map(({ metadata }) => metadata.name)).toEqual(['shop']);
  expect(found?.passedOver).toEqual([]);
  expect(bucket.calls.filter((call) => !/^(GET|HEAD) \/velero(\/|$)/.test(call))).toEqual([]);
  expect(bucket.calls.filter((call) => /^GET \/velero\/?$/.test(call))).toHaveLength(2);
  expect(bucket.calls.join()).not.toContain('others-9');
});

test('by TLS under its own authority, and not without it', async () => {
  const certificate = createCertificate('bucket');
  await using bucket = await startBucket('velero', { tls: certificate });
  await fill(bucket, 'east/');
  const ca = join(folder, 'ca.crt');
  writeFileSync(ca, certificate.cert);
  expect((await find(bucket, { ca }))?.backup?.name).toBe('nightly-3');
  await expect(find(bucket)).rejects.toThrow(/^s3:\/\/velero\/east: .*self-signed certificate/);
});

test('objects under a customer’s key', async () => {
  const customerKey = randomBytes(32);
  await using bucket = await startBucket('velero', { customerKey });
  await fill(bucket, 'east/');
  const file = join(folder, 'key');
  writeFileSync(file, customerKey);
  expect((await find(bucket, { customerKey: { file } }))?.backup?.name).toBe('nightly-3');
  await expect(find(bucket)).rejects.toThrow(
    's3://velero/east: HTTP 400 InvalidRequest: a key is needed',
  );
  writeFileSync(file, customerKey.toString('hex'));
  await expect(find(bucket, { customerKey: { file } })).rejects.toThrow(
    'key has 64 bytes, a key has 32',
  );
});

test('a bucket that is not there, or not for us, is no bucket without backups', async () => {
  await using bucket = await startBucket('velero');
  await expect(find(bucket, { bucket: 'nobodys' })).rejects.toThrow(
    's3://nobodys/east: HTTP 404 NoSuchBucket: no such bucket',
  );
  await expect(find(bucket, { profile: 'missing' })).rejects.toThrow(
    /^s3:\/\/velero\/east: .*missing/,
  );
  const refuse = { status: 403, code: 'AccessDenied', message: 'not you' };
  await using shut = await startBucket('velero', { refuse });
  const said = await find(shut).catch((error: Error) => `${error.message} ${error.stack}`);
  expect(said).toContain('s3://velero/east: HTTP 403 AccessDenied: not you');
  expect(said).not.toContain('secret-key');
});

test('an object that breaks off on its way is no damaged one: the store is in trouble', async () => {
  await using bucket = await startBucket('velero', { breaks: /nightly-3\.tar\.gz$/ });
  await fill(bucket, 'east/');
  await expect(find(bucket)).rejects.toThrow(/^s3:\/\/velero\/east: .*(aborted|ECONNRESET)/);
  await bucket[Symbol.asyncDispose]();
  await expect(find(bucket)).rejects.toThrow(/^s3:\/\/velero\/east: .*ECONNREFUSED/);
});
