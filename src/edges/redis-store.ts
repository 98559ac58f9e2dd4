// The store on Redis or Valkey. Every write of a document or of the lease is a script in lua/redis/.
//
// On failure: a call that Redis does not answer in time, or while it is away, ends in a BallastError
// `redis-unavailable` and is never sent again by itself.

import { readFileSync } from 'node:fs';
import type { AppName } from '../model.ts';
import { redisNotes } from './call-notes.ts';
import { digestOf } from './digest.ts';
import { parseManifestLine, stampText, type Document } from './document.ts';
import { readBeats, retiredText } from './edge-state.ts';
import {
  connectRedis,
  type RedisConnection,
  type RedisPlace,
  type TellState,
  askRedis,
} from './redis-connection.ts';
import { redisHistory, type HistoryScripts } from './redis-history.ts';
import type {
  Committed,
  Contents,
  Held,
  Lease,
  RefusalCode,
  Round,
  Store,
  StoreRefusal,
} from './store.ts';

/** Of commit-8.lua, in its order, without the environment's prefix. */
export const COMMIT_KEYS = [
  'leader',
  'version',
  'upstreams',
  'manifest',
  'changes',
  'history',
  'audit',
  'newest',
];

const script = (name: string): string =>
  readFileSync(new URL(`../../lua/redis/${name}`, import.meta.url), 'utf8');

interface Scripts extends HistoryScripts {
  ballastCommit(...args: readonly string[]): Promise<readonly string[]>;
  ballastLease(...args: readonly string[]): Promise<readonly (string | number)[]>;
}

export interface RedisStoreOptions extends RedisPlace {
  readonly environment: string;
  /** Told once for each change between answering and not. */
  readonly onState: TellState;
}

export function openRedisStore(options: RedisStoreOptions): Store {
  const connection = connectRedis(
    options,
    {
      ballastCommit: { numberOfKeys: COMMIT_KEYS.length, lua: script('commit-8.lua') },
      ballastLease: { numberOfKeys: 1, lua: script('lease-1.lua') },
      ballastTrail: { numberOfKeys: 2, lua: script('trail-2.lua') },
      ballastNote: { numberOfKeys: 3, lua: script('note-3.lua') },
    },
    options.onState,
  );
  const { redis } = connection;
  const ask: Ask = (call) => askRedis(connection, call);
  const scripts = redis as unknown as Scripts;
  const key = (name: string): string => `{ballast:${options.environment}}:${name}`;
  const commitKeys = COMMIT_KEYS.map(key);

  const lease = async (args: readonly string[]): Promise<readonly (string | number)[]> =>
    ask(() => scripts.ballastLease(key('leader'), ...args));
  const commit = async (args: readonly string[]): Promise<Committed | StoreRefusal> =>
    committed(await ask(() => scripts.ballastCommit(...commitKeys, ...args)));

  return {
    history: redisHistory({ redis, scripts, key, ask }),
    async take(holder, address, ttlMs): Promise<Lease | Held> {
      const reply = await lease(['take', holder, address, String(ttlMs), '', '', '']);
      if (reply[0] === 'held') {
        return { heldBy: String(reply[1]), address: String(reply[2]), leftMs: Number(reply[3]) };
      }
      return {
        holder,
        term: Number(reply[1]),
        runId: String(reply[2]),
        replId: String(reply[3]),
      };
    },
    async renew(held, address, ttlMs) {
      return refusal(await lease(leaseArgs('renew', held, address, ttlMs)));
    },
    async takeTerm(held, address, ttlMs, term) {
      const next = { ...held, term };
      return refusal(await lease(leaseArgs('term', next, address, ttlMs))) ?? next;
    },
    async release(held) {
      await lease(leaseArgs('release', held, '', 0));
    },
    commit: (held, round) => commit(roundArgs(held, round)),
    seed: (held, documents) => commit(seedArgs(held, documents)),
    read: () => readContents(connection, key),
    async version() {
      const pipe = redis.pipeline().hget(key('leader'), 'term').get(key('version'));
      const [term, version] = await results(ask, () => pipe.exec());
      return { term: Number(term ?? 0), version: Number(version ?? 0) };
    },
    async heartbeats() {
      return readBeats(Object.values(await ask(() => redis.hgetall(key('edges')))));
    },
    async beat(edge, text) {
      await ask(() => redis.hset(key('edges'), edge, text));
    },
    async retire(edge, last, audit) {
      const { start = '', beat = '' } = last ?? {};
      const args = [audit, edge, retiredText(edge), start, String(beat)];
      const keys = [key('version'), key('audit'), key('edges')];
      return (await ask(() => scripts.ballastNote(...keys, ...args))) !== '';
    },
    notes: redisNotes(redis, ask, key),
    async close() {
      connection.close();
    },
  };
}

type Ask = <T>(call: () => Promise<T>) => Promise<T>;

async function results(
  ask: Ask,
  call: () => Promise<[error: Error | null, result: unknown][] | null>,
): Promise<unknown[]> {
  return ask(async () =>
    ((await call()) ?? []).map(([error, result]) => {
      if (error) throw error;
      return result;
    }),
  );
}

async function readContents(
  connection: RedisConnection,
  key: (name: string) => string,
): Promise<Contents> {
  const multi = connection.redis
    .multi()
    .hget(key('leader'), 'term')
    .get(key('version'))
    .hgetall(key('manifest'))
    .hgetall(key('upstreams'));
  const ask: Ask = (call) => askRedis(connection, call);
  const [term, version, manifest, bodies] = await results(ask, () => multi.exec());
  // A map: an app may be named as something that every object has, such as `constructor`.
  const bodyOf = new Map(Object.entries((bodies ?? {}) as Record<string, string>));
  const documents = new Map<AppName, Document>();
  const unreadable = new Map<AppName, string>();
  for (const [app, text] of Object.entries((manifest ?? {}) as Record<string, string>)) {
    const read = readDocument(app, text, bodyOf.get(app));
    if (typeof read === 'string') unreadable.set(app, read);
    else documents.set(app, read);
  }
  return { term: Number(term ?? 0), version: Number(version ?? 0), documents, unreadable };
}

/** One app's document, or why there is none: what is wrong with one app stops no other. */
function readDocument(app: AppName, text: string, body: string | undefined): Document | string {
  const line = parseManifestLine(text);
  if (!line) return `its manifest line in Redis is none: ${text.slice(0, 100)}`;
  if (line.digest !== digestOf(body)) {
    return `Redis holds ${body === undefined ? 'no body' : 'a body'} that does not fit ${line.digest}`;
  }
  return { app, ...line, ...(body !== undefined && { body }) };
}

function leaseArgs(action: string, lease: Lease, address: string, ttlMs: number): string[] {
  const { holder, term, runId, replId } = lease;
  return [action, holder, address, String(ttlMs), String(term), runId, replId];
}

function roundArgs(lease: Lease, round: Round): string[] {
  const documents = round.puts.flatMap((put) => [
    put.app,
    '',
    put.owner,
    put.body === undefined ? '1' : '0',
    put.body ?? '',
  ]);
  const holds = round.holds ? stampText(round.holds) : '';
  return [
    ...commitHead(lease, 'round', holds, 0),
    round.audit ?? '',
    String(round.puts.length),
    ...documents,
    ...round.history.flatMap(({ app, text }) => [app, text]),
  ];
}

function seedArgs(lease: Lease, seeds: readonly Document[]): string[] {
  const floor = seeds.reduce((highest, seed) => Math.max(highest, seed.stamp.version), 0);
  const documents = seeds.flatMap((seed) => [
    seed.app,
    stampText(seed.stamp),
    seed.owner,
    seed.body === undefined ? '1' : '0',
    seed.body ?? '',
  ]);
  return [...commitHead(lease, 'seed', '*', floor), '', String(seeds.length), ...documents];
}

function commitHead(lease: Lease, purpose: string, holds: string, floor: number): string[] {
  const { holder, term, runId, replId } = lease;
  return ['leader', holder, String(term), runId, replId, purpose, holds, String(floor)];
}

function committed(reply: readonly string[]): Committed | StoreRefusal {
  const refused = refusal(reply);
  if (refused) return refused;
  const [, version, previous, ...digests] = reply;
  return { version: Number(version), previous: Number(previous), digests };
}

function refusal(reply: readonly (string | number)[]): StoreRefusal | undefined {
  if (reply[0] !== 'refused') return undefined;
  return { refused: reply[1] as RefusalCode, detail: String(reply[2] ?? '') };
}
