// A journal on a real Redis, in an environment of its own, with the store that its leases are taken from.

import { openRedisStore } from '../../src/edges/redis-store.ts';
import { openRedisJournal, type RedisJournal } from '../../src/jobs/redis-journal.ts';
import type { JournalStage } from '../conformance/journal.ts';
import { until } from '../controlplane/until.ts';
import { nextTerm } from '../jobs/next-term.ts';
import type { TestRedis } from './redis.ts';

let opened = 0;

export interface RedisStage extends JournalStage {
  readonly journal: RedisJournal;
}

export async function redisStage(redis: TestRedis): Promise<RedisStage> {
  opened += 1;
  const place = { url: redis.url, environment: `jobs-${opened}`, onState: () => undefined };
  const store = openRedisStore(place);
  const journal = openRedisJournal(place);
  const answer = () => until('both answer', () => Promise.all([store.version(), journal.heads()]));
  await answer();
  let term = 0;
  return {
    journal,
    term: async () => {
      term += 1;
      return nextTerm(store, term);
    },
    async restart(empty) {
      await redis.restart({ empty });
      await answer();
    },
    async close() {
      await Promise.all([store.close(), journal.close()]);
    },
  };
}
