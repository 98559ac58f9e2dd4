// What changed, by whom and why; and back to it.

import { useState } from 'preact/hooks';
import type { ChangeAnswer } from '../../api/history-shapes.ts';
import { fleet } from '../live/live.ts';
import { usePages } from '../live/pages.ts';
import { setQuery, type Place } from '../route.ts';
import { Revert } from '../say/revert.tsx';
import { PageList } from '../show/page-list.tsx';
import { useStore } from '../store.ts';
import { placeName, useWords } from '../words/words.ts';
import { ChangeList } from './change-list.tsx';

const FILTERS = ['app', 'cluster', 'cause', 'actor'] as const;
const EVERY_MS = 5000;

export function HistoryScreen({ query }: Pick<Place, 'query'>) {
  const words = useWords();
  const { apps } = useStore(fleet);
  const [reverted, setReverted] = useState<ChangeAnswer>();
  const pages = usePages<ChangeAnswer>(`history?${searchOf(query)}`, {
    everyMs: EVERY_MS,
    changed: apps,
  });
  return (
    <div class="screen">
      <div class="bar">
        <h1>{words.history}</h1>
        <Filters query={query} />
      </div>
      <PageList
        pages={pages}
        draw={(items) => <ChangeList changes={items} isOfOne={false} revert={setReverted} />}
      />
      {reverted && (
        <Revert
          app={reverted.app}
          version={reverted.version}
          close={() => setReverted(undefined)}
        />
      )}
    </div>
  );
}

function searchOf(query: Place['query']): string {
  const search = new URLSearchParams({ limit: '50' });
  for (const name of FILTERS) {
    const value = query[name]?.trim() ?? '';
    if (value !== '') search.set(name, value);
  }
  return search.toString();
}

function Filters({ query }: Pick<Place, 'query'>) {
  const words = useWords();
  const { clusters } = useStore(fleet);
  const { app = '', cluster = '', cause = '', actor = '' } = query;
  return (
    <div class="filters" role="search">
      <input
        type="search"
        aria-label={words.app}
        placeholder={words.app}
        value={app}
        onInput={({ currentTarget: { value } }) => setQuery({ app: value })}
      />
      <select
        aria-label={words.clusterFilter}
        value={cluster}
        onChange={({ currentTarget: { value } }) => setQuery({ cluster: value })}
      >
        <option value="">{words.anywhere}</option>
        {[...clusters.map(({ name }) => name), 'vm'].map((name) => (
          <option key={name} value={name}>
            {placeName(words, name)}
          </option>
        ))}
      </select>
      <select
        aria-label={words.causes}
        value={cause}
        onChange={({ currentTarget: { value } }) => setQuery({ cause: value })}
      >
        <option value="">{words.anyCause}</option>
        {Object.entries(words.causeKinds).map(([kind, word]) => (
          <option key={kind} value={kind}>
            {word}
          </option>
        ))}
      </select>
      <input
        type="search"
        aria-label={words.actor}
        placeholder={words.actor}
        value={actor}
        onInput={({ currentTarget: { value } }) => setQuery({ actor: value })}
      />
    </div>
  );
}
