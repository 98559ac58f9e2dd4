// A stream of bytes that can be looked into before it is read.

export interface Bytes {
  /** The next bytes, fewer where it ends before; they stay. */
  peek(count: number): Promise<Buffer>;
  /** At most so many, at least one; undefined at the end. */
  some(most: number): Promise<Buffer | undefined>;
  /** Up to the line's end, which goes; undefined where it ends before, or no line is that long. */
  line(): Promise<string | undefined>;
  close(): Promise<void>;
}

const LONGEST_LINE = 512;

export function bytesOf(source: AsyncIterable<Uint8Array>): Bytes {
  const iterator = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);

  async function more(): Promise<boolean> {
    const next = await iterator.next();
    if (next.done) return false;
    held = held.length === 0 ? Buffer.from(next.value) : Buffer.concat([held, next.value]);
    return true;
  }
  const take = (count: number): Buffer => {
    const part = held.subarray(0, count);
    held = held.subarray(part.length);
    return part;
  };
  return {
    async peek(count) {
      while (held.length < count && (await more()));
      return held.subarray(0, count);
    },
    async some(most) {
      while (held.length === 0) if (!(await more())) return undefined;
      return take(most);
    },
    async line() {
      let end = held.indexOf('\r\n');
      while (end < 0) {
        if (held.length > LONGEST_LINE || !(await more())) return undefined;
        end = held.indexOf('\r\n');
      }
      return take(end + 2)
        .subarray(0, -2)
        .toString('latin1');
    },
    async close() {
      await iterator.return?.();
    },
  };
}
