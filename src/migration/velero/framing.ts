// Objects that lie in a bucket as they were sent: in chunks, each with its length before it. A gateway
// that did not know that form kept it. What is inside is whole, and is taken out.
//
// Comes in: an object's bytes. Goes out: the content, and a word where it was framed. On failure: Damaged.

import { crc32 } from 'node:zlib';
import { bytesOf, type Bytes } from './bytes.ts';
import { Damaged } from './store.ts';

/** Length in hex, perhaps a signature; then gzip, or JSON. */
const LENGTH = /^[0-9a-f]{1,8}(;[^\r\n]{0,200})?\r\n/i;
const STARTS = ['\u001f\u008b', '{'];
const HEAD_BYTES = 230;
const CHECKSUM = /^x-amz-checksum-crc32:(.{8})$/;

export async function* unframed(
  source: AsyncIterable<Uint8Array>,
  say: (warning: string) => void,
): AsyncGenerator<Buffer, void> {
  const bytes = bytesOf(source);
  try {
    const head = (await bytes.peek(HEAD_BYTES)).toString('latin1');
    const [length] = LENGTH.exec(head) ?? [];
    if (!STARTS.some((start) => head.startsWith(`${length}${start}`))) return yield* rest(bytes);
    say('it lies there framed, as it was sent; its chunks were joined');
    yield* chunks(bytes);
  } finally {
    await bytes.close();
  }
}

async function* rest(bytes: Bytes): AsyncGenerator<Buffer, void> {
  for (;;) {
    const part = await bytes.some(Number.MAX_SAFE_INTEGER);
    if (!part) return;
    yield part;
  }
}

async function* chunks(bytes: Bytes): AsyncGenerator<Buffer, void> {
  let sum = 0;
  for (;;) {
    let left = await lengthOf(bytes);
    if (left === 0) break;
    while (left > 0) {
      const part = await bytes.some(left);
      if (!part) throw new Damaged('it is framed, and cut off');
      sum = crc32(part, sum);
      left -= part.length;
      yield part;
    }
    if ((await bytes.line()) !== '') throw new Damaged('it is framed, and a chunk is too long');
  }
  await checkTrailer(bytes, sum);
}

async function lengthOf(bytes: Bytes): Promise<number> {
  const line = await bytes.line();
  if (line === undefined) throw new Damaged('it is framed, and cut off');
  const [, length] = /^([0-9a-f]{1,8})(;.*)?$/i.exec(line) ?? [];
  if (length === undefined) throw new Damaged('it is framed, and a chunk has no length');
  return Number.parseInt(length, 16);
}

async function checkTrailer(bytes: Bytes, sum: number): Promise<void> {
  const expected = Buffer.alloc(4);
  expected.writeUInt32BE(sum);
  for (;;) {
    const line = await bytes.line();
    if (line === undefined) throw new Damaged('it is framed, and its checksum is missing');
    const [, given] = CHECKSUM.exec(line) ?? [];
    if (given === undefined) continue;
    if (given === expected.toString('base64')) return;
    throw new Damaged('it is framed, and its checksum is wrong');
  }
}
