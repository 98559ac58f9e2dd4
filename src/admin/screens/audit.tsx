// Who said what: also what was refused.

import type { WordAnswer } from '../../api/history-shapes.ts';
import { usePages } from '../live/pages.ts';
import { setQuery, type Place } from '../route.ts';
import { Badge } from '../show/badge.tsx';
import { PageList } from '../show/page-list.tsx';
import { Table, type Column } from '../show/table.tsx';
import { When } from '../show/time.tsx';
import { useProblemWords } from '../words/problem-words.ts';
import { useWords } from '../words/words.ts';

const EVERY_MS = 5000;

export function AuditScreen({ query }: Pick<Place, 'query'>) {
  const words = useWords();
  const pages = usePages<WordAnswer>(`audit?${searchOf(query)}`, { everyMs: EVERY_MS });
  return (
    <div class="screen">
      <div class="bar">
        <h1>{words.audit}</h1>
        <Filters query={query} />
      </div>
      <PageList pages={pages} draw={(items) => <Words items={items} />} />
    </div>
  );
}

function searchOf({ refused = '', actor = '' }: Place['query']): string {
  const search = new URLSearchParams({ limit: '50' });
  if (refused !== '') search.set('refused', 'true');
  if (actor.trim() !== '') search.set('actor', actor.trim());
  return search.toString();
}

function Filters({ query: { refused = '', actor = '' } }: Pick<Place, 'query'>) {
  const words = useWords();
  return (
    <div class="filters" role="search">
      <input
        type="search"
        aria-label={words.actor}
        placeholder={words.actor}
        value={actor}
        onInput={({ currentTarget: { value } }) => setQuery({ actor: value })}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={refused !== ''}
          onChange={() => setQuery({ refused: refused === '' ? 'yes' : '' })}
        />
        {words.onlyRefused}
      </label>
    </div>
  );
}

function Words({ items }: { readonly items: readonly WordAnswer[] }) {
  const words = useWords();
  const columns: readonly Column<WordAnswer>[] = [
    { key: 'at', head: words.at, cell: ({ at }) => <When at={at} /> },
    { key: 'actor', head: words.actor, cell: (word) => word.actor },
    { key: 'text', head: words.word, cell: ({ text }) => <span class="why">{text}</span> },
    { key: 'answer', head: words.answer, cell: (word) => <Answer word={word} /> },
    {
      key: 'version',
      head: words.version,
      isNumber: true,
      cell: ({ version }) => version ?? '–',
    },
  ];
  return <Table label={words.audit} columns={columns} rows={items} keyOf={({ id }) => id} />;
}

function Answer({ word: { refused, changed = 0 } }: { readonly word: WordAnswer }) {
  const words = useWords();
  if (!refused) return <Badge tone="well">{words.changedApps(changed)}</Badge>;
  return <Refused refused={refused} />;
}

function Refused({ refused: { code, detail } }: Required<Pick<WordAnswer, 'refused'>>) {
  const { title } = useProblemWords({ code, title: code, act: '' });
  return (
    <Badge tone="bad" title={detail}>
      {title} <span class="detail">{detail}</span>
    </Badge>
  );
}
