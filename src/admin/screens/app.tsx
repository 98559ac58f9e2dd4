// One app: why its servers have these weights, and whether the edges do what is published.

import type { AppAnswer } from '../../api/shapes.ts';
import { isEnded } from '../jobs/job-list.ts';
import { useAnswer } from '../live/answer.ts';
import { fleet } from '../live/live.ts';
import { linkTo } from '../route.ts';
import { Badge } from '../show/badge.tsx';
import { Empty, Loading, Trouble } from '../show/notice.tsx';
import { EdgeStatus, ReasonBadge } from '../show/states.tsx';
import { useStore } from '../store.ts';
import { useWords } from '../words/words.ts';
import { AppActions } from './app-actions.tsx';
import { AppHistory } from './app-history.tsx';
import { AppPlaces } from './app-places.tsx';
import { HoldTable } from './hold-table.tsx';
import { ServerTable } from './server-table.tsx';

/** Ages and measured shares move without an event. */
const EVERY_MS = 4000;

export function AppScreen({ name }: { readonly name: string }) {
  const words = useWords();
  const state = useStore(fleet);
  const changed = state.apps.find((app) => app.name === name);
  const path = `apps/${encodeURIComponent(name)}`;
  const { answer, problem, again } = useAnswer<AppAnswer>(path, { everyMs: EVERY_MS, changed });
  if (answer && problem?.status !== 404) return <App app={answer} />;
  return (
    <div class="screen">
      <h1>{name}</h1>
      {problem?.status === 404 && (
        <Empty>
          {words.noSuchApp} <a href={linkTo(['apps'])}>{words.apps}</a>
        </Empty>
      )}
      {problem && problem.status !== 404 && <Trouble problem={problem} again={again} />}
      {!problem && <Loading />}
    </div>
  );
}

function App({ app }: { readonly app: AppAnswer }) {
  const words = useWords();
  const { name, hosts, version, refused, servers, holds } = app;
  return (
    <div class="screen">
      <div class="bar">
        <h1>{name}</h1>
        {refused ? (
          <ReasonBadge reason={refused} />
        ) : (
          <Badge tone={version === null ? 'quiet' : 'well'}>
            {version === null ? words.notPublished : words.versionNumber(version)}
          </Badge>
        )}
        <span class="hosts">{hosts.length === 0 ? words.noHosts : hosts.join(', ')}</span>
        <AppJobs name={name} />
        <AppActions app={app} />
      </div>
      {refused && <p class="reason">{refused.text}</p>}
      <section>
        <h2>{words.whereItGoes}</h2>
        <AppPlaces app={app} />
      </section>
      <section>
        <h2>{words.atEdges}</h2>
        <AtEdges version={version} />
      </section>
      <section>
        <h2>{words.holds}</h2>
        <HoldTable holds={holds} />
      </section>
      <section>
        <h2>{words.servers}</h2>
        {servers.length === 0 ? (
          <Empty>{words.nothingServes}</Empty>
        ) : (
          <ServerTable servers={servers} />
        )}
      </section>
      <section>
        <h2>{words.history}</h2>
        <AppHistory app={name} changed={version} />
      </section>
    </div>
  );
}

/** Which of the edges has the version that is published. */
function AtEdges({ version }: { readonly version: number | null }) {
  const words = useWords();
  const { edges, leader } = useStore(fleet);
  if (edges.length === 0) return <Empty>{words.noEdges}</Empty>;
  return (
    <ul class="chips">
      {edges.map(({ name, status, mark }) => {
        // Marks answer within their term only.
        const isOurs = mark !== undefined && mark.term === (leader?.term ?? mark.term);
        const has = isOurs && version !== null && mark.version >= version;
        return (
          <li key={name}>
            <strong>{name}</strong>
            {has ? (
              <Badge tone={status === 'unreachable' ? 'bad' : 'well'}>
                {status === 'unreachable' ? words.edgeStates.unreachable : words.hasIt}
              </Badge>
            ) : (
              <EdgeStatus status={status} />
            )}
            <span class="detail">{mark ? words.versionNumber(mark.version) : words.none}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** That have it locked: no other may begin. */
function AppJobs({ name }: { readonly name: string }) {
  const words = useWords();
  const { jobs } = useStore(fleet);
  const own = jobs.filter((job) => !isEnded(job) && job.apps.includes(name));
  return (
    <>
      {own.map(({ id, state }) => (
        <Badge key={id} tone="held">
          <a href={linkTo(['jobs', id])}>{words.jobIs(id, words.jobStates[state])}</a>
        </Badge>
      ))}
    </>
  );
}
