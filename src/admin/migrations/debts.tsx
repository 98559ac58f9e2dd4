// What finished migrations still have to delete at sources that were away.

import { useState } from 'preact/hooks';
import type { DebtAnswer } from '../../api/debt-shapes.ts';
import { useAnswer } from '../live/answer.ts';
import { fleet } from '../live/live.ts';
import { useMayRun } from '../live/session.ts';
import { linkTo } from '../route.ts';
import { Badge, type Tone } from '../show/badge.tsx';
import { Empty, Loading, Trouble } from '../show/notice.tsx';
import { Table, type Column } from '../show/table.tsx';
import { When } from '../show/time.tsx';
import { useStore } from '../store.ts';
import { useWords } from '../words/words.ts';
import { DebtDialog } from './debt-dialog.tsx';
import { SettleDebt } from './settle-debt.tsx';

const EVERY_MS = 10_000;

export function DebtsScreen() {
  const words = useWords();
  // Its dialog stays when the last debt has gone.
  const [open, setOpen] = useState<Open>();
  // A consent is a job, and its end lifts a hold.
  const { holds } = useStore(fleet);
  const { answer, problem, again } = useAnswer<{ readonly items: readonly DebtAnswer[] }>(
    'migrations/debts',
    { everyMs: EVERY_MS, changed: holds },
  );
  return (
    <div class="screen">
      <div class="bar">
        <h1>{words.debts}</h1>
        <span class="actions">
          <a href={linkTo(['migrations'])}>{words.migrations}</a>
        </span>
      </div>
      <p class="hint">{words.debtsHint}</p>
      {problem && <Trouble problem={problem} again={again} />}
      {!answer && !problem && <Loading />}
      {answer?.items.length === 0 && <Empty>{words.noDebts}</Empty>}
      {answer && answer.items.length > 0 && <Debts debts={answer.items} open={setOpen} />}
      {open && <Opened {...open} close={() => setOpen(undefined)} />}
    </div>
  );
}

/** Back is what asks for a person: there may be two copies. */
const CLUSTER: Readonly<Record<DebtAnswer['clusterState'], Tone>> = {
  fresh: 'warning',
  stale: 'quiet',
  unseen: 'quiet',
  gone: 'quiet',
};

interface Open {
  readonly act: 'look' | 'settle';
  readonly debt: DebtAnswer;
}

function Opened({ act, ...rest }: Open & { readonly close: () => void }) {
  return act === 'look' ? <DebtDialog {...rest} /> : <SettleDebt {...rest} />;
}

function Debts({
  debts,
  open,
}: {
  readonly debts: readonly DebtAnswer[];
  readonly open: (open: Open) => void;
}) {
  const words = useWords();
  const may = useMayRun();
  const actions: Column<DebtAnswer> = {
    key: 'act',
    head: words.action,
    cell: (debt) => <DebtActions debt={debt} open={open} />,
  };
  const columns: readonly Column<DebtAnswer>[] = [
    { key: 'app', head: words.app, cell: ({ app }) => <a href={linkTo(['apps', app])}>{app}</a> },
    {
      key: 'cluster',
      head: words.owedIn,
      cell: ({ cluster }) => <a href={linkTo(['clusters', cluster])}>{cluster}</a>,
    },
    {
      key: 'state',
      head: words.clusterNow,
      cell: ({ clusterState }) => (
        <Badge tone={CLUSTER[clusterState]}>{words.debtClusters[clusterState]}</Badge>
      ),
    },
    { key: 'objects', head: words.owedObjects, isNumber: true, cell: ({ objects }) => objects },
    {
      key: 'job',
      head: words.migrationJob,
      cell: ({ job }) => <a href={linkTo(['jobs', job])}>{job}</a>,
    },
    { key: 'who', head: words.who, cell: ({ who }) => who },
    { key: 'why', head: words.why, cell: ({ why }) => <span class="why">{why}</span> },
    { key: 'since', head: words.since, cell: ({ since }) => <When at={since} /> },
    ...(may ? [actions] : []),
  ];
  return <Table label={words.debts} columns={columns} rows={debts} keyOf={({ id }) => id} />;
}

function DebtActions({
  debt,
  open,
}: {
  readonly debt: DebtAnswer;
  readonly open: (open: Open) => void;
}) {
  const words = useWords();
  const { id, app, cluster } = debt;
  if (!useMayRun({ apps: [app], clusters: [cluster] })) return null;
  return (
    <span class="step-actions">
      <button
        type="button"
        aria-label={`${words.lookAtDebt} ${id}`}
        onClick={() => open({ act: 'look', debt })}
      >
        {words.lookAtDebt}
      </button>
      <button
        type="button"
        aria-label={`${words.settle} ${id}`}
        onClick={() => open({ act: 'settle', debt })}
      >
        {words.settle}
      </button>
    </span>
  );
}
