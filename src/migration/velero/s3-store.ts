// Backups in a bucket: read, never written. Credentials that may only list and get suffice.
//
// On failure: a StoreFailure that says what S3 or the connection said, never a key.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { GetObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { FOLDER, isBackupName, StoreFailure, type BackupStore } from './store.ts';

export interface S3Place {
  readonly bucket: string;
  /** Without slashes at its ends; empty: the bucket's root. */
  readonly prefix: string;
  readonly region: string;
  /** Absent: AWS's own. */
  readonly url?: string;
  readonly pathStyle: boolean;
  /** PEM file. */
  readonly ca?: string;
  /** In the form of AWS's shared credentials; absent: what the SDK finds in its environment. */
  readonly credentials?: { readonly file: string; readonly profile: string };
  /** SSE-C: file of 32 bytes. */
  readonly customerKey?: string;
}

const CONNECT_MS = 5000;
/** Without a byte. */
const SILENT_MS = 30_000;

/** Throws a StoreFailure where a named file cannot be read. */
export async function openS3Store(place: S3Place): Promise<BackupStore> {
  const { bucket, prefix } = place;
  const url = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
  // Half a second to load: only who reads backups pays for it.
  const { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command } = await import(
    '@aws-sdk/client-s3'
  );
  const { client, encryption } = await prepare(url, place);
  const root = `${prefix === '' ? '' : `${prefix}/`}${FOLDER}/`;
  const objectOf = (backup: string, file: string) => ({
    Bucket: bucket,
    Key: `${root}${backup}/${file}`,
    ...encryption,
  });

  async function names(abortSignal: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    let next: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: root,
          Delimiter: '/',
          ...(next !== undefined && { ContinuationToken: next }),
        }),
        { abortSignal },
      );
      for (const { Prefix = '' } of page.CommonPrefixes ?? [])
        found.push(Prefix.slice(root.length, -1));
      next = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (next !== undefined);
    return found.filter(isBackupName);
  }

  return {
    place: url,
    names: (signal) => orFailure(url, () => names(signal)),
    async open(backup, file, abortSignal) {
      const answer = await orAbsent(url, () =>
        client.send(new GetObjectCommand(objectOf(backup, file)), { abortSignal }),
      );
      if (!answer) return undefined;
      const body = answer.Body as AsyncIterable<Uint8Array> | undefined;
      return { tag: answer.ETag ?? '', body: told(url, body) };
    },
    async tagOf(backup, file, abortSignal) {
      const answer = await orAbsent(url, () =>
        client.send(new HeadObjectCommand(objectOf(backup, file)), { abortSignal }),
      );
      return answer?.ETag;
    },
    close: () => client.destroy(),
  };
}

type Encryption = Pick<
  GetObjectCommandInput,
  'SSECustomerAlgorithm' | 'SSECustomerKey' | 'SSECustomerKeyMD5'
>;

async function prepare(
  url: string,
  place: S3Place,
): Promise<{ readonly client: S3Client; readonly encryption: Encryption }> {
  const { region, pathStyle, ca, credentials, customerKey } = place;
  const { S3Client } = await import('@aws-sdk/client-s3');
  const { NodeHttpHandler } = await import('@smithy/node-http-handler');
  const authorities = ca === undefined ? undefined : await fileOf(url, ca);
  const key = customerKey === undefined ? undefined : await fileOf(url, customerKey);
  if (key && key.length !== 32)
    throw new StoreFailure(url, `${customerKey} has ${key.length} bytes, a key has 32`);
  const client = new S3Client({
    region,
    ...(place.url !== undefined && { endpoint: place.url }),
    forcePathStyle: pathStyle,
    // Other servers than AWS's know nothing of the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECT_MS,
      socketTimeout: SILENT_MS,
      httpAgent: new HttpAgent({ keepAlive: true }),
      httpsAgent: new HttpsAgent({ keepAlive: true, ...(authorities && { ca: authorities }) }),
    }),
    ...(credentials && { credentials: await given(credentials) }),
  });
  return { client, encryption: key ? encryptionBy(key) : {} };
}

async function given({ file, profile }: NonNullable<S3Place['credentials']>) {
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  return fromIni({ filepath: file, configFilepath: file, profile });
}

async function fileOf(url: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new StoreFailure(url, `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function encryptionBy(key: Buffer): Encryption {
  return {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: key.toString('base64'),
    SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
  };
}

interface S3Error {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

async function orAbsent<T>(url: string, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (cause) {
    const { name } = cause as S3Error;
    // A missing bucket is no missing object.
    if (name === 'NoSuchKey' || name === 'NotFound') return undefined;
    throw failureOf(url, cause);
  }
}

async function orFailure<T>(url: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw failureOf(url, cause);
  }
}

async function* told(
  url: string,
  body: AsyncIterable<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array, void> {
  try {
    if (body) yield* body;
  } catch (cause) {
    throw failureOf(url, cause);
  }
}

function failureOf(url: string, cause: unknown): StoreFailure {
  const { name, code, message, $metadata } = cause as S3Error;
  const status = $metadata?.httpStatusCode;
  const words = [status === undefined ? (code ?? name) : `HTTP ${status} ${name}`, message];
  return new StoreFailure(url, words.filter((word) => word).join(': '), { cause });
}
