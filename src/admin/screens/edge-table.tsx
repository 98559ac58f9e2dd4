import type { Fleet, LiveEdge } from '../live/fleet.ts';
import { linkTo } from '../route.ts';
import { Empty } from '../show/notice.tsx';
import { EdgeStatus } from '../show/states.tsx';
import { Table, type Column } from '../show/table.tsx';
import { useWords } from '../words/words.ts';

export function EdgeTable({ state: { edges } }: { readonly state: Fleet }) {
  const words = useWords();
  if (edges.length === 0) return <Empty>{words.noEdges}</Empty>;
  const columns: readonly Column<LiveEdge>[] = [
    { key: 'name', head: words.name, cell: ({ name }) => <a href={linkTo(['edges'])}>{name}</a> },
    { key: 'state', head: words.state, cell: ({ status }) => <EdgeStatus status={status} /> },
    {
      key: 'mark',
      head: words.mark,
      isNumber: true,
      cell: ({ mark }) => mark?.version ?? words.none,
    },
    {
      key: 'saved',
      head: words.saved,
      isNumber: true,
      cell: ({ saved }) => saved?.version ?? words.none,
    },
    {
      key: 'refused',
      head: words.refused,
      isNumber: true,
      cell: ({ refused = 0 }) => refused,
    },
    {
      key: 'trouble',
      head: words.lastError,
      isMinor: true,
      cell: ({ trouble = '' }) => <span class="detail">{trouble}</span>,
    },
  ];
  return <Table label={words.edges} columns={columns} rows={edges} keyOf={({ name }) => name} />;
}
