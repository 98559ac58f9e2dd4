// The last rehearsal: for each cluster, as if it had died, what would come back and where.

import { useState } from 'preact/hooks';
import type { RehearsalAnswer } from '../../api/migration-shapes.ts';
import { call } from '../call.ts';
import { useAnswer } from '../live/answer.ts';
import { useMayRun } from '../live/session.ts';
import { asProblem, type Problem } from '../problem.ts';
import { linkTo } from '../route.ts';
import { Badge } from '../show/badge.tsx';
import { Empty, Loading, Trouble } from '../show/notice.tsx';
import { Table, type Column } from '../show/table.tsx';
import { duration, When } from '../show/time.tsx';
import { useWords } from '../words/words.ts';

const EVERY_MS = 60_000;

export function RehearsalScreen() {
  const words = useWords();
  const { answer, problem, again } = useAnswer<RehearsalAnswer>('migrations/rehearsal', {
    everyMs: EVERY_MS,
  });
  const isNone = problem?.status === 404;
  return (
    <div class="screen">
      <div class="bar">
        <h1>{words.rehearsal}</h1>
        {answer && (
          <span class="detail">
            {words.rehearsedAt} <When at={answer.at} />
          </span>
        )}
        <span class="actions">
          <a href={linkTo(['migrations'])}>{words.migrations}</a>
        </span>
      </div>
      <p class="hint">{words.rehearsalHint}</p>
      <Rehearse done={again} />
      {isNone && !answer && <Empty>{words.noRehearsal}</Empty>}
      {problem && !isNone && <Trouble problem={problem} again={again} />}
      {!answer && !problem && <Loading />}
      {answer?.clusters.map((one) => (
        <ClusterOf key={one.cluster} cluster={one} />
      ))}
    </div>
  );
}

/** It writes nothing to any cluster: one click. */
function Rehearse({ done }: { readonly done: () => void }) {
  const words = useWords();
  const [state, setState] = useState<{ readonly isBusy?: true; readonly problem?: Problem }>({});
  if (!useMayRun()) return null;
  const rehearse = async (): Promise<void> => {
    setState({ isBusy: true });
    try {
      await call<RehearsalAnswer>('migrations/rehearse', { method: 'POST' });
      setState({});
      done();
    } catch (error) {
      setState({ problem: asProblem(error) });
    }
  };
  const { isBusy = false, problem } = state;
  return (
    <div>
      <button type="button" disabled={isBusy} onClick={() => void rehearse()}>
        {isBusy ? words.rehearsing : words.rehearseNow}
      </button>
      {problem && <Trouble problem={problem} />}
    </div>
  );
}

type Cluster = RehearsalAnswer['clusters'][number];
type App = Cluster['apps'][number];

function ClusterOf({
  cluster: { cluster, ok, apps, destinations },
}: {
  readonly cluster: Cluster;
}) {
  const words = useWords();
  return (
    <section class="rehearsed">
      <h2>
        {cluster}{' '}
        <Badge tone={ok ? 'well' : 'bad'}>{ok ? words.comesBack.ok : words.comesBack.no}</Badge>
      </h2>
      <h3>{words.destinations}</h3>
      {destinations.length === 0 ? (
        <p class="detail">{words.noDestination}</p>
      ) : (
        <ul class="lines">
          {destinations.map((one) => (
            <Destination key={one.cluster} destination={one} />
          ))}
        </ul>
      )}
      {apps.length === 0 ? (
        <Empty>{words.noAppsThere}</Empty>
      ) : (
        <Apps label={cluster} apps={apps} />
      )}
    </section>
  );
}

function Destination({
  destination: { cluster, ok, rung, words: said, refused, deferred },
}: {
  readonly destination: Cluster['destinations'][number];
}) {
  const words = useWords();
  const takesAll = ok && deferred.length === 0;
  const room = rung === undefined ? words.noRoom : words.rungs[rung];
  return (
    <li>
      <strong>{cluster}</strong>{' '}
      <Badge tone={ok ? (rung === 0 ? 'well' : 'warning') : 'bad'}>
        {`${takesAll ? words.takesAll : words.takesNot}: ${room}`}
      </Badge>{' '}
      <span class="detail">{[said, ...deferred].join(', ')}</span>
      {refused.length > 0 && (
        <ul class="lines">
          {refused.map((line) => (
            <li key={line} class="detail">
              {line}
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

function Apps({ label, apps }: { readonly label: string; readonly apps: readonly App[] }) {
  const words = useWords();
  const columns: readonly Column<App>[] = [
    { key: 'app', head: words.app, cell: ({ app }) => <a href={linkTo(['apps', app])}>{app}</a> },
    {
      key: 'backup',
      head: words.newestBackup,
      cell: ({ backup, trouble }) => (
        <Badge tone={trouble === undefined ? 'well' : 'bad'}>{backup ?? words.noBackup}</Badge>
      ),
    },
    {
      key: 'age',
      head: words.backupAge,
      isNumber: true,
      cell: ({ ageSeconds }) => (ageSeconds === undefined ? '–' : duration(words, ageSeconds)),
    },
    { key: 'wrong', head: words.wrong, cell: (app) => <Wrong app={app} /> },
  ];
  return <Table label={label} columns={columns} rows={apps} keyOf={({ app }) => app} />;
}

function Wrong({ app: { trouble, warnings, passedOver } }: { readonly app: App }) {
  const words = useWords();
  const lines = [
    ...(trouble === undefined ? [] : [trouble]),
    ...warnings,
    ...passedOver.map(({ backup, why }) => `${words.passedOver}: ${backup}: ${why}`),
  ];
  if (lines.length === 0) return <>–</>;
  return (
    <ul class="lines">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
