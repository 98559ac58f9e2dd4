// The plan of a fan-out: what each cluster gets, and the rule behind each number.

import type { RunPlan } from '../../fanout/run/lanes.ts';
import { Badge, type Tone } from '../show/badge.tsx';
import { Table, type Column } from '../show/table.tsx';
import { useWords, type Words } from '../words/words.ts';
import { objectOf } from './lanes.ts';

type Entry = RunPlan['entries'][number];

const ACTIONS: Readonly<Record<string, Tone>> = {
  create: 'well',
  update: 'held',
  delete: 'bad',
  unread: 'warning',
};

export function FanoutPlan({ plan: { entries } }: { readonly plan: RunPlan }) {
  const words = useWords();
  const clusters = [...new Set(entries.map(({ cluster }) => cluster))];
  return (
    <>
      {clusters.map((cluster) => (
        <ClusterPlan
          key={cluster}
          cluster={cluster}
          entries={entries.filter((entry) => entry.cluster === cluster)}
          words={words}
        />
      ))}
    </>
  );
}

function ClusterPlan({
  cluster,
  entries,
  words,
}: {
  readonly cluster: string;
  readonly entries: readonly Entry[];
  readonly words: Words;
}) {
  const count = (action: string): number => entries.filter((one) => one.action === action).length;
  const columns: readonly Column<Entry>[] = [
    { key: 'object', head: words.object, cell: ({ key }) => objectOf(key) },
    {
      key: 'action',
      head: words.action,
      cell: ({ action }) => (
        <Badge tone={ACTIONS[action] ?? 'quiet'}>{words.actions[action] ?? action}</Badge>
      ),
    },
    { key: 'replicas', head: words.replicas, cell: (entry) => replicasOf(entry, words) },
    {
      key: 'rule',
      head: words.rule,
      cell: ({ replicas, notes }) => <Lines lines={[...(replicas?.reasons ?? []), ...notes]} />,
    },
    { key: 'differences', head: words.details, cell: (entry) => <Differences entry={entry} /> },
  ];
  return (
    <section class="cluster-plan">
      <h3>
        {cluster}{' '}
        <span class="detail">
          {words.clusterGets(count('create'), count('update'), count('delete'))}
        </span>
      </h3>
      <Table label={cluster} columns={columns} rows={entries} keyOf={({ key }) => key} />
    </section>
  );
}

function replicasOf({ replicas }: Entry, words: Words): string {
  if (!replicas) return '–';
  const { before, after } = replicas;
  if (after === undefined) return words.byAutoscaler;
  if (before === undefined || before === after) return `${after}`;
  return words.beforeAfter(`${before}`, `${after}`);
}

function Lines({ lines }: { readonly lines: readonly string[] }) {
  if (lines.length === 0) return <>–</>;
  return (
    <ul class="lines">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

function Differences({ entry: { differences, key } }: { readonly entry: Entry }) {
  const words = useWords();
  if (differences.length === 0) return <>–</>;
  const shown = (value: unknown): string =>
    value === undefined ? words.absent : JSON.stringify(value);
  return (
    <details>
      <summary aria-label={`${words.differences(differences.length)}: ${objectOf(key)}`}>
        {words.differences(differences.length)}
      </summary>
      <ul class="lines">
        {differences.map(({ path, before, after }) => (
          <li key={path}>
            <code>{path}</code>: {words.beforeAfter(shown(before), shown(after))}
          </li>
        ))}
      </ul>
    </details>
  );
}
