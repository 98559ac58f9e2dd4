// Wakes by BullMQ: they outlive a controller, and come to whoever leads by then.
//
// A wake is a job of BullMQ that does nothing but say an id; it is gone as soon as it is said. Keys:
// `{ballast:ENV}:jobs:wake:…`. BullMQ wants connections of its own, which wait for Redis as long as it
// takes: nobody waits for them but a wake.

import { Queue, Worker, type ConnectionOptions } from 'bullmq';
import { redisOptions, type RedisPlace } from '../edges/redis-connection.ts';
import type { Wakes } from './wakes.ts';

export interface BullWakesOptions extends RedisPlace {
  readonly environment: string;
  readonly trouble: (error: Error) => void;
}

const QUEUE = 'wake';
const KEEP_NONE = { removeOnComplete: true, removeOnFail: true } as const;

export function bullWakes(options: BullWakesOptions): Wakes {
  const { trouble } = options;
  const prefix = `{ballast:${options.environment}}:jobs`;
  const connection = {
    ...redisOptions(options),
    maxRetriesPerRequest: null,
  } as ConnectionOptions;
  let queue: Queue | undefined;
  /** A controller that never leads has no connection for it. */
  const opened = (): Queue => {
    if (queue) return queue;
    queue = new Queue(QUEUE, { connection, prefix, skipVersionCheck: true });
    queue.on('error', trouble);
    return queue;
  };
  return {
    async wake(job, afterMs) {
      await opened().add(QUEUE, { job }, { delay: Math.ceil(afterMs), ...KEEP_NONE });
    },
    listen(look) {
      const worker = new Worker<{ readonly job: string }>(
        QUEUE,
        async ({ data }) => look(data.job),
        { connection, prefix, concurrency: 10, skipVersionCheck: true },
      );
      worker.on('error', trouble);
      // By force: what it was just told is in the journal anyway.
      return () => worker.close(true);
    },
    close: async () => queue?.close(),
  };
}
