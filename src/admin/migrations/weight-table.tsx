// The weights of every step of a move: from the first to the rule again.

import type { PlanAnswer } from '../../api/migration-shapes.ts';
import { percent } from '../show/numbers.ts';
import { Badge } from '../show/badge.tsx';
import { Table, type Column } from '../show/table.tsx';
import { placeName, useWords } from '../words/words.ts';

type Weights = NonNullable<PlanAnswer['apps'][number]['weights']>;
type Step = Weights['steps'][number];

export function WeightTable({
  app,
  weights: { factor, steps },
  at,
}: {
  readonly app: string;
  readonly weights: Weights;
  /** The step that its move is at. */
  readonly at?: string;
}) {
  const words = useWords();
  const places = [...new Set(steps.flatMap(({ parts }) => parts.map(({ from }) => from)))];
  const columns: readonly Column<Step>[] = [
    {
      key: 'step',
      head: words.weightStep,
      cell: ({ step }) => (
        <>
          {step} {step === at && <Badge tone="held">{words.nowAt}</Badge>}
        </>
      ),
    },
    ...places.map((place) => ({
      key: place,
      head: placeName(words, place),
      isNumber: true,
      cell: ({ parts }: Step) => {
        const part = parts.find(({ from }) => from === place);
        if (!part) return <span class="none">–</span>;
        return (
          <>
            {percent(part.share)}{' '}
            <span class="detail">{words.weightCell(part.sum, part.each)}</span>
          </>
        );
      },
    })),
  ];
  return (
    <>
      <Table
        label={`${words.weightTable}: ${app}`}
        columns={columns}
        rows={steps}
        keyOf={({ step }) => step}
      />
      {factor !== 1 && <p class="hint">{words.finer(factor)}</p>}
    </>
  );
}
