import type { AppAnswer } from '../../api/shapes.ts';
import { percent } from '../show/numbers.ts';
import { Badge } from '../show/badge.tsx';
import { LongTable, Table, type Column } from '../show/table.tsx';
import { placeName, useWords } from '../words/words.ts';

type Server = AppAnswer['servers'][number];

const SHORT = 50;

export function ServerTable({ servers }: Pick<AppAnswer, 'servers'>) {
  const words = useWords();
  const number = (share: number | undefined) => (share === undefined ? '–' : percent(share));
  const columns: readonly Column<Server>[] = [
    { key: 'address', head: words.address, width: 14, cell: ({ address }) => address },
    { key: 'from', head: words.from, width: 9, cell: ({ from }) => placeName(words, from) },
    {
      key: 'weight',
      head: words.weight,
      width: 6,
      isNumber: true,
      cell: ({ weight, auto }) =>
        auto === undefined ? (
          weight
        ) : (
          <span title={words.isAutomatic(auto)}>
            {weight} <span class="detail">/ {auto}</span>
          </span>
        ),
    },
    {
      key: 'exact',
      head: words.exact,
      isNumber: true,
      isMinor: true,
      cell: ({ exactShare }) => number(exactShare),
    },
    { key: 'share', head: words.rounded, isNumber: true, cell: ({ share }) => number(share) },
    {
      key: 'measured',
      head: words.measured,
      isNumber: true,
      cell: ({ measuredShare }) => number(measuredShare),
    },
    {
      key: 'hold',
      head: words.hold,
      width: 9,
      cell: ({ hold }) =>
        hold === undefined ? <span class="none">–</span> : <Badge tone="held">{hold}</Badge>,
    },
    {
      key: 'unhealthy',
      head: words.unhealthyAt,
      width: 12,
      cell: ({ unhealthyAt = [] }) =>
        unhealthyAt.length > 0 ? (
          <Badge tone="bad">{unhealthyAt.join(', ')}</Badge>
        ) : (
          <span class="none">–</span>
        ),
    },
  ];
  const parts = { label: words.servers, columns, rows: servers, keyOf: keyOf };
  return servers.length > SHORT ? <LongTable {...parts} /> : <Table {...parts} />;
}

function keyOf({ address, from }: Server): string {
  return `${address} ${from}`;
}
