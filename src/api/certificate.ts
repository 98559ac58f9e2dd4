// The certificate of the API, followed as it is renewed.
//
// Comes in: two files. Goes out: what new connections are served with. On failure: the last good pair
// stays, and it is said once; two files are never replaced in the same moment, so a pair that does
// not fit yet is looked at again.

import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../clock.ts';

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const PAUSE_MS = 10_000;

/** Throws an Error in words, without contents. */
export async function readCertificate({ cert, key }: CertificateFiles): Promise<Certificate> {
  const [certificate, secret] = await Promise.all([read(cert), read(key)]);
  const pair = { cert: certificate, key: secret };
  // Caught while it is written; an empty one would be taken for none at all.
  if (certificate.trim() === '' || secret.trim() === '') {
    throw new Error(`${cert} and ${key} are no pair: one is empty`);
  }
  try {
    createSecureContext(pair);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'no PEM';
    throw new Error(`${cert} and ${key} are no pair: ${code}`, { cause });
  }
  return pair;
}

export interface FollowWorld {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Trouble; undefined: another pair is served. */
  readonly tell: (trouble: string | undefined) => void;
}

export async function followCertificate(
  files: CertificateFiles,
  server: { setSecureContext(pair: Certificate): void },
  { clock, signal, tell }: FollowWorld,
): Promise<void> {
  let last = await readCertificate(files).catch(() => undefined);
  let trouble: string | undefined;
  for (;;) {
    await clock.sleep(PAUSE_MS, signal);
    if (signal.aborted) return;
    try {
      const now = await readCertificate(files);
      const isOther = now.cert !== last?.cert || now.key !== last.key;
      if (isOther) server.setSecureContext(now);
      if (isOther || trouble !== undefined) tell(undefined);
      last = now;
      trouble = undefined;
    } catch (error) {
      const text = (error as Error).message;
      if (text !== trouble) tell(text);
      trouble = text;
    }
  }
}

async function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`${file} cannot be read: ${cause.code}`, { cause });
  });
}
