// The content of a backup's file: unframed, unzipped, within limits.
//
// Comes in: an object's bytes as the bucket has them. Goes out: a stream of bytes, or JSON. On failure:
// Damaged, in words that tell what kind of damage it is; never with anything of the content.

import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { bytesOf } from './bytes.ts';
import { unframed } from './framing.ts';
import { Damaged, StoreFailure } from './store.ts';

export type Say = (warning: string) => void;

/** What is inside a gzip file. */
export async function* unzipped(
  source: AsyncIterable<Uint8Array>,
  say: Say,
): AsyncGenerator<Buffer, void> {
  const bytes = bytesOf(unframed(source, say));
  const head = await bytes.peek(2);
  if (head.length === 0) throw new Damaged('it is empty');
  if (!isGzip(head)) {
    await bytes.close();
    throw new Damaged('it is no gzip: encrypted, or something else');
  }
  const gunzip = createGunzip();
  // Its error comes out of the loop below too.
  pipeline(Readable.from(all(bytes)), gunzip, () => undefined);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } catch (error) {
    throw damageOf(error);
  } finally {
    gunzip.destroy();
    await bytes.close();
  }
}

const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b;

async function* all(bytes: ReturnType<typeof bytesOf>): AsyncGenerator<Buffer, void> {
  for (;;) {
    const part = await bytes.some(Number.MAX_SAFE_INTEGER);
    if (!part) return;
    yield part;
  }
}

function damageOf(error: unknown): unknown {
  if (error instanceof Damaged || error instanceof StoreFailure) return error;
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'Z_BUF_ERROR') return new Damaged('it is cut off');
  if (code === 'Z_DATA_ERROR' && message === 'incorrect data check')
    return new Damaged('its CRC is wrong');
  return code?.startsWith('Z_') ? new Damaged('its gzip is damaged') : error;
}

/** A JSON file, zipped or not. */
export async function jsonOf(
  source: AsyncIterable<Uint8Array>,
  most: number,
  say: Say,
): Promise<unknown> {
  const bytes = bytesOf(unframed(source, say));
  const zipped = isGzip(await bytes.peek(2));
  const content = zipped ? unzipped(all(bytes), say) : all(bytes);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of content) {
      size += chunk.length;
      if (size > most) throw new Damaged(`it has more than ${most} bytes`);
      chunks.push(chunk);
    }
  } finally {
    await bytes.close();
  }
  if (size === 0) throw new Damaged('it is empty');
  return parsed(Buffer.concat(chunks), 'it');
}

/** A parser's own words quote what it could not read. */
export function parsed(bytes: Buffer, what: string): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    throw new Damaged(`${what} is no JSON: cut off, encrypted, or something else`);
  }
}
