// The keys under `redis:`, and the faults that no single one of them shows.

import { isIP } from 'node:net';
import { Type, type Static } from 'typebox';
import { urlFault } from './place-url.ts';

const closed = { additionalProperties: false } as const;
const secret = (description: string) =>
  Type.Object({ file: Type.String({ minLength: 1, description }) }, closed);

export const RedisSettings = Type.Object(
  {
    url: Type.Optional(
      Type.String({
        pattern: '^(rediss?://[^/?#]+(/[0-9]*)?|unix:///.+)$',
        description: 'redis://HOST:PORT, rediss://HOST:PORT (TLS) or unix:///PATH',
      }),
    ),
    user: Type.Optional(Type.String({ minLength: 1, description: 'ACL user' })),
    password: Type.Optional(secret('holds the password')),
    tls: Type.Optional(
      Type.Object(
        {
          ca: Type.Optional(Type.String({ minLength: 1, description: 'PEM file of authorities' })),
          serverName: Type.Optional(
            Type.String({ minLength: 1, description: 'name in the certificate' }),
          ),
        },
        closed,
      ),
    ),
    sentinels: Type.Optional(
      Type.Array(
        Type.String({
          pattern: '^rediss?://[^/?#@]+/?$',
          description: 'redis://HOST:26379, or rediss:// for TLS to Sentinels and Redis',
        }),
        { minItems: 1 },
      ),
    ),
    masterName: Type.Optional(
      Type.String({ minLength: 1, description: 'the master’s name at the Sentinels' }),
    ),
    sentinelPassword: Type.Optional(secret('holds the Sentinels’ password')),
  },
  closed,
);

export type RedisSettings = Static<typeof RedisSettings>;

export interface RedisFault {
  /** Below `redis`; empty: the section itself. */
  readonly path: readonly (string | number)[];
  readonly text: string;
}

export function redisFaults(redis: RedisSettings): RedisFault[] {
  return [
    ...(redis.sentinels ? sentinelFaults(redis, redis.sentinels) : urlFaults(redis)),
    ...placeFaults(redis),
    ...tlsFaults(redis),
    ...userFaults(redis),
  ];
}

function placeFaults({ url, sentinels }: RedisSettings): RedisFault[] {
  const places = [
    ...(url === undefined || url.startsWith('unix:') ? [] : [{ path: ['url'], place: url }]),
    ...(sentinels ?? []).map((place, index) => ({ path: ['sentinels', index], place })),
  ];
  return places.flatMap(({ path, place }) => {
    const text = urlFault(place);
    return text === undefined ? [] : [{ path, text }];
  });
}

function sentinelFaults(redis: RedisSettings, sentinels: readonly string[]): RedisFault[] {
  const faults: RedisFault[] = [];
  if (redis.url !== undefined) faults.push({ path: ['url'], text: 'stands instead of sentinels' });
  if (redis.masterName === undefined) faults.push({ path: ['masterName'], text: 'is missing' });
  const mixed = sentinels.findIndex((text) => isTls(text) !== isTls(sentinels[0]));
  if (mixed > 0) {
    faults.push({ path: ['sentinels', mixed], text: 'all with TLS (rediss://), or none' });
  }
  return faults;
}

function urlFaults(redis: RedisSettings): RedisFault[] {
  const faults: RedisFault[] = [];
  if (redis.url === undefined) {
    faults.push({ path: ['url'], text: 'is missing (or sentinels and masterName)' });
  }
  for (const key of ['masterName', 'sentinelPassword'] as const) {
    if (redis[key] !== undefined) faults.push({ path: [key], text: 'belongs to sentinels' });
  }
  return faults;
}

function tlsFaults({ tls, url, sentinels }: RedisSettings): RedisFault[] {
  if (!tls) return [];
  if (!isTls(url ?? sentinels?.[0])) {
    return [{ path: ['tls'], text: 'belongs to a URL with TLS (rediss://)' }];
  }
  if (tls.serverName === undefined || isIP(tls.serverName) === 0) return [];
  return [{ path: ['tls', 'serverName'], text: 'is an address; certificates have names' }];
}

function userFaults({ user, password, url }: RedisSettings): RedisFault[] {
  if (user === undefined || password) return [];
  if (url !== undefined && /:[^@/]+@/.test(url.replace(/^\w+:\/\//, ''))) return [];
  return [{ path: ['password'], text: 'is missing beside the user' }];
}

export function isTls(url: string | undefined): boolean {
  return url?.startsWith('rediss://') ?? false;
}
