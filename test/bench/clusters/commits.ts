// When which app was committed, as an edge would hear of it: by the stream `changes`.
import { Redis } from 'ioredis';

export interface Commits {
  /** Milliseconds of CLOCK_MONOTONIC of the first commit of an app since the last call of clear(). */
  readonly at: ReadonlyMap<string, number>;
  clear(): void;
  /** Of the last commit of all. */
  last(): number;
  /** How many apps have a document. */
  published(): Promise<number>;
  close(): Promise<void>;
}

export function followCommits(url: string, environment: string): Commits {
  const [following, asking] = [new Redis(url), new Redis(url)];
  const key = (name: string): string => `{ballast:${environment}}:${name}`;
  const at = new Map<string, number>();
  let latest = 0;
  let closed = false;

  async function follow(): Promise<void> {
    let last = '$';
    while (!closed) {
      const args = ['COUNT', 1000, 'BLOCK', 500, 'STREAMS', key('changes'), last] as const;
      const read = await following.xread(...args);
      const now = Number(process.hrtime.bigint()) / 1e6;
      for (const [id, fields] of read?.[0]?.[1] ?? []) {
        last = id;
        latest = now;
        const app = fields[fields.indexOf('app') + 1] ?? '';
        if (!at.has(app)) at.set(app, now);
      }
    }
  }

  const followed = follow();
  return {
    at,
    clear: () => at.clear(),
    last: () => latest,
    published: () => asking.hlen(key('upstreams')),
    async close() {
      closed = true;
      await followed;
      following.disconnect();
      asking.disconnect();
    },
  };
}
