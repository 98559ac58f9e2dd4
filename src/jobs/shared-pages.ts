// What jobs share: pages beside their journal, each replaced whole by whoever knows the one that stands.
// `redis-journal.ts` has the real ones, `memory-pages.ts` those of tests and the simulation; both pass
// test/conformance/shared-pages.ts.
//
// Comes in: pages, each under the lease of who leads. Goes out: pages as they stand. On failure: as the
// journal: a refusal is an answer, and nothing was written.

import type { Lease } from '../edges/store.ts';
import type { JournalRefusal } from './journal.ts';

export interface SharedPage {
  /** One above the last at each write; of one that is to be written the one it builds on, 0: there is none. */
  readonly revision: number;
  /** Plain data: it is written as JSON. */
  readonly content: unknown;
}

export interface SharedPages {
  read(): Promise<ReadonlyMap<string, SharedPage>>;
  /** `job-moved`: another stands there than the one that it builds on. */
  write(lease: Lease, name: string, page: SharedPage): Promise<JournalRefusal | undefined>;
}
