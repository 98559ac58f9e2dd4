// Jobs in rows: what each is at, who began it, and what it waits for.

import { useMemo } from 'preact/hooks';
import type { JobSummaryAnswer } from '../../api/job-shapes.ts';
import { useAnswer } from '../live/answer.ts';
import type { LiveJob } from '../live/fleet.ts';
import { linkTo } from '../route.ts';
import { LongTable, type Column } from '../show/table.tsx';
import { When } from '../show/time.tsx';
import { useWords, type Words } from '../words/words.ts';
import { JobStateBadge } from './job-state.tsx';

/** What steps wait for moves without an event. */
const EVERY_MS = 4000;

interface Row extends LiveJob {
  readonly waits?: readonly string[];
}

export function JobTable({ jobs }: { readonly jobs: readonly LiveJob[] }) {
  const words = useWords();
  const { answer } = useAnswer<{ readonly items: readonly JobSummaryAnswer[] }>('jobs', {
    everyMs: EVERY_MS,
    changed: jobs,
  });
  const rows = useMemo(() => withWaits(jobs, answer?.items ?? []), [jobs, answer]);
  const columns = useMemo(() => columnsOf(words), [words]);
  return <LongTable label={words.jobs} columns={columns} rows={rows} keyOf={({ id }) => id} />;
}

function withWaits(rows: readonly LiveJob[], items: readonly JobSummaryAnswer[]): Row[] {
  const waits = new Map(items.map((item) => [item.id, item.waits]));
  return rows.map((row) => {
    const own = waits.get(row.id);
    return own ? { ...row, waits: own } : row;
  });
}

function columnsOf(words: Words): Column<Row>[] {
  return [
    {
      key: 'id',
      head: words.job,
      width: 13,
      cell: ({ id }) => (
        <a href={linkTo(['jobs', id])} title={id}>
          {id}
        </a>
      ),
    },
    {
      key: 'state',
      head: words.state,
      width: 11,
      cell: ({ state }) => <JobStateBadge state={state} />,
    },
    { key: 'kind', head: words.kind, width: 7, cell: ({ kind }) => words.jobKinds[kind] ?? kind },
    { key: 'apps', head: words.apps, width: 10, cell: ({ apps }) => <Names names={apps} /> },
    {
      key: 'clusters',
      head: words.clusters,
      width: 10,
      cell: ({ clusters }) => <Names names={clusters} />,
    },
    { key: 'who', head: words.who, width: 8, cell: ({ begun }) => begun.who },
    { key: 'since', head: words.since, width: 7, cell: ({ begun }) => <When at={begun.at} /> },
    { key: 'waits', head: words.waitsFor, width: 24, cell: (row) => <Waits row={row} /> },
  ];
}

function Names({ names }: { readonly names: readonly string[] }) {
  return <span title={names.join(', ')}>{names.length === 0 ? '–' : names.join(', ')}</span>;
}

function Waits({ row: { waits = [], why } }: { readonly row: Row }) {
  const text = [why, ...waits].filter(Boolean).join(' · ');
  return <span title={text}>{text === '' ? '–' : text}</span>;
}
