// A plan of a migration: what stands against it, whether there is room, and what would be done to each app.

import type {
  CapacityAnswer,
  FindingAnswer,
  PlanAnswer,
  PlanQuestion,
} from '../../api/migration-shapes.ts';
import { Badge, type Tone } from '../show/badge.tsx';
import { Empty } from '../show/notice.tsx';
import { Table, type Column } from '../show/table.tsx';
import { useWords } from '../words/words.ts';
import { BeginMove } from './begin-move.tsx';
import { PlannedApp } from './planned-app.tsx';

export function PlanView({
  plan,
  question,
}: {
  readonly plan: PlanAnswer;
  readonly question: PlanQuestion | undefined;
}) {
  const words = useWords();
  const { from, to, ok, digest, findings, capacity, apps } = plan;
  return (
    <div class="plan" role="region" aria-label={words.planOf}>
      <div class="bar" role="status">
        <h3>{words.planTitle(from, to)}</h3>
        <Badge tone={ok ? 'well' : 'bad'}>{ok ? words.planIs.ok : words.planIs.refused}</Badge>
        <span class="detail">
          {words.digest}: <code title={digest}>{digest.slice(0, 19)}</code>
        </span>
        {ok && question && <BeginMove plan={plan} question={question} />}
      </div>
      <section>
        <h4>{words.findings}</h4>
        <Findings findings={findings} />
      </section>
      <section>
        <h4>{words.capacity}</h4>
        <Capacity capacity={capacity} />
      </section>
      {apps.map((app) => (
        <PlannedApp key={app.app} app={app} />
      ))}
    </div>
  );
}

const SEVERITY: Readonly<Record<FindingAnswer['severity'], Tone>> = {
  refuse: 'bad',
  warn: 'warning',
};

function Findings({ findings }: { readonly findings: readonly FindingAnswer[] }) {
  const words = useWords();
  if (findings.length === 0) return <Empty>{words.noFindings}</Empty>;
  // What refuses comes first.
  const rows = findings.toSorted((a, b) => a.severity.localeCompare(b.severity));
  const columns: readonly Column<FindingAnswer>[] = [
    { key: 'app', head: words.app, cell: ({ app }) => app ?? '–' },
    {
      key: 'severity',
      head: words.state,
      cell: ({ severity }) => <Badge tone={SEVERITY[severity]}>{words.severities[severity]}</Badge>,
    },
    { key: 'object', head: words.object, cell: ({ object }) => object },
    { key: 'text', head: words.finding, cell: ({ text }) => <span class="lines">{text}</span> },
    { key: 'code', head: words.code, cell: ({ code }) => <code>{code}</code> },
  ];
  return (
    <Table
      label={words.findings}
      columns={columns}
      rows={rows}
      keyOf={({ app, code, object, text }) => `${app} ${code} ${object} ${text}`}
    />
  );
}

type Room = CapacityAnswer['apps'][number];

function Capacity({
  capacity: { ok, rung, words: said, apps },
}: {
  readonly capacity: CapacityAnswer;
}) {
  const words = useWords();
  const columns: readonly Column<Room>[] = [
    { key: 'app', head: words.app, cell: ({ app }) => app },
    {
      key: 'pods',
      head: words.podsBeforeAfter,
      isNumber: true,
      cell: ({ before, after, deferred }) =>
        deferred ? words.deferred : words.beforeAfter(`${before}`, `${after}`),
    },
    { key: 'placed', head: words.placed, isNumber: true, cell: ({ placed }) => placed },
    {
      key: 'why',
      head: words.why,
      cell: ({ why }) => <span class="lines">{why === '' ? '–' : why}</span>,
    },
    {
      key: 'unchecked',
      head: words.unchecked,
      cell: ({ unchecked }) => (
        <span class="lines">{unchecked.length === 0 ? '–' : unchecked.join('; ')}</span>
      ),
    },
  ];
  return (
    <>
      <p>
        <Badge tone={ok ? (rung === 0 ? 'well' : 'warning') : 'bad'}>
          {ok ? words.rungs[rung] : words.noRoom}
        </Badge>{' '}
        <span class="detail">{said}</span>
      </p>
      {apps.length > 0 && (
        <Table label={words.capacity} columns={columns} rows={apps} keyOf={({ app }) => app} />
      )}
    </>
  );
}
