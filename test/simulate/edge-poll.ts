// How an edge follows Redis (lua/ballast: poll, manifest, redis_source).
//
// Comes in: term, version, changes and manifest of Redis. Goes out: documents applied, the mark. On
// failure: the session ends and begins again after a pause.

import type { AppName, Stamp } from '../../src/model.ts';
import type { Dump } from '../../src/edges/memory.ts';
import { compareStamps, type Document } from '../../src/edges/document.ts';
import type { EdgeMemory } from './edge-memory.ts';
import type { Redis } from './redis.ts';
import type { Process } from './time.ts';

const BLOCK_MS = 1000;
const RETRY_MS = 1000;

interface Poll {
  readonly process: Process;
  readonly memory: EdgeMemory;
  readonly redis: Redis;
  readonly random: () => number;
  /** When the refused were last tried again. */
  retried?: number;
}

interface Seen {
  readonly term: number;
  readonly version: number;
  readonly mark: Stamp | undefined;
  readonly names: readonly AppName[];
  readonly cannotFollow: boolean;
  readonly last: number;
}

type Rest = 'short' | 'long';

export async function poll(one: Poll): Promise<never> {
  let failures = 0;
  let seen: Seen | undefined;
  for (;;) {
    try {
      if (seen) await one.redis.waitForWrite(one.process, BLOCK_MS, seen.last);
      seen = await look(one);
      await step(one, seen);
      failures = 0;
    } catch {
      seen = undefined;
      failures += 1;
      const ms = Math.min(2000, 50 * 2 ** failures) * (0.5 + one.random() / 2);
      await one.process.clock.sleep(ms);
    }
  }
}

function read<Answer>({ process, redis }: Poll, from: (dump: Dump) => Answer): Promise<Answer> {
  return redis.call(process, (store) => from(store.dump())) as Promise<Answer>;
}

/** The mark is read before the question: a push meanwhile only makes it ask for too much. */
async function look(one: Poll): Promise<Seen> {
  const { mark } = one.memory;
  return read(one, ({ record, version: at, changes }) => {
    const news = changes.filter((change) => mark !== undefined && change.version > mark.version);
    const first = news[0];
    const isGap = first ? first.prev > (mark?.version ?? 0) : at > (mark?.version ?? 0);
    return {
      term: record?.term ?? 0,
      version: at,
      mark,
      names: [...new Set(news.map(({ app }) => app))].filter((app) => app !== ''),
      cannotFollow: !mark || isGap || (first !== undefined && news.at(-1)?.version !== at),
      last: at,
    };
  });
}

async function step(one: Poll, seen: Seen): Promise<Rest> {
  const { memory } = one;
  if (seen.term === 0 || !memory.seeTerm(seen.term)) return 'short';
  const above = mustCompare(memory, seen) ? await compare(one, seen) : undefined;
  if (!above) await fetch(one, [...seen.names, ...refusedNames(one)]);
  memory.reached(seen, seen.mark, above);
  return 'long';
}

/** R9: at each start, at each higher term, where the version lies below, until nothing lies above. */
function mustCompare(memory: EdgeMemory, { term, version: at, mark, cannotFollow }: Seen): boolean {
  if (cannotFollow || !mark || term > mark.term) return true;
  return term > memory.compared || at < mark.version;
}

function refusedNames(one: Poll): AppName[] {
  const now = one.process.clock.now();
  if (now - (one.retried ?? Number.NEGATIVE_INFINITY) < RETRY_MS) return [];
  one.retried = now;
  return [...one.memory.refused.keys()];
}

async function fetch(one: Poll, names: readonly AppName[]): Promise<void> {
  if (names.length === 0) return;
  const { term, documents } = await read(one, (dump) => ({
    term: dump.record?.term ?? 0,
    documents: names.flatMap((app) => dump.documents.get(app) ?? []),
  }));
  if (!one.memory.apply(term, documents)) throw new Error('term-over');
}

async function compare(one: Poll, seen: Seen): Promise<AppName[]> {
  const { memory } = one;
  const lines = await read(one, ({ documents }) => documents);
  const newer = [...lines.values()].filter((line) => {
    const held = memory.documents.get(line.app);
    const order = held ? compareStamps(line.stamp, held.stamp) : 1;
    return order > 0 || (order === 0 && held?.digest !== line.digest);
  });
  await fetch(
    one,
    newer.map(({ app }) => app),
  );
  const liesAbove = (document: Document, now: ReadonlyMap<AppName, Document>): boolean => {
    const line = now.get(document.app);
    return !line || compareStamps(document.stamp, line.stamp) > 0;
  };
  const maybe = [...memory.documents.values()].filter((document) => liesAbove(document, lines));
  const now = maybe.length > 0 ? await read(one, ({ documents }) => documents) : lines;
  const above = maybe.filter(({ app }) => {
    const held = memory.documents.get(app);
    return held !== undefined && liesAbove(held, now);
  });
  const after = await read(one, (dump) => ({ term: dump.record?.term, version: dump.version }));
  if (after.term !== seen.term || after.version < seen.version) throw new Error('changed');
  memory.settleLost(seen.term, lines);
  return above.map(({ app }) => app);
}
