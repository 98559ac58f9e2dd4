// The connection to Redis or Valkey: by TCP, unix socket or TLS, straight or by way of Sentinel.
//
// Comes in: where it is, with every secret read. Goes out: an ioredis client that connects again by
// itself. On failure: `onState` tells once for each change; a command that is not answered fails and
// is never sent again by itself, for nobody knows what it did.
//
// A certificate is always verified. Sentinels are asked in turn; who is named as the master must say
// so itself (ioredis' ready check reads its role), and a master that was replaced is left.

import { getCACertificates } from 'node:tls';
import { Redis, type RedisOptions } from 'ioredis';
import { BallastError } from '../errors.ts';
import { isTls } from './redis-settings.ts';

export interface RedisPlace {
  readonly url?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** PEM; absent: the authorities of the system and of Node. */
  readonly ca?: string | undefined;
  readonly serverName?: string | undefined;
  readonly sentinels?: readonly string[] | undefined;
  readonly masterName?: string | undefined;
  readonly sentinelPassword?: string | undefined;
}

type Options = Omit<RedisOptions, 'replyMapping'>;
export type RedisScripts = NonNullable<Options['scripts']>;
export type TellState = (up: boolean, reason: string) => void;

const ANSWER_MS = 2000;
const AGAIN_MS = 200;
const SENTINEL_PORT = 26379;

export interface RedisConnection {
  readonly redis: Redis;
  /** Resolves once the first connection stands or has failed, or after 2 s: no call before is a failure. */
  readonly settled: Promise<void>;
  /** For good. */
  close(): void;
  /** Why there is no connection, in the words of who refused it; undefined while there is one. */
  trouble(): string | undefined;
}

/** Every way of getting no answer is one error; where there is no connection it says why. */
export async function askRedis<T>(connection: RedisConnection, call: () => Promise<T>): Promise<T> {
  await connection.settled;
  try {
    return await call();
  } catch (cause) {
    const why = connection.trouble() ?? (cause as Error).message;
    throw new BallastError('redis-unavailable', why, { cause });
  }
}

export function connectRedis(
  place: RedisPlace,
  scripts: RedisScripts,
  onState: TellState,
): RedisConnection {
  const options: Options = {
    ...redisOptions(place),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: ANSWER_MS,
    commandTimeout: ANSWER_MS,
    scripts,
  };
  const redis = new Redis(options);
  const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
  let up: boolean | undefined;
  let trouble: string | undefined = 'it has not answered yet';
  const tell = (now: boolean, reason: string): void => {
    trouble = now ? undefined : reason;
    settle();
    if (up === now) return;
    up = now;
    onState(now, reason);
  };
  // One that takes connections and says nothing, or reads its data for minutes.
  AbortSignal.timeout(ANSWER_MS).addEventListener('abort', () => settle());
  redis.on('ready', () => tell(true, ''));
  redis.on('error', (error: Error) => {
    // ioredis hears a socket's first error only; a second one (TLS has them) would end the program.
    redis.stream?.on('error', () => {});
    tell(false, error.message);
  });
  // Behind each error too, whose words say more.
  redis.on('close', () => {
    redis.stream?.on('error', () => {});
    tell(false, trouble ?? 'connection closed');
  });
  // ioredis gives up for good where its watch over the Sentinels breaks off a connection that is just
  // being made: a fail-over told after the master's own end was seen.
  let isClosed = false;
  redis.on('end', () => {
    AbortSignal.timeout(AGAIN_MS).addEventListener('abort', () => {
      if (!isClosed && redis.status === 'end') redis.connect().catch(() => {});
    });
  });
  return {
    redis,
    settled,
    trouble: () => trouble,
    close() {
      isClosed = true;
      redis.disconnect();
    },
  };
}

/** Where it is, and how it is come back to. */
export function redisOptions(place: RedisPlace): Options {
  return {
    ...(place.sentinels ? bySentinels(place, place.sentinels) : byUrl(place.url ?? '')),
    ...tlsOf(place),
    ...(place.user !== undefined && { username: place.user }),
    ...(place.password !== undefined && { password: place.password }),
    retryStrategy: pause,
    // Behind a name or an address that moves: this one has become a replica.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

function pause(tries: number): number {
  return Math.min(50 * tries, 500);
}

// Not ioredis' own reading of a URL: its parameters could switch anything.
function byUrl(text: string): Options {
  const path = /^unix:\/\/(.+)$/.exec(text)?.[1];
  if (path !== undefined) return { path };
  const url = new URL(text);
  const db = Number(url.pathname.slice(1));
  return {
    ...addressOf(url, 6379),
    ...(db > 0 && { db }),
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
  };
}

function bySentinels(place: RedisPlace, sentinels: readonly string[]): Options {
  const { masterName, sentinelPassword } = place;
  return {
    sentinels: sentinels.map((text) => addressOf(new URL(text), SENTINEL_PORT)),
    ...(masterName !== undefined && { name: masterName }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    sentinelRetryStrategy: pause,
    sentinelCommandTimeout: ANSWER_MS,
    failoverDetector: true,
  };
}

function addressOf(url: URL, port: number): { host: string; port: number } {
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || port };
}

function tlsOf({ url, sentinels, ca, serverName }: RedisPlace): Options {
  if (!isTls(url ?? sentinels?.[0])) return {};
  const tls = {
    ca: ca ?? [...getCACertificates('bundled'), ...getCACertificates('system')],
    ...(serverName !== undefined && { servername: serverName }),
  };
  return { tls, ...(sentinels && { sentinelTLS: tls, enableTLSForSentinelMode: true }) };
}
