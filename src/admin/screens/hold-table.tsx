// Holds that stand, each with its end.

import { useState } from 'preact/hooks';
import type { LiveHold } from '../live/fleet.ts';
import { useMayHold } from '../live/session.ts';
import { linkTo } from '../route.ts';
import { EndHold } from '../say/end-hold.tsx';
import { Badge } from '../show/badge.tsx';
import { Empty } from '../show/notice.tsx';
import { HoldKind } from '../show/states.tsx';
import { Table, type Column } from '../show/table.tsx';
import { When } from '../show/time.tsx';
import { useWords } from '../words/words.ts';

export function HoldTable({ holds }: { readonly holds: readonly LiveHold[] }) {
  const words = useWords();
  const [ending, setEnding] = useState<LiveHold>();
  const mayEnd = useMayHold();
  if (holds.length === 0 && !ending) return <Empty>{words.noHolds}</Empty>;
  const endColumn: Column<LiveHold> = {
    key: 'end',
    head: words.action,
    cell: (hold) => <End hold={hold} end={setEnding} />,
  };
  const columns: readonly Column<LiveHold>[] = [
    { key: 'id', head: 'id', cell: ({ id }) => <code>{id}</code> },
    {
      key: 'kind',
      head: words.kind,
      cell: ({ kind, weight }) => (
        <>
          <HoldKind kind={kind} /> {weight}
        </>
      ),
    },
    {
      key: 'scope',
      head: words.scope,
      cell: ({ app = '', cluster = '', server = '' }) => words.scopeOf(app, cluster, server),
    },
    {
      key: 'who',
      head: words.who,
      cell: (hold) => <Who hold={hold} />,
    },
    { key: 'why', head: words.why, cell: ({ why }) => <span class="why">{why}</span> },
    {
      key: 'since',
      head: words.since,
      cell: ({ since, forgotten }) => (
        <>
          <When at={since} /> {forgotten && <Badge tone="warning">{words.noEnd}</Badge>}
        </>
      ),
    },
    {
      key: 'until',
      head: words.until,
      cell: ({ until }) => (until === undefined ? words.noEnd : <When at={until} />),
    },
    ...(mayEnd ? [endColumn] : []),
  ];
  return (
    <>
      <Table label={words.holds} columns={columns} rows={holds} keyOf={({ id }) => id} />
      {ending && <EndHold hold={ending} close={() => setEnding(undefined)} />}
    </>
  );
}

/** A job, or a debt, speaks in the name of a person. */
function Who({ hold: { who, job, debt } }: { readonly hold: LiveHold }) {
  const words = useWords();
  return (
    <>
      {who}
      {job !== undefined && (
        <>
          {' · '}
          <a href={linkTo(['jobs', job])}>{job}</a>
        </>
      )}
      {debt !== undefined && (
        <>
          {' · '}
          <a href={linkTo(['migrations', 'debts'])}>{words.debts}</a>
        </>
      )}
    </>
  );
}

function End({ hold, end }: { readonly hold: LiveHold; readonly end: (hold: LiveHold) => void }) {
  const words = useWords();
  const { app, cluster, job, debt, id } = hold;
  const may = useMayHold({
    ...(app !== undefined && { app }),
    ...(cluster !== undefined && { cluster }),
  });
  if (!may) return null;
  // Whoever has it lifts it.
  const other = debt === undefined ? job && words.jobHold : words.debtHold;
  return (
    <button
      type="button"
      aria-label={`${words.endHold} ${words.endHoldOf(id)}`}
      disabled={other !== undefined}
      {...(other !== undefined && { title: other })}
      onClick={() => end(hold)}
    >
      {words.endHold}
    </button>
  );
}
