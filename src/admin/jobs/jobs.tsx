// All jobs, searched and filtered here.

import { useMemo } from 'preact/hooks';
import { fleet } from '../live/live.ts';
import { setQuery, type Place } from '../route.ts';
import { Empty, WhenKnown } from '../show/notice.tsx';
import { useStore } from '../store.ts';
import { useWords } from '../words/words.ts';
import { chooseJobs, JOB_SHOWS, type JobShow } from './job-list.ts';
import { JobTable } from './job-table.tsx';

export function JobsScreen({ query }: Pick<Place, 'query'>) {
  const words = useWords();
  const { jobs } = useStore(fleet);
  const { search = '' } = query;
  const show = JOB_SHOWS.find((one) => one === query['show']) ?? 'all';
  const rows = useMemo(() => chooseJobs(jobs, { search, show }), [jobs, search, show]);
  return (
    <div class="screen filling">
      <div class="bar">
        <h1>{words.jobs}</h1>
        <Filters search={search} show={show} />
        <p class="found" role="status">
          {words.jobsFound(rows.length, jobs.length)}
        </p>
      </div>
      <WhenKnown>
        {rows.length === 0 ? (
          <Empty>{jobs.length === 0 ? words.noJobs : words.noJobFits}</Empty>
        ) : (
          <JobTable jobs={rows} />
        )}
      </WhenKnown>
    </div>
  );
}

function Filters({ search, show }: { readonly search: string; readonly show: JobShow }) {
  const words = useWords();
  return (
    <div class="filters" role="search">
      <input
        type="search"
        aria-label={words.findJobs}
        placeholder={words.findJobs}
        value={search}
        onInput={({ currentTarget: { value } }) => setQuery({ search: value })}
      />
      <select
        aria-label={words.show}
        value={show}
        onChange={({ currentTarget: { value } }) =>
          setQuery({ show: value === 'all' ? '' : value })
        }
      >
        {JOB_SHOWS.map((one) => (
          <option key={one} value={one}>
            {words.jobFilters[one]}
          </option>
        ))}
      </select>
    </div>
  );
}
