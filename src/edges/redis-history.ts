// History and audit on Redis or Valkey (history-store.ts).
//
// `history` and `audit` are streams whose ids are versions, `newest` a hash that trimming spares,
// `acknowledged` a sorted set by version. Pages are read in one piece of bounded size each.

import type { Redis } from 'ioredis';
import {
  DAY_MS,
  versionOf,
  type Acknowledged,
  type Bounds,
  type HistoryStore,
  type KeptChange,
  type KeptLine,
  type Page,
} from './history-store.ts';

type Entry = readonly [id: string, fields: readonly string[]];

export interface HistoryScripts {
  ballastTrail(...args: readonly string[]): Promise<readonly [readonly Entry[], string]>;
  ballastNote(...args: readonly string[]): Promise<string>;
}

export interface RedisHistoryOptions {
  readonly redis: Redis;
  readonly scripts: HistoryScripts;
  readonly key: (name: string) => string;
  readonly ask: <T>(call: () => Promise<T>) => Promise<T>;
}

/** Old entries are looked through by so many; what is left waits for the next time. */
const TRIM_PAGE = 200;
const TRIM_PAGES = 50;

export function redisHistory({ redis, scripts, key, ask }: RedisHistoryOptions): HistoryStore {
  const page = async (stream: string, from: string, count: number): Promise<Page<Entry>> => {
    const found = await ask(() => redis.xrevrange(key(stream), from, '-', 'COUNT', count + 1));
    const next = found[count]?.[0];
    return { lines: found.slice(0, count), ...(next !== undefined && { next }) };
  };
  const trail = async (app: string, from: string, count: number): Promise<Page<Entry>> => {
    const args = [key('history'), key('newest'), app, from, String(count)];
    const [lines, next] = await ask(() => scripts.ballastTrail(...args));
    return { lines, ...(next !== '' && { next }) };
  };

  /** By the time in the entries: ids are versions. */
  const trimByAge = async (stream: string, since: number): Promise<void> => {
    for (let pages = 0; pages < TRIM_PAGES; pages += 1) {
      const found = await ask(() => redis.xrange(key(stream), '-', '+', 'COUNT', TRIM_PAGE));
      const young = found.find((entry) => lineOf(entry).at >= since);
      const last = found.at(-1)?.[0];
      if (last === undefined || young === found[0]) return;
      if (young) await ask(() => redis.xtrim(key(stream), 'MINID', young[0]));
      else await ask(() => redis.xtrim(key(stream), 'MINID', after(last)));
      if (young) return;
    }
  };
  const trimOne = async (stream: string, { entries, days }: Bounds, now: number): Promise<void> => {
    await ask(() => redis.xtrim(key(stream), 'MAXLEN', entries));
    await trimByAge(stream, now - days * DAY_MS);
  };

  return {
    async changes({ app, from, count }) {
      const read =
        app === undefined
          ? await page('history', from ?? '+', count)
          : await trail(app, from ?? '', count);
      return { ...read, lines: read.lines.map(changeOf) };
    },
    async words({ from = '+', count }) {
      const read = await page('audit', from, count);
      return { ...read, lines: read.lines.map(lineOf) };
    },
    async note(text) {
      const keys = [key('version'), key('audit'), key('edges')];
      await ask(() => scripts.ballastNote(...keys, text, '', '', '', ''));
    },
    async acknowledge(commits) {
      if (commits.length === 0) return;
      const members = commits.flatMap(({ version, edges }) => [
        version,
        JSON.stringify([version, edges]),
      ]);
      await ask(() => redis.zadd(key('acknowledged'), ...members));
    },
    async acknowledged(versions) {
      const pipe = redis.pipeline();
      for (const version of versions) pipe.zrangebyscore(key('acknowledged'), version, version);
      const replies = versions.length === 0 ? [] : ((await ask(() => pipe.exec())) ?? []);
      const members = replies.flatMap(([error, found]) => {
        if (error) throw error;
        return (found as string[]).map((text) => JSON.parse(text) as [number, Edges]);
      });
      return joined(members);
    },
    async trim(history, audit) {
      const [seconds, micros] = await ask(() => redis.time());
      const now = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
      await trimOne('history', history, now);
      await trimOne('audit', audit, now);
      const [oldest] = await ask(() => redis.xrange(key('history'), '-', '+', 'COUNT', 1));
      // Of the newest entry that outlives its stream nobody asks so exactly.
      if (!oldest) return;
      const below = `(${versionOf(oldest[0])}`;
      await ask(() => redis.zremrangebyscore(key('acknowledged'), '-inf', below));
    },
  };
}

type Edges = Acknowledged['edges'];

/** An edge that came late is in a second part. */
export function joined(parts: readonly (readonly [number, Edges])[]): Map<number, Edges> {
  const all = new Map<number, Edges>();
  for (const [version, edges] of parts) all.set(version, { ...all.get(version), ...edges });
  return all;
}

function lineOf([id, fields]: Entry): KeptLine {
  const field = (name: string): string | undefined => {
    const at = fields.indexOf(name);
    return at % 2 === 0 ? fields[at + 1] : undefined;
  };
  const version = versionOf(id);
  const numbers = { term: Number(field('term') ?? 0), at: Number(field('at') ?? 0) };
  return { id, version, ...numbers, text: field('entry') ?? '' };
}

function changeOf(entry: Entry): KeptChange {
  const [, fields] = entry;
  return { ...lineOf(entry), app: fields[fields.indexOf('app') + 1] ?? '' };
}

function after(id: string): string {
  const [version, place] = id.split('-');
  return `${version}-${Number(place) + 1}`;
}
