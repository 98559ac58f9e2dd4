// One job: what it is at, what can be said to it, its steps as they happen, its holds and its plan.

import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type { JobAnswered } from '../../api/job-shapes.ts';
import type { RunPlan } from '../../fanout/run/lanes.ts';
import { useAnswer } from '../live/answer.ts';
import { fleet } from '../live/live.ts';
import { MigrationWay } from '../migrations/migration-way.tsx';
import { linkTo } from '../route.ts';
import { HoldTable } from '../screens/hold-table.tsx';
import { Empty, Loading, Trouble } from '../show/notice.tsx';
import { When } from '../show/time.tsx';
import { useStore } from '../store.ts';
import { useWords } from '../words/words.ts';
import { FanoutPlan } from './fanout-plan.tsx';
import { FanoutWay } from './fanout-way.tsx';
import { JobStateBadge } from './job-state.tsx';
import { progressOf, wavesOf } from './lanes.ts';
import { JobActions } from './say-job.tsx';
import { listed, StepList } from './step-list.tsx';

/** What a step waits for moves without an event. */
const EVERY_MS = 2000;

export function JobScreen({ id }: { readonly id: string }) {
  const words = useWords();
  const { jobs } = useStore(fleet);
  const changed = jobs.find((job) => job.id === id);
  const path = `jobs/${encodeURIComponent(id)}`;
  const { answer, problem, again } = useAnswer<JobAnswered>(path, { everyMs: EVERY_MS, changed });
  if (answer && problem?.status !== 404) return <Job job={answer} />;
  return (
    <div class="screen">
      <h1>{id}</h1>
      {problem?.status === 404 && (
        <Empty>
          {words.noSuchJob} <a href={linkTo(['jobs'])}>{words.jobs}</a>
        </Empty>
      )}
      {problem && problem.status !== 404 && <Trouble problem={problem} again={again} />}
      {!problem && <Loading />}
    </div>
  );
}

interface JobParts {
  readonly job: JobAnswered;
}

function Job({ job }: JobParts) {
  const { id, state, kind, why, steps } = job;
  const words = useWords();
  return (
    <div class="screen">
      <div class="bar">
        <h1>{id}</h1>
        <JobStateBadge state={state} />
        <span class="detail">{words.jobKinds[kind] ?? kind}</span>
        <JobActions job={job} steps={steps} />
      </div>
      {why !== undefined && <p class="reason">{why}</p>}
      <Early job={job} />
      {kind === 'fanout' && hasPlan(job, 'waves') ? <Fanout job={job} /> : <Other job={job} />}
    </div>
  );
}

/** What steps wait for that could not even begin: those that have are told of below. */
function Early({ job: { waits = [], steps } }: JobParts) {
  const words = useWords();
  const early = waits.filter((text) => !steps.some(({ id }) => text.startsWith(`${id}: `)));
  if (early.length === 0) return null;
  return (
    <p class="waits">
      {words.waitsFor}: {early.join(' · ')}
    </p>
  );
}

/** A journal that cannot be read has none. */
function hasPlan({ plan }: JobAnswered, part: string): boolean {
  return typeof plan === 'object' && plan !== null && Object.hasOwn(plan, part);
}

function Fanout({ job }: JobParts) {
  const words = useWords();
  const plan = job.plan as RunPlan;
  const waves = useMemo(() => wavesOf(plan, job), [job]);
  return (
    <>
      <Facts job={job}>
        <Fact name={words.progress}>{words.stepsDone(...progressOf(waves))}</Fact>
      </Facts>
      <section>
        <h2>{words.way}</h2>
        <FanoutWay job={job} waves={waves} />
      </section>
      <Holds job={job} />
      <section aria-label={words.planOf}>
        <h2>{words.planOf}</h2>
        <FanoutPlan plan={plan} />
      </section>
    </>
  );
}

function Other({ job }: JobParts) {
  const words = useWords();
  const { kind, steps } = job;
  return (
    <>
      <Facts job={job} />
      <section>
        <h2>{words.way}</h2>
        {kind === 'migration' && hasPlan(job, 'apps') ? (
          <MigrationWay job={job} />
        ) : steps.length === 0 ? (
          <Empty>{words.noSteps}</Empty>
        ) : (
          <StepList job={job} label={words.steps} steps={listed(steps)} />
        )}
      </section>
      <Holds job={job} />
    </>
  );
}

function Facts({ job, children }: JobParts & { readonly children?: ComponentChildren }) {
  const words = useWords();
  const { begun, paused, aborted, approvals, apps, clusters, planDigest } = job;
  return (
    <dl class="facts">
      {children}
      <SaidBy name={words.begunBy} said={begun} />
      {paused && <SaidBy name={words.pausedBy} said={paused} />}
      {aborted && <SaidBy name={words.abortedBy} said={aborted} />}
      {Object.entries(approvals).map(([gate, said]) => (
        <SaidBy key={gate} name={words.approvedBy(gate)} said={said} />
      ))}
      <Fact name={words.apps}>
        <Links screen="apps" names={apps} />
      </Fact>
      <Fact name={words.clusters}>
        <Links screen="clusters" names={clusters} />
      </Fact>
      {planDigest !== '' && (
        <Fact name={words.digest}>
          <code title={planDigest}>{planDigest.slice(0, 19)}</code>
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function SaidBy({ name, said }: { readonly name: string; readonly said: JobAnswered['begun'] }) {
  const words = useWords();
  return (
    <Fact name={name}>
      <When at={said.at} /> {words.byWhom(said.who)}
    </Fact>
  );
}

function Links({ screen, names }: { readonly screen: string; readonly names: readonly string[] }) {
  if (names.length === 0) return <>–</>;
  return (
    <>
      {names.map((name, at) => (
        <>
          {at > 0 && ', '}
          <a key={name} href={linkTo([screen, name])}>
            {name}
          </a>
        </>
      ))}
    </>
  );
}

function Holds({ job: { id } }: JobParts) {
  const words = useWords();
  const { holds } = useStore(fleet);
  const own = holds.filter(({ job }) => job === id);
  return (
    <section>
      <h2>{words.holds}</h2>
      {own.length === 0 ? <Empty>{words.noJobHolds}</Empty> : <HoldTable holds={own} />}
    </section>
  );
}
