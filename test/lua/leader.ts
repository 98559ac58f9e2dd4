// A leader for tests of the edge: the contract's scripts, called directly, and pushes.
//
// Comes in: a Redis, an environment. Goes out: terms, commits, documents. It has no opinions: it
// commits what it is told, so that a test can be wrong on purpose.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { COMMIT_KEYS } from '../../src/edges/redis-store.ts';
import { until } from '../controlplane/until.ts';
import type { TestEdge, WireStamp } from './edge.ts';
import { startRedis, type TestRedis } from './redis.ts';

export interface WireServer {
  readonly address: string;
  readonly weight: number;
  readonly from?: string;
}

export interface WireDocument extends WireStamp {
  readonly app: string;
  readonly digest: string;
  readonly owner: 'controller' | 'endpoint';
  readonly body?: string;
  readonly deleted?: true;
}

/** A commit: its stamp, the one it builds on, its documents as they are pushed. */
export interface Committed {
  readonly base: WireStamp;
  readonly mark: WireStamp;
  readonly documents: readonly WireDocument[];
}

export interface Leader {
  readonly redis: Redis;
  readonly key: (name: string) => string;
  /** Takes the lease and this term, and seeds. */
  take(term: number, seeds?: readonly WireDocument[]): Promise<void>;
  /** One round; a body of undefined deletes. */
  commit(bodies: Readonly<Record<string, string | undefined>>): Promise<Committed>;
  /** One round, and the wait until this edge's mark is there. */
  publish(edge: TestEdge, bodies: Readonly<Record<string, string | undefined>>): Promise<void>;
  heartbeat(edge: string): Promise<unknown>;
  close(): void;
}

/** A Redis, and a leader that has taken term 100 in it. */
export interface LedRedis {
  readonly redis: TestRedis;
  readonly leader: Leader;
  close(): Promise<void>;
}

const scripts = join(import.meta.dirname, '..', '..', 'lua', 'redis');
const lease = readFileSync(join(scripts, 'lease-1.lua'), 'utf8');
const commitScript = readFileSync(join(scripts, 'commit-8.lua'), 'utf8');

export function sha1(bytes: string): string {
  return createHash('sha1').update(bytes).digest('hex');
}

/** The canonical body of an app with these weights by address. */
export function bodyOf(
  app: string,
  weights: Readonly<Record<string, number>>,
  hosts: readonly string[] = [`${app}.example`],
): string {
  const servers = Object.keys(weights)
    .sort()
    .map((address) => ({ address, from: 'east', weight: weights[address] }));
  const policy = { balance: 'smooth', whenUnhealthy: 'spread' };
  return JSON.stringify({ app, hosts: [...hosts].sort(), policy, servers });
}

export function documentOf(app: string, stamp: WireStamp, body: string | undefined): WireDocument {
  const common = { app, ...stamp, owner: 'controller' as const };
  if (body === undefined) return { ...common, digest: '-', deleted: true };
  return { ...common, digest: sha1(body), body };
}

export async function startLedRedis(): Promise<LedRedis> {
  const redis = await startRedis();
  const leader = leadRedis(redis.url);
  const close = async (): Promise<void> => {
    leader.close();
    await redis.close();
  };
  try {
    await leader.take(100);
  } catch (error) {
    await close();
    throw error;
  }
  return { redis, leader, close };
}

export function leadRedis(url: string, environment = 'test'): Leader {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  // Tests stop Redis on purpose; ioredis connects again.
  redis.on('error', () => {});
  const key = (name: string): string => `{ballast:${environment}}:${name}`;
  const held = { term: 0, run: '', repl: '' };

  async function runCommit(purpose: string, documents: readonly WireDocument[]): Promise<string[]> {
    const { term, run, repl } = held;
    const reply = (await redis.eval(
      commitScript,
      COMMIT_KEYS.length,
      ...COMMIT_KEYS.map(key),
      ...['leader', 'tester', term, run, repl, purpose, '*', 0, '', documents.length],
      ...documents.flatMap(({ app, term: t, version, owner, deleted, body }) => [
        app,
        purpose === 'seed' ? `${t} ${version}` : '',
        owner,
        deleted ? 1 : 0,
        body ?? '',
      ]),
    )) as string[];
    if (reply[0] !== 'ok') throw new Error(`commit: ${reply.join(' ')}`);
    return reply;
  }

  async function runLease(action: string, term: number): Promise<string[]> {
    const { run, repl } = held;
    const args = [action, 'tester', 'nowhere', 600_000, term, run, repl];
    const reply = (await redis.eval(lease, 1, key('leader'), ...args)) as string[];
    if (reply[0] !== 'ok') throw new Error(`lease: ${reply.join(' ')}`);
    return reply;
  }

  const leader: Leader = {
    redis,
    key,
    async take(term, seeds = []) {
      const [, , run = '', repl = ''] = await runLease('take', 0);
      Object.assign(held, { run, repl });
      await runLease('term', term);
      held.term = term;
      await runCommit('seed', seeds);
    },
    async commit(bodies) {
      const stamp = { term: held.term, version: 0 };
      const list = Object.entries(bodies).map(([app, body]) => documentOf(app, stamp, body));
      const [, version, previous] = await runCommit('round', list);
      const mark = { term: held.term, version: Number(version) };
      return {
        base: { term: held.term, version: Number(previous) },
        mark,
        documents: list.map((document) => ({ ...document, ...mark })),
      };
    },
    async publish(edge, bodies) {
      const { mark } = await leader.commit(bodies);
      await until('published', async () => (await edge.state()).mark?.version === mark.version);
    },
    async heartbeat(edge) {
      return JSON.parse((await redis.hget(key('edges'), edge)) ?? 'null') as unknown;
    },
    close: () => redis.disconnect(),
  };
  return leader;
}
