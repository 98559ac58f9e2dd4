// One question to one Redis or Sentinel, on a connection of its own that is never tried again.
//
// Comes in: a port, perhaps a password, the question. Goes out: the answer. On failure: it throws.
import { Redis } from 'ioredis';

export async function askRedis<Answer>(
  port: number,
  work: (redis: Redis) => Promise<Answer>,
  password?: string,
): Promise<Answer> {
  const redis = new Redis({
    port,
    ...(password !== undefined && { password }),
    lazyConnect: true,
    commandTimeout: 1000,
    retryStrategy: () => null,
  });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
