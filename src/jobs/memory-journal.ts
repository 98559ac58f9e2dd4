// The journal in memory, with the semantics of lua/redis/job-1.lua. It serves tests and the simulation,
// and passes test/conformance/journal.ts as the one on Redis does.

import type { MemoryStore } from '../edges/memory.ts';
import type { Lease } from '../edges/store.ts';
import type { AppName } from '../model.ts';
import { headOf } from './change.ts';
import type { EdgesSaid, Entry, JobJournal, JournalRefusal } from './journal.ts';
import type { Job, JobHead } from './record.ts';

export interface MemoryJournal extends JobJournal {
  /** All that is in it; undefined: it is lost. What is written later changes nothing in a dump. */
  dump(): JournalDump;
  load(dump: JournalDump | undefined): void;
}

export interface JournalDump {
  readonly jobs: ReadonlyMap<string, Job>;
  readonly locks: ReadonlyMap<AppName, string>;
  readonly confirmed?: EdgesSaid;
}

const NOTHING: JournalDump = { jobs: new Map(), locks: new Map() };

/** `refuses`: the store's, in which the lease was taken. */
export function openMemoryJournal(store: Pick<MemoryStore, 'refuses'>): MemoryJournal {
  let data = NOTHING;

  const fence = (lease: Lease): JournalRefusal | undefined => refusalIn(store, lease);

  const lock = (id: string, apps: readonly AppName[], what: Entry['lock']): void => {
    const locks = new Map(data.locks);
    for (const app of apps) {
      if (what === 'take') locks.set(app, id);
      else if (what === 'free' && locks.get(app) === id) locks.delete(app);
    }
    data = { ...data, locks };
  };
  const isLocked = ({ head, lock: what }: Entry): JournalRefusal | undefined => {
    if (what !== 'take') return undefined;
    const app = head.apps.find((one) => (data.locks.get(one) ?? head.id) !== head.id);
    if (app === undefined) return undefined;
    return { refused: 'app-locked', detail: `${app} ${data.locks.get(app)}` };
  };
  const hasMoved = (id: string, basis: number): JournalRefusal | undefined => {
    const stands = data.jobs.get(id)?.revision ?? 0;
    return stands === basis ? undefined : { refused: 'job-moved', detail: String(stands) };
  };
  const put = (entry: Entry): void => {
    const { head, steps, plan } = entry;
    const before = entry.basis === 0 ? undefined : data.jobs.get(head.id);
    const job: Job = {
      ...head,
      plan: plan ?? before?.plan,
      steps: { ...before?.steps, ...Object.fromEntries(steps.map((step) => [step.id, step])) },
    };
    // As from JSON: nobody shares an object with the journal.
    data = { ...data, jobs: new Map(data.jobs).set(head.id, copyOf(job)) };
    lock(head.id, head.apps, entry.lock);
  };

  return {
    dump: () => data,
    load(dump = NOTHING) {
      data = dump;
    },
    async put(lease, entry) {
      const refused = fence(lease) ?? hasMoved(entry.head.id, entry.basis) ?? isLocked(entry);
      if (!refused) put(entry);
      return refused;
    },
    check: async (lease) => fence(lease),
    async drop(lease, head) {
      const refused = fence(lease) ?? hasMoved(head.id, head.revision);
      if (refused) return refused;
      const jobs = new Map(data.jobs);
      jobs.delete(head.id);
      data = { ...data, jobs };
      lock(head.id, head.apps, 'free');
      return undefined;
    },
    async heads() {
      return [...data.jobs.values()].map((job) => copyOf(headOf(job)));
    },
    async read(id) {
      const job = data.jobs.get(id);
      return job && copyOf(job);
    },
    locks: async () => new Map(data.locks),
    async confirm(lease, confirmed) {
      const refused = fence(lease);
      if (!refused) data = { ...data, confirmed };
      return refused;
    },
    confirmed: async () => data.confirmed,
    close: async () => undefined,
  };
}

/** Why nothing of jobs may be written under this lease. */
export function refusalIn(
  { refuses }: Pick<MemoryStore, 'refuses'>,
  lease: Lease,
): JournalRefusal | undefined {
  const refused = refuses(lease);
  if (!refused) return undefined;
  const isOther = refused.refused === 'redis-changed';
  return { refused: isOther ? 'redis-changed' : 'not-leader', detail: refused.detail };
}

function copyOf<T extends JobHead>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
