// Every write of a job: that it is one's, that the app is its own; then what its kind has to say of it.

import { shownRef } from '../../../src/clusters/cluster-writer.ts';
import type { Job } from '../../../src/jobs/record.ts';
import { jobOf } from '../../../src/jobs/traces.ts';
import type { Written } from './objects.ts';
import { watchTrace } from './watch-traces.ts';

export interface WriteWatchParts {
  readonly tell: (text: string) => void;
  /** As the watch of journals knows it. */
  readonly job: (id: string) => Job | undefined;
  /** Who may write these apps, as the process's Redis has it. */
  readonly lock: (written: Written, job: Job) => string | undefined;
  readonly kinds: Readonly<Record<string, WatchedKind>>;
}

export interface WatchedKind {
  written(written: Written, job: Job, tell: (what: string) => void): void;
}

export function watchWrite(written: Written, parts: WriteWatchParts): void {
  const { acting, cluster, ref, by } = written;
  const trace = jobOf(written.after ?? written.before);
  if (trace !== undefined) return watchTrace(written, trace, parts);
  const job = acting && parts.job(acting.job);
  const text = `${by.name} wrote ${shownRef(ref)} in ${cluster}`;
  if (!job || !acting) return parts.tell(`${text}, for no job`);
  const mine = `${text} for ${job.id}, ${acting.step}`;
  const tell = (what: string): void => parts.tell(`${mine}: ${what}`);
  const lock = parts.lock(written, job);
  if (lock !== undefined && lock !== job.id) tell(`the app is ${lock}'s`);
  parts.kinds[job.kind]?.written(written, job, tell);
}
