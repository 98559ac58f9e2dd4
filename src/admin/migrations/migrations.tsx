// Migrations: a plan to look at, and those on record.

import { useEffect, useMemo, useState } from 'preact/hooks';
import type { PlanAnswer } from '../../api/migration-shapes.ts';
import { call } from '../call.ts';
import { JobTable } from '../jobs/job-table.tsx';
import { fleet } from '../live/live.ts';
import { useMayRun } from '../live/session.ts';
import { asProblem, type Problem } from '../problem.ts';
import { linkTo, setQuery, type Place } from '../route.ts';
import { Empty, Trouble, WhenKnown } from '../show/notice.tsx';
import { useStore } from '../store.ts';
import { useWords } from '../words/words.ts';
import { queryOf, questionOf, readAsked, type Asked } from './asked.ts';
import { AskForm } from './ask-form.tsx';
import { PlanView } from './plan-view.tsx';

export function MigrationsScreen({ query }: Pick<Place, 'query'>) {
  const words = useWords();
  const may = useMayRun();
  return (
    <div class="screen">
      <div class="bar">
        <h1>{words.migrations}</h1>
        <span class="actions">
          <a href={linkTo(['migrations', 'rehearsal'])}>{words.rehearsalLink}</a>
          <a href={linkTo(['migrations', 'debts'])}>{words.debts}</a>
        </span>
      </div>
      <section>
        <h2>{words.planMigration}</h2>
        {may ? <Planning query={query} /> : <Empty>{words.onlyMigrator}</Empty>}
      </section>
      <section>
        <h2>{words.migrationJobs}</h2>
        <WhenKnown>
          <OnRecord />
        </WhenKnown>
      </section>
    </div>
  );
}

function OnRecord() {
  const words = useWords();
  const { jobs } = useStore(fleet);
  const own = useMemo(() => jobs.filter(({ kind }) => kind === 'migration'), [jobs]);
  return own.length === 0 ? <Empty>{words.noMigrations}</Empty> : <JobTable jobs={own} />;
}

/** The URL has what was asked: reloaded, it is asked again. */
function Planning({ query }: Pick<Place, 'query'>) {
  const words = useWords();
  const [round, setRound] = useState(0);
  const asked = readAsked(query);
  const { plan, problem, isAsking } = usePlan(asked, round);
  const ask = (next: Asked): void => {
    setQuery(queryOf(next));
    setRound(round + 1);
  };
  return (
    <>
      <AskForm first={asked} isAsking={isAsking} ask={ask} />
      {isAsking && (
        <p class="empty loading" role="status">
          {words.planning}
        </p>
      )}
      {problem && <Trouble problem={problem} />}
      {plan && <PlanView plan={plan} question={questionOf(asked)} />}
    </>
  );
}

interface Planned {
  readonly plan?: PlanAnswer;
  readonly problem?: Problem;
}

function usePlan(asked: Asked, round: number): Planned & { readonly isAsking: boolean } {
  const [state, setState] = useState<Planned>({});
  const question = questionOf(asked);
  const key = question && JSON.stringify(question);
  useEffect(() => {
    setState({});
    if (!question) return undefined;
    const stop = new AbortController();
    call<PlanAnswer>('migrations/plan', {
      method: 'POST',
      body: question,
      signal: stop.signal,
    }).then(
      (plan) => setState({ plan }),
      (error) => !stop.signal.aborted && setState({ problem: asProblem(error) }),
    );
    return () => stop.abort();
  }, [key, round]);
  return { ...state, isAsking: question !== undefined && !state.plan && !state.problem };
}
