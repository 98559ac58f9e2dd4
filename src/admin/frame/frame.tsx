// What stands around every screen: where one is, how true what one sees is, who one is.

import { useMemo, useState } from 'preact/hooks';
import { connection, fleet, known } from '../live/live.ts';
import { caller, refused } from '../live/session.ts';
import { wanted } from '../live/token.ts';
import { linkTo, usePlace } from '../route.ts';
import { Screen } from '../screens/screen.tsx';
import { Loading, Trouble } from '../show/notice.tsx';
import { useStore } from '../store.ts';
import { useWords, type Words } from '../words/words.ts';
import { mattersOf } from './attention.ts';
import { useKeys } from './keys.ts';
import { LogIn } from './log-in.tsx';
import { KeyHelp } from './key-help.tsx';
import { Controls } from './controls.tsx';
import { Liveness } from './liveness.tsx';
import { useTitle } from './title.ts';

const SCREENS = [
  '',
  'apps',
  'clusters',
  'edges',
  'holds',
  'jobs',
  'migrations',
  'history',
  'audit',
] as const;

function nameOf(words: Words, screen: string): string {
  const names: Readonly<Record<string, string>> = {
    apps: words.apps,
    clusters: words.clusters,
    edges: words.edges,
    holds: words.holds,
    jobs: words.jobs,
    migrations: words.migrations,
    history: words.history,
    audit: words.audit,
  };
  return names[screen] ?? words.fleet;
}

export function Frame() {
  const words = useWords();
  const { path } = usePlace();
  const [isHelping, setHelping] = useState(false);
  const [help] = useState(() => () => setHelping(true));
  const state = useStore(fleet);
  const isLive = useStore(connection).state !== 'lost';
  const matters = useMemo(() => mattersOf(state, words), [state, words]);
  const [screen = '', name] = path;
  useKeys(help);
  useTitle(useStore(known) ? matters : [], isLive, name ?? nameOf(words, screen));
  return (
    <div class="frame">
      <a class="skip" href="#content" onClick={toContent}>
        {words.skip}
      </a>
      <header class="top">
        <Brand />
        <nav aria-label={words.screens}>
          {SCREENS.map((one) => (
            <a
              key={one}
              href={linkTo(one === '' ? [] : [one])}
              {...(one === screen && { 'aria-current': 'page' })}
            >
              {nameOf(words, one)}
              {one === '' && matters.length > 0 && (
                <span class={`count ${matters[0]?.tone}`}>{matters.length}</span>
              )}
            </a>
          ))}
          <a href="api/v1/docs">{words.apiPage}</a>
        </nav>
        <Liveness />
        <Controls help={help} />
      </header>
      <main id="content" tabIndex={-1}>
        <Content />
      </main>
      {isHelping && <KeyHelp close={() => setHelping(false)} />}
    </div>
  );
}

/** The part behind `#` is where one is: it must not become `content`. */
function toContent(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function Brand() {
  const who = useStore(caller);
  return (
    <p class="brand">
      <strong>Ballast</strong>
      {who && <span class="environment">{who.environment}</span>}
    </p>
  );
}

function Content() {
  const who = useStore(caller);
  const why = useStore(wanted);
  const problem = useStore(refused);
  const place = usePlace();
  if (why) return <LogIn why={why} />;
  if (who) return <Screen {...place} />;
  return problem ? <Trouble problem={problem} /> : <Loading />;
}
