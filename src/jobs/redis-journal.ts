// The journal on Redis or Valkey, and the pages that jobs share: every write is lua/redis/job-1.lua.
//
// `{ballast:ENV}:jobs` has the head of each job (journal-text.ts), `…:jobs:locks` the job of each locked
// app, `…:jobs:ID` plan and steps of one, `…:jobs:edges` who confirmed the list of edges, and
// `…:jobs:pages` the pages: to the script each is a head without locks and steps. On failure: as
// src/edges/redis-store.ts, whose connection is of the
// same kind: a call that gets no answer ends in `redis-unavailable` and is never sent again by itself.

import { readFileSync } from 'node:fs';
import {
  askRedis,
  connectRedis,
  type RedisPlace,
  type TellState,
} from '../edges/redis-connection.ts';
import type { Lease } from '../edges/store.ts';
import { BallastError } from '../errors.ts';
import { headText, readHead, unreadableHead } from './journal-text.ts';
import type { EdgesSaid, Entry, JobJournal, JournalRefusal } from './journal.ts';
import type { SharedPage, SharedPages } from './shared-pages.ts';
import type { Job, JobHead, StepRecord } from './record.ts';

export interface RedisJournalOptions extends RedisPlace {
  readonly environment: string;
  readonly onState: TellState;
}

interface Scripts {
  ballastJob(...args: readonly string[]): Promise<readonly string[]>;
}

const PLAN = 'plan';
/** No job has this id: each ends in four letters or digits behind a hyphen. */
const EDGES = 'edges';
const STEP = 'step:';
const PAGES = 'jobs:pages';

export interface RedisJournal extends JobJournal {
  readonly pages: SharedPages;
}

export function openRedisJournal(options: RedisJournalOptions): RedisJournal {
  const lua = readFileSync(new URL('../../lua/redis/job-1.lua', import.meta.url), 'utf8');
  const connection = connectRedis(
    options,
    { ballastJob: { numberOfKeys: 4, lua } },
    options.onState,
  );
  const { redis } = connection;
  const scripts = redis as unknown as Scripts;
  const key = (name: string): string => `{ballast:${options.environment}}:${name}`;
  const jobKey = (id: string): string => key(`jobs:${id}`);

  const ask = <T>(call: () => Promise<T>): Promise<T> => askRedis(connection, call);
  const run = async (
    lease: Lease,
    id: string,
    args: readonly string[],
    heads = 'jobs',
  ): Promise<JournalRefusal | undefined> => {
    const { holder, term, runId, replId } = lease;
    const keys = [key('leader'), key(heads), key('jobs:locks'), key(`${heads}:${id}`)];
    const [word, code, detail = ''] = await ask(() =>
      scripts.ballastJob(...keys, holder, String(term), runId, replId, ...args),
    );
    if (word === 'ok') return undefined;
    return { refused: code as JournalRefusal['refused'], detail };
  };

  return {
    put: (lease, entry) => run(lease, entry.head.id, putArgs(entry)),
    check: (lease) => run(lease, '', ['check', '', '0', '', 'keep', '0']),
    drop(lease, { id, revision, apps }) {
      const args = ['drop', id, String(revision), '', 'free', String(apps.length), ...apps];
      return run(lease, id, args);
    },
    async heads() {
      const heads = Object.entries(await ask(() => redis.hgetall(key('jobs'))));
      return heads.map(([id, text]) => readHead(id, text));
    },
    async read(id) {
      const multi = redis.multi().hget(key('jobs'), id).hgetall(jobKey(id));
      const [head, fields] = (await ask(async () => (await multi.exec()) ?? [])).map(
        ([error, value]) => {
          if (error) throw new BallastError('redis-unavailable', error.message, { cause: error });
          return value;
        },
      );
      if (typeof head !== 'string') return undefined;
      return jobOf(readHead(id, head), (fields ?? {}) as Record<string, string>);
    },
    async locks() {
      return new Map(Object.entries(await ask(() => redis.hgetall(key('jobs:locks')))));
    },
    confirm: (lease, said) =>
      run(lease, EDGES, ['confirm', EDGES, '0', JSON.stringify(said), 'keep', '0']),
    async confirmed() {
      const text = await ask(() => redis.hget(jobKey(EDGES), 'said'));
      return text === null ? undefined : (JSON.parse(text) as EdgesSaid);
    },
    pages: {
      async read() {
        const pages = Object.entries(await ask(() => redis.hgetall(key(PAGES))));
        return new Map(pages.map(([name, text]) => [name, JSON.parse(text) as SharedPage]));
      },
      write(lease, name, { revision, content }) {
        const page = JSON.stringify({ revision: revision + 1, content });
        return run(lease, name, ['put', name, String(revision), page, 'keep', '0'], PAGES);
      },
    },
    async close() {
      connection.close();
    },
  };
}

function putArgs(entry: Entry): string[] {
  const { head, steps, plan, lock } = entry;
  const fields = [
    ...(plan === undefined ? [] : [PLAN, JSON.stringify(plan)]),
    ...steps.flatMap((step) => [`${STEP}${step.id}`, JSON.stringify(step)]),
  ];
  const { id, apps } = head;
  const basis = String(entry.basis);
  return ['put', id, basis, headText(head), lock, String(apps.length), ...apps, ...fields];
}

function jobOf(head: JobHead, fields: Readonly<Record<string, string>>): Job {
  const nothing = { plan: null, steps: {} };
  if (head.unreadable) return { ...head, ...nothing };
  try {
    // A hash has no order of its own.
    const steps = Object.entries(fields)
      .filter(([name]) => name.startsWith(STEP))
      .map(([name, text]) => [name.slice(STEP.length), JSON.parse(text) as StepRecord] as const)
      .toSorted(([, left], [, right]) => (left.since ?? 0) - (right.since ?? 0));
    const plan = JSON.parse(fields[PLAN] ?? 'null') as unknown;
    return { ...head, plan, steps: Object.fromEntries(steps) };
  } catch (error) {
    const why = `its journal is damaged: ${(error as Error).message}`;
    return { ...unreadableHead(head.id, { ...head }, why), ...nothing };
  }
}
