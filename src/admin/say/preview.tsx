// What a word would change: every app's shares before and after, and the capacity that is left.

import { useMemo } from 'preact/hooks';
import type { PreviewAnswer } from '../../api/shapes.ts';
import { Badge } from '../show/badge.tsx';
import { percent } from '../show/numbers.ts';
import { ReasonBadge } from '../show/states.tsx';
import { LongTable, type Column } from '../show/table.tsx';
import { placeName, useWords, type Words } from '../words/words.ts';
import { leastLeft, previewPlaces, previewRows, type PreviewRow } from './preview-rows.ts';

export function Preview({
  preview,
  about,
}: {
  readonly preview: PreviewAnswer;
  readonly about?: string;
}) {
  const words = useWords();
  const rows = useMemo(() => previewRows(preview), [preview]);
  const places = useMemo(() => previewPlaces(rows, about), [rows, about]);
  const columns = useMemo(() => columnsOf(places, words), [places, words]);
  const least = leastLeft(rows);
  return (
    <section class="preview">
      <h3>{words.preview}</h3>
      <p role="status">
        {rows.length === 0 ? words.noChange : words.appsChange(rows.length)}
        {least && least.left < 1 && (
          <>
            {' '}
            <Badge tone={least.left < 0.5 ? 'warning' : 'quiet'}>
              {words.leastLeft(percent(least.left), least.app)}
            </Badge>
          </>
        )}
      </p>
      <NotMoved {...preview} />
      {rows.length > 0 && (
        <>
          <LongTable label={words.preview} columns={columns} rows={rows} keyOf={({ app }) => app} />
          <p class="hint">
            {words.capacityLeft}: {words.capacityHint}
          </p>
        </>
      )}
    </section>
  );
}

/** What stays as it is, and why. */
function NotMoved({ refused, unheld = [], idle = [] }: PreviewAnswer) {
  const words = useWords();
  return (
    <>
      {refused.length > 0 && (
        <div class="kept">
          <p>{words.wouldRefuse}</p>
          <ul>
            {refused.map(({ app, reason }) => (
              <li key={app}>
                <strong>{app}</strong> <ReasonBadge reason={reason} />{' '}
                <span class="detail">{reason.text}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {idle.length > 0 && (
        <p>
          <Badge tone="warning">{words.idle}</Badge>{' '}
          <span class="detail">{idle.map(({ why }) => why).join('; ')}</span>
        </p>
      )}
      {unheld.length > 0 && (
        <p>
          {words.unheld}: {unheld.join(', ')}
        </p>
      )}
    </>
  );
}

function columnsOf(places: readonly string[], words: Words): Column<PreviewRow>[] {
  return [
    { key: 'app', head: words.app, width: 9, cell: ({ app }) => app },
    {
      key: 'left',
      head: words.capacityLeft,
      width: 12.5,
      isNumber: true,
      cell: ({ left, before, after }) => (
        <>
          <strong>{percent(left)}</strong>{' '}
          <span class="detail">{words.beforeAfter(String(before), String(after))}</span>
        </>
      ),
    },
    ...places.map((place) => ({
      key: place,
      head: placeName(words, place),
      width: 11,
      isNumber: true,
      cell: ({ shares }: PreviewRow) => <Change change={shares.get(place)} />,
    })),
  ];
}

type Pair = readonly [number, number];

function Change({ change }: { readonly change: Pair | undefined }) {
  const words = useWords();
  if (!change) return <span class="none">–</span>;
  const [before, after] = change;
  const text = words.beforeAfter(percent(before), percent(after));
  return before === after ? <span class="detail">{percent(after)}</span> : <>{text}</>;
}
