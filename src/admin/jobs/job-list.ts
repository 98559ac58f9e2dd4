// Which jobs are shown, and how far each is. Pure.

import type { JobSummaryAnswer } from '../../api/job-shapes.ts';
import type { LiveJob } from '../live/fleet.ts';

export const JOB_SHOWS = ['all', 'open', 'person', 'ended'] as const;
export type JobShow = (typeof JOB_SHOWS)[number];

type State = JobSummaryAnswer['state'];

const ENDED: ReadonlySet<State> = new Set(['Done', 'RolledBack', 'Failed']);
const WAITING: ReadonlySet<State> = new Set(['Paused', 'WaitingApproval', 'Blocked']);

export const isEnded = ({ state }: Pick<LiveJob, 'state'>): boolean => ENDED.has(state);

/** Nothing of it goes on until somebody speaks. */
export const waitsForPerson = ({ state }: Pick<LiveJob, 'state'>): boolean => WAITING.has(state);

const SHOWN: Readonly<Record<JobShow, (job: LiveJob) => boolean>> = {
  all: () => true,
  open: (job) => !isEnded(job),
  person: waitsForPerson,
  ended: isEnded,
};

/** The newest first; those at their end behind all others. */
export function chooseJobs(
  jobs: readonly LiveJob[],
  { search, show }: { readonly search: string; readonly show: JobShow },
): LiveJob[] {
  const wanted = search.trim().toLowerCase();
  return jobs
    .filter((job) => SHOWN[show](job) && isFound(job, wanted))
    .toSorted(
      (a, b) =>
        Number(isEnded(a)) - Number(isEnded(b)) ||
        Date.parse(b.begun.at) - Date.parse(a.begun.at) ||
        (a.id < b.id ? -1 : 1),
    );
}

function isFound({ id, kind, apps, clusters }: LiveJob, wanted: string): boolean {
  return [id, kind, ...apps, ...clusters].some((name) => name.toLowerCase().includes(wanted));
}
