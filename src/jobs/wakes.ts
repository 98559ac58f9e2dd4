// Who wakes the runner for a job: `bull-wakes.ts` by BullMQ, `memory-wakes.ts` for tests and the
// simulation.
//
// Comes in: the id of a job, and when to look at it. Goes out: that id, at least once, to whoever leads by
// then. On failure: a wake that is lost is no harm but a delay: the runner looks at every job when its
// term begins, and now and then. What is to be done stands in the journal alone.

export interface Wakes {
  wake(job: string, afterMs: number): Promise<void>;
  /** Until what it returns is called. */
  listen(look: (job: string) => void): () => Promise<void>;
  close(): Promise<void>;
}
