// Every edge: what it has applied and saved, in each nginx worker, and what it refused.

import { useState } from 'preact/hooks';
import type { EdgeAnswer, LeaderAnswer } from '../../api/shapes.ts';
import { useAnswer } from '../live/answer.ts';
import { fleet } from '../live/live.ts';
import { useIsAdmin } from '../live/session.ts';
import { SayDialog } from '../say/say-dialog.tsx';
import { Badge } from '../show/badge.tsx';
import { Empty, Loading, Trouble } from '../show/notice.tsx';
import { whole } from '../show/numbers.ts';
import { EdgeStatus } from '../show/states.tsx';
import { duration } from '../show/time.tsx';
import { useStore } from '../store.ts';
import { useWords, type Words } from '../words/words.ts';

interface Edges {
  readonly leader: LeaderAnswer;
  readonly published?: { readonly version: number };
  readonly items: readonly EdgeAnswer[];
}

const EVERY_MS = 2000;

export function EdgesScreen() {
  const words = useWords();
  const { edges } = useStore(fleet);
  const { answer, problem, again } = useAnswer<Edges>('edges', {
    everyMs: EVERY_MS,
    changed: edges,
  });
  return (
    <div class="screen">
      <div class="bar">
        <h1>{words.edges}</h1>
        {answer && <Leader leader={answer.leader} />}
      </div>
      {problem && <Trouble problem={problem} again={again} />}
      {!answer && !problem && <Loading />}
      {answer?.items.length === 0 && <Empty>{words.noEdges}</Empty>}
      {answer && (
        <ul class="places">
          {answer.items.map((edge) => (
            <li key={edge.name}>
              <Edge edge={edge} latest={latestOf(answer)} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Leader({ leader: { leading, phase, term, address } }: Pick<Edges, 'leader'>) {
  const words = useWords();
  const isLed = leading || address !== undefined;
  return (
    <>
      <Badge tone={isLed ? 'well' : 'bad'}>
        {leading ? words.leads : address === undefined ? phase : words.standsBy(address)}
      </Badge>
      {term !== undefined && <span class="detail">{`${words.term} ${term}`}</span>}
    </>
  );
}

/** What is published, or more where an edge has it already: an edge lies so much behind it. */
function latestOf({ items, published }: Edges): number {
  return Math.max(published?.version ?? 0, ...items.map(({ state }) => state?.mark?.version ?? 0));
}

function Edge({ edge, latest }: { readonly edge: EdgeAnswer; readonly latest: number }) {
  const words = useWords();
  const { name, status, configured, control, ageSeconds, trouble, state } = edge;
  return (
    <article aria-label={name}>
      <h2>
        {name} <EdgeStatus status={status} />
        {!configured && status === 'unreachable' && <Retire name={name} />}
      </h2>
      <dl class="facts">
        <Fact name={words.heard}>
          {ageSeconds === undefined ? words.never : words.ago(duration(words, ageSeconds))}
        </Fact>
        {state && <State state={state} latest={latest} />}
        <Fact name={words.control}>{controlText(words, configured, control)}</Fact>
        <Fact name={words.lastError}>{trouble ?? words.none}</Fact>
      </dl>
      {state && state.refused.length > 0 && <Refused state={state} />}
    </article>
  );
}

function controlText(words: Words, configured: boolean, control = '–'): string {
  return configured ? control : `${control} (${words.byHeartbeat})`;
}

function Fact({ name, children }: { readonly name: string; readonly children: string | number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Of one that is gone, and that no configuration names. */
function Retire({ name }: { readonly name: string }) {
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  if (!useIsAdmin()) return null;
  const path = `edges/${encodeURIComponent(name)}`;
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        {words.retire}
      </button>
      {isOpen && (
        <SayDialog
          title={words.retireTitle(name)}
          close={() => setOpen(false)}
          doIt={words.doRetire}
          saying={{
            method: 'DELETE',
            path,
            query: `confirm=${encodeURIComponent(name)}`,
            isForNoEdge: true,
          }}
          name={name}
          isBlind
          isDangerous
        >
          <p>{words.retireHint}</p>
        </SayDialog>
      )}
    </>
  );
}

type State = NonNullable<EdgeAnswer['state']>;

function State({ state, latest }: { readonly state: State; readonly latest: number }) {
  const words = useWords();
  const { mark, saved, workers, documents, source } = state;
  return (
    <>
      <Fact name={words.mark}>{versionIn(mark, words)}</Fact>
      <Fact name={words.lag}>{words.versions(latest - (mark?.version ?? 0))}</Fact>
      <Fact name={words.saved}>{versionIn(saved, words)}</Fact>
      <Fact name={words.documents}>{whole(documents)}</Fact>
      <Fact name={words.source}>{source}</Fact>
      <div>
        <dt>{`${words.nginxWorkers} (${workers.length})`}</dt>
        {workers.map((worker) => (
          <dd key={worker.pid}>{words.workerAt(worker.pid, versionIn(worker.mark, words))}</dd>
        ))}
      </div>
    </>
  );
}

function versionIn(mark: State['mark'], words: Words): string {
  return mark ? words.versionNumber(mark.version) : words.none;
}

function Refused({ state: { refused } }: { readonly state: State }) {
  const words = useWords();
  return (
    <ul aria-label={words.refused}>
      {refused.map(({ app, code, stamp }) => (
        <li key={app}>
          <Badge tone="bad">{app}</Badge>{' '}
          <span class="detail">{`${code}, ${words.versionNumber(stamp.version)}`}</span>
        </li>
      ))}
    </ul>
  );
}
