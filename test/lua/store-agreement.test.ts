// The store in memory says and holds what the scripts on a real Redis do, whatever is asked of both.
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOf } from '../../src/edges/digest.ts';
import { encodeUpstream, HOLDS, type Document } from '../../src/edges/document.ts';
import { openMemoryStore, type MemoryStore } from '../../src/edges/memory.ts';
import { COMMIT_KEYS, openRedisStore } from '../../src/edges/redis-store.ts';
import type { Beats } from '../../src/edges/edge-state.ts';
import { isHeld, isRefusal, type Lease, type Put, type Store } from '../../src/edges/store.ts';
import type { Stamp } from '../../src/model.ts';
import { Random } from '../chaos/random.ts';
import { until } from '../controlplane/until.ts';
import { startRedis, type TestRedis } from './redis.ts';

const SEQUENCES = 60;
const OPERATIONS = 80;
/** Beside those that the commit script has: all of them are of one moment in a dump. */
const ALL = [...COMMIT_KEYS, 'edges', 'acknowledged'];
const SCRIPT = readFileSync(new URL('../../lua/redis/commit-8.lua', import.meta.url), 'utf8');
const EDGES = ['one', 'two'];
const APPS = ['cart', 'shop', HOLDS, 'constructor'];
/** A lease that is over as soon as it is taken, and one that outlives the test. */
const TTLS = [-1, 600_000];

let redis: TestRedis;
let raw: Redis;

beforeAll(async () => {
  redis = await startRedis({ args: ['--enable-debug-command', 'local'] });
  raw = new Redis(redis.url);
});
afterAll(async () => {
  raw.disconnect();
  await redis.close();
});

/** The same lease in both; their run_ids differ. */
interface Pair {
  readonly real: Lease;
  readonly memory: Lease;
}

interface Both {
  readonly random: Random;
  readonly real: Store;
  readonly memory: MemoryStore;
  readonly key: (name: string) => string;
  readonly leases: Pair[];
  readonly kept: { keys: Map<string, Buffer>; dump: ReturnType<MemoryStore['dump']> }[];
  readonly stamps: Stamp[];
}

type Answers = readonly [real: unknown, memory: unknown];
type Operation = (both: Both) => Promise<Answers>;

const OPERATIONS_BY_NAME: Readonly<Record<string, Operation>> = {
  async take({ random, real, memory, leases }) {
    const args = [random.pick(['a', 'b']), 'there:1', random.pick(TTLS)] as const;
    const [one, other] = [await real.take(...args), await memory.take(...args)];
    if (!isHeld(one) && !isHeld(other)) leases.push({ real: one, memory: other });
    return [wordsOf(one), wordsOf(other)];
  },
  async renew(both) {
    const { real, memory, random } = both;
    const ttl = random.pick(TTLS);
    const lease = anyLease(both);
    return [
      codeOf(await real.renew(lease.real, 'x:1', ttl)),
      codeOf(await memory.renew(lease.memory, 'x:1', ttl)),
    ];
  },
  async takeTerm(both) {
    const { real, memory, random, leases } = both;
    const lease = anyLease(both);
    const ttl = random.pick(TTLS);
    const term = lease.real.term + random.between(-1, 3);
    const one = await real.takeTerm(lease.real, 'x:1', ttl, term);
    const other = await memory.takeTerm(lease.memory, 'x:1', ttl, term);
    if (!isRefusal(one) && !isRefusal(other)) leases.push({ real: one, memory: other });
    return [codeOf(one), codeOf(other)];
  },
  async release(both) {
    const lease = anyLease(both);
    await both.real.release(lease.real);
    await both.memory.release(lease.memory);
    return [undefined, undefined];
  },
  async commit(both) {
    const { real, memory, random } = both;
    const lease = anyLease(both);
    const held = (await real.read()).documents.get(HOLDS)?.stamp;
    const other = random.next() < 0.5 ? undefined : { term: 1, version: 1 };
    const holds = random.next() < 0.85 ? held : other;
    const puts = random
      .shuffled(APPS)
      .slice(0, random.between(1, 3))
      .map((app) => anyPut(app, random));
    const history = puts.map(({ app }) => ({ app, text: `${random.between(0, 99)}` }));
    const audit = random.next() < 0.5 ? { audit: `${random.between(0, 99)}` } : {};
    const round = { puts, history, ...audit, ...(holds && { holds }) };
    return [
      wordsOf(await real.commit(lease.real, round)),
      wordsOf(await memory.commit(lease.memory, round)),
    ];
  },
  async seed(both) {
    const { real, memory, random, stamps } = both;
    const lease = anyLease(both);
    const seeds = random
      .shuffled(APPS)
      .slice(0, random.between(0, 3))
      .map((app): Document => {
        const near = random.pick([{ term: 3, version: 9 }, ...stamps]);
        const stamp = { term: near.term, version: near.version + random.between(-1, 2) };
        const { body } = anyPut(app, random);
        const owner = random.pick(['controller', 'endpoint'] as const);
        return { app, stamp, owner, digest: digestOf(body), ...(body !== undefined && { body }) };
      });
    return [
      wordsOf(await real.seed(lease.real, seeds)),
      wordsOf(await memory.seed(lease.memory, seeds)),
    ];
  },
  async writeOne({ memory, random, key }) {
    const { app, body } = anyPut(random.pick(['cart', 'shop', 'hand']), random);
    const keys = COMMIT_KEYS.map(key);
    const head = ['endpoint', 'edge', '', '', '', 'round', '*', '0', '', '1'];
    const put = [app, '', 'endpoint', body === undefined ? '1' : '0', body ?? ''];
    const reply = (await raw.eval(SCRIPT, keys.length, ...keys, ...head, ...put)) as string[];
    const [word, version, previous, ...digests] = reply;
    const written = { version: Number(version), previous: Number(previous), digests };
    const other = memory.writeOne(app, body);
    if (isRefusal(other)) return [word === 'refused' ? version : reply, other.refused];
    const { term: _, ...rest } = other;
    return [word === 'ok' ? written : reply, rest];
  },
  async beat({ real, memory, random }) {
    const name = random.pick(EDGES);
    const text = JSON.stringify({
      name,
      start: random.pick(['a', 'b']),
      beat: random.between(1, 3),
    });
    return [await real.beat(name, text), await memory.beat(name, text)];
  },
  async retire({ real, memory, random }) {
    const name = random.pick(EDGES);
    const last = { start: random.pick(['a', 'b']), beat: random.between(1, 3) };
    const known = random.next() < 0.8 ? last : undefined;
    const audit = `${random.between(0, 99)}`;
    return [await real.retire(name, known, audit), await memory.retire(name, known, audit)];
  },
  async trim({ real, memory, random }) {
    const bounds = () => ({ entries: random.between(0, 9), days: 1 });
    const [history, audit] = [bounds(), bounds()];
    await real.history.trim(history, audit);
    await memory.history.trim(history, audit);
    return [undefined, undefined];
  },
  /** As after a fail-over: what it holds stays, who it is does not. */
  async changed({ memory }) {
    await raw.call('DEBUG', 'CHANGE-REPL-ID');
    memory.load(memory.dump(), true);
    return [undefined, undefined];
  },
  async keep({ memory, key, kept }) {
    const keys = new Map<string, Buffer>();
    for (const name of ALL.map(key)) {
      const bytes = await raw.dumpBuffer(name);
      if (bytes) keys.set(name, bytes);
    }
    kept.push({ keys, dump: memory.dump() });
    return [undefined, undefined];
  },
  async back({ memory, key, kept, random }) {
    if (kept.length === 0) return [undefined, undefined];
    const { keys, dump } = random.pick(kept);
    await raw.del(...ALL.map(key));
    for (const [name, bytes] of keys) await raw.restore(name, 0, bytes);
    await raw.call('DEBUG', 'CHANGE-REPL-ID');
    memory.load(dump, true);
    return [undefined, undefined];
  },
};
const NAMES = ['take', 'takeTerm', 'seed', 'commit', 'commit', 'commit', 'writeOne', 'writeOne'];
const RARE = ['renew', 'release', 'changed', 'keep', 'back', 'beat', 'beat', 'retire', 'trim'];

function anyLease({ leases, random }: Both): Pair {
  const none = { holder: 'c', term: 0, runId: 'none', replId: 'none' };
  const newest = leases.at(-1) ?? { real: none, memory: none };
  return random.next() < 0.8 ? newest : random.pick([newest, ...leases]);
}

function anyPut(app: string, random: Random): Put {
  const owner = random.pick(['controller', 'controller', 'adopted'] as const);
  if (random.next() < 0.25) return { app, owner };
  if (app === HOLDS) return { app, owner, body: '{"debts":[],"holds":[],"moved":[]}' };
  const servers = [{ address: '10.0.0.1:80', weight: random.between(0, 3), from: 'east' }];
  const hosts = random.next() < 0.3 ? [random.pick(['a.test', 'b.test'])] : [];
  const policy = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
  return { app, owner, body: encodeUpstream({ app, hosts, servers, policy }) };
}

/** Without what differs by nature: run_ids, and the milliseconds that a lease has left. */
function wordsOf(answer: object): unknown {
  if ('refused' in answer) return answer.refused;
  if ('heldBy' in answer) return answer.heldBy;
  return 'holder' in answer && 'term' in answer ? [answer.holder, answer.term] : answer;
}

function codeOf(answer: object | undefined): unknown {
  return answer && wordsOf(answer);
}

async function expectSame({ real, memory, key, stamps }: Both, what: string): Promise<void> {
  const [one, other] = [await real.read(), await memory.read()];
  expect(sorted(one), what).toEqual(sorted(other));
  stamps.splice(0, stamps.length, ...[...one.documents.values()].map(({ stamp }) => stamp));
  const entries = await raw.xrange(key('changes'), '-', '+');
  const changes = entries.map(([id, [, app, , , , prev]]) => ({
    version: Number(id.split('-')[0]),
    app,
    prev: Number(prev),
  }));
  expect(changes, what).toEqual(memory.dump().changes);
  const [heard, told] = [await real.heartbeats(), await memory.heartbeats()];
  expect(namesOf(heard), what).toEqual(namesOf(told));
  expect(await trailOf(real), what).toEqual(await trailOf(memory));
}

function namesOf({ states, retired }: Beats): object {
  const beats = states.map(({ name, start, beat }) => `${name} ${start} ${beat}`);
  return { beats: beats.toSorted(), retired: retired.toSorted() };
}

/** All that history and audit say, but when: their clocks are two. */
async function trailOf({ history }: Store): Promise<object> {
  const count = 1000;
  const pages = [
    await history.changes({ count }),
    ...(await Promise.all(APPS.map((app) => history.changes({ count, app })))),
    await history.words({ count }),
  ];
  return pages.map(({ lines }) => lines.map((line) => ({ ...line, at: 0 })));
}

function sorted({ documents, ...rest }: Awaited<ReturnType<Store['read']>>): object {
  return {
    ...rest,
    documents: [...documents.values()].toSorted((a, b) => (a.app < b.app ? -1 : 1)),
  };
}

test('random operations have the same answers and leave the same behind', async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= SEQUENCES; seed++) {
    const random = new Random(seed);
    const environment = `agreement-${seed}`;
    const real = openRedisStore({ url: redis.url, environment, onState: () => undefined });
    await until('the store answers', () => real.version());
    const memory = openMemoryStore(() => Date.now());
    const key = (name: string): string => `{ballast:${environment}}:${name}`;
    const both: Both = { random, real, memory, key, leases: [], kept: [], stamps: [] };
    const past: string[] = [];
    for (let left = OPERATIONS; left > 0; left--) {
      const name = random.pick(random.next() < 0.75 ? NAMES : RARE);
      past.push(name);
      const [one, other] = (await OPERATIONS_BY_NAME[name]?.(both)) ?? [];
      const what = `seed ${seed}: ${past.join(' ')}`;
      expect(one, what).toEqual(other);
      await expectSame(both, what);
      seen.add(typeof one === 'string' ? `${name} ${one}` : name);
    }
    await real.close();
  }
  // Each refusal came up, or the test says less than it seems.
  for (const one of [
    'commit not-leader',
    'commit redis-changed',
    'commit holds-moved',
    'commit owned-by-endpoint',
    'commit nothing-to-delete',
    'seed not-leader',
    'seed redis-changed',
    'takeTerm term-too-low',
    'takeTerm redis-changed',
    'renew not-leader',
    'writeOne owned-by-controller',
    'writeOne host-taken',
    'writeOne no-leader',
    'writeOne redis-changed',
    'take a',
  ]) {
    expect([...seen]).toContain(one);
  }
});
