// All apps, and where their requests go: searched, filtered and sorted here, ten thousand as well as ten.

import { useMemo } from 'preact/hooks';
import { fleet } from '../live/live.ts';
import { linkTo, setQuery, type Place } from '../route.ts';
import { Badge } from '../show/badge.tsx';
import { Empty, WhenKnown } from '../show/notice.tsx';
import { whole } from '../show/numbers.ts';
import { ShareCell } from '../show/share.tsx';
import { ReasonBadge } from '../show/states.tsx';
import { LongTable, type Column, type Sorting } from '../show/table.tsx';
import { useStore } from '../store.ts';
import { placeName, useWords, type Words } from '../words/words.ts';
import { chooseRows, placesOf, rowsOf, type AppRow, type Asked } from './app-list.ts';

const SHOWS = ['all', 'refused', 'held'] as const;

export function AppsScreen({ query }: Pick<Place, 'query'>) {
  const words = useWords();
  const state = useStore(fleet);
  const asked = readAsked(query);
  const { search, show, cluster, by, down } = asked;
  const rows = useMemo(() => rowsOf(state), [state]);
  const places = useMemo(() => placesOf(state), [state]);
  const chosen = useMemo(
    () => chooseRows(rows, { search, show, cluster, by, down }),
    [rows, search, show, cluster, by, down],
  );
  const columns = useMemo(() => columnsOf(places, words), [places, words]);
  return (
    <div class="screen filling">
      <div class="bar">
        <h1>{words.apps}</h1>
        <Filters asked={asked} places={places} />
        <p class="found" role="status">
          {words.appsFound(chosen.length, rows.length)}
        </p>
      </div>
      <WhenKnown>
        {chosen.length === 0 ? (
          <Empty>{rows.length === 0 ? words.noApps : words.noAppFits}</Empty>
        ) : (
          <LongTable
            label={words.apps}
            columns={columns}
            rows={chosen}
            keyOf={({ name }) => name}
            sorting={sortingOf(asked)}
          />
        )}
      </WhenKnown>
    </div>
  );
}

function readAsked({
  search = '',
  show = 'all',
  cluster = '',
  by = 'name',
  down = '',
}: Place['query']): Asked {
  return { search, show, cluster, by, down: down === 'yes' };
}

function sortingOf({ by, down }: Asked): Sorting {
  return {
    by,
    down,
    // Of numbers the most are wanted first, of names the first.
    sort(next) {
      const isDown = next === by ? !down : next !== 'name';
      setQuery({ by: next === 'name' ? '' : next, down: isDown ? 'yes' : '' });
    },
  };
}

function Filters({ asked, places }: { readonly asked: Asked; readonly places: readonly string[] }) {
  const words = useWords();
  return (
    <div class="filters" role="search">
      <input
        type="search"
        aria-label={words.findApps}
        placeholder={words.findApps}
        value={asked.search}
        onInput={({ currentTarget: { value } }) => setQuery({ search: value })}
      />
      <select
        aria-label={words.show}
        value={asked.show}
        onChange={({ currentTarget: { value } }) =>
          setQuery({ show: value === 'all' ? '' : value })
        }
      >
        {SHOWS.map((one) => (
          <option key={one} value={one}>
            {words.appFilters[one]}
          </option>
        ))}
      </select>
      <select
        aria-label={words.clusterFilter}
        value={asked.cluster}
        onChange={({ currentTarget: { value } }) => setQuery({ cluster: value })}
      >
        <option value="">{words.anywhere}</option>
        {places.map((place) => (
          <option key={place} value={place}>
            {placeName(words, place)}
          </option>
        ))}
      </select>
    </div>
  );
}

function columnsOf(places: readonly string[], words: Words): Column<AppRow>[] {
  return [
    {
      key: 'name',
      head: words.name,
      width: 13,
      isSortable: true,
      cell: ({ name, hosts }) => (
        <a href={linkTo(['apps', name])} title={hosts.join(', ')}>
          {name}
        </a>
      ),
    },
    {
      key: 'state',
      head: words.state,
      width: 10,
      isSortable: true,
      cell: (row) => <AppState row={row} />,
    },
    {
      key: 'pods',
      head: words.pods,
      width: 5,
      isNumber: true,
      isSortable: true,
      cell: ({ pods }) => whole(pods),
    },
    {
      key: 'servers',
      head: words.servers,
      width: 6,
      isNumber: true,
      isMinor: true,
      isSortable: true,
      cell: ({ servers }) => whole(servers),
    },
    {
      key: 'version',
      head: words.version,
      width: 6,
      isNumber: true,
      isMinor: true,
      isSortable: true,
      cell: ({ version }) => version ?? '–',
    },
    ...places.map((place) => ({
      key: `in:${place}`,
      head: placeName(words, place),
      width: 6.5,
      isNumber: true,
      isSortable: true,
      cell: ({ shares }: AppRow) => {
        const share = shares.get(place);
        return share === undefined ? <span class="none">–</span> : <ShareCell share={share} />;
      },
    })),
  ];
}

function AppState({ row: { refused, isHeld, version } }: { readonly row: AppRow }) {
  const words = useWords();
  if (refused) return <ReasonBadge reason={refused} />;
  if (isHeld) return <Badge tone="held">{words.held}</Badge>;
  if (version === null) return <Badge tone="quiet">{words.notPublished}</Badge>;
  return <Badge tone="well">{words.well}</Badge>;
}
