// Redis or Valkey: whether it answers, and is set so that nothing in it is lost.
//
// Comes in: where it is, whether jobs are configured. Goes out: findings. On failure: a finding. Managed
// ones hide `CONFIG`; what INFO tells too is taken from there.

import type { Redis } from 'ioredis';
import { connectRedis, type RedisPlace } from '../../edges/redis-connection.ts';
import { clockFindings } from './clock.ts';
import type { Finding } from './findings.ts';

/** Older ones are not tried, and BullMQ, which wakes jobs, advises against them. */
const OLDEST = [6, 2] as const;

type Facts = ReadonlyMap<string, string>;

export async function redisFindings(place: RedisPlace, jobs: boolean): Promise<Finding[]> {
  const connection = connectRedis(place, {}, () => undefined);
  try {
    await connection.settled;
    const trouble = connection.trouble();
    if (trouble !== undefined) return [unreachable(trouble)];
    return await askedFindings(connection.redis, jobs);
  } catch (error) {
    return [unreachable((error as Error).message)];
  } finally {
    connection.redis.disconnect();
  }
}

async function askedFindings(redis: Redis, jobs: boolean): Promise<Finding[]> {
  const before = Date.now();
  const [seconds] = await redis.time();
  const asked = { date: new Date(Number(seconds) * 1000).toUTCString(), before, after: Date.now() };
  const facts = readInfo(await redis.info());
  const fsync = await redis
    .config('GET', 'appendfsync')
    .then((answer) => (answer as string[])[1])
    .catch(() => undefined);
  return [
    ...clockFindings(asked),
    ...versionFindings(facts),
    ...roleFindings(facts),
    ...evictionFindings(facts),
    ...(jobs ? durabilityFindings(facts, fsync) : []),
  ];
}

function readInfo(text: string): Facts {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return new Map(
    lines.map((line) => {
      const cut = line.indexOf(':');
      return [line.slice(0, cut), line.slice(cut + 1)];
    }),
  );
}

function unreachable(why: string): Finding {
  return {
    level: 'error',
    code: 'redis-unreachable',
    text: `it does not answer: ${why}`,
    fix: 'correct the keys under `redis`, start it, or open the way there',
  };
}

/** Valkey names the Redis that it is compatible with, which is new enough. */
export function versionFindings(facts: Facts): Finding[] {
  const version = facts.get('redis_version') ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [least, leastMinor] = OLDEST;
  if (major > least || (major === least && minor >= leastMinor)) return [];
  return [
    {
      level: 'warning',
      code: 'redis-version',
      text: `it is version ${version}`,
      fix: `Redis ${OLDEST.join('.')} or newer, or Valkey`,
    },
  ];
}

function roleFindings(facts: Facts): Finding[] {
  if (facts.get('role') === 'master') return [];
  return [
    {
      level: 'error',
      code: 'redis-replica',
      text: `it is a ${facts.get('role')} of ${facts.get('master_host')}, and takes no writes`,
      fix: 'name the master under `redis`, or `redis.sentinels` and `redis.masterName`',
    },
  ];
}

/** Without a limit nothing is evicted today; with one, documents would vanish. */
function evictionFindings(facts: Facts): Finding[] {
  const policy = facts.get('maxmemory_policy') ?? 'noeviction';
  if (policy === 'noeviction') return [];
  const limit = Number(facts.get('maxmemory') ?? 0);
  return [
    {
      level: limit > 0 ? 'error' : 'warning',
      code: 'redis-eviction',
      text: `maxmemory-policy is ${policy}: ${limit > 0 ? `above ${limit} bytes` : 'once maxmemory is set'} it throws documents away`,
      fix: 'CONFIG SET maxmemory-policy noeviction, and the same in redis.conf',
    },
  ];
}

/** A job whose journal is behind could delete what is still in use. */
function durabilityFindings(facts: Facts, fsync: string | undefined): Finding[] {
  const fix = 'appendonly yes and appendfsync always, by CONFIG SET and in redis.conf';
  if (facts.get('aof_enabled') !== '1') {
    const text = 'jobs are configured, and it keeps no append-only file: a restart loses them';
    return [{ level: 'error', code: 'redis-durability', text, fix }];
  }
  if (fsync === undefined) {
    const text = 'jobs are configured, and it does not tell appendfsync (CONFIG GET is refused)';
    return [{ level: 'warning', code: 'redis-settings-hidden', text, fix: `see to it: ${fix}` }];
  }
  if (fsync === 'always') return [];
  const text = `jobs are configured, and appendfsync is ${fsync}: a crash loses their last steps`;
  return [{ level: 'error', code: 'redis-durability', text, fix }];
}
