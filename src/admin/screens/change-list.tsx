// Changes, the newest first: what moved, why, by whom, and when each edge had it.

import type { ChangeAnswer } from '../../api/history-shapes.ts';
import { useMayHold } from '../live/session.ts';
import { linkTo } from '../route.ts';
import { Badge } from '../show/badge.tsx';
import { percent } from '../show/numbers.ts';
import { When } from '../show/time.tsx';
import { placeName, useWords } from '../words/words.ts';

export function ChangeList({
  changes,
  isOfOne,
  revert,
}: {
  readonly changes: readonly ChangeAnswer[];
  /** All are of one app. */
  readonly isOfOne: boolean;
  readonly revert: (change: ChangeAnswer) => void;
}) {
  return (
    <ol class="changes">
      {changes.map((change) => (
        <li key={change.id}>
          <Change change={change} isOfOne={isOfOne} revert={() => revert(change)} />
        </li>
      ))}
    </ol>
  );
}

interface ChangeParts {
  readonly change: ChangeAnswer;
  readonly isOfOne: boolean;
  readonly revert: () => void;
}

function Change({ change, isOfOne, revert }: ChangeParts) {
  const words = useWords();
  const { at, app, version, actor, causes, clusters } = change;
  const mayHold = useMayHold({ app });
  return (
    <article class="change" aria-label={`${app} ${words.versionNumber(version)}`}>
      <header>
        {!isOfOne && <a href={linkTo(['apps', app])}>{app}</a>}
        <strong>{words.versionNumber(version)}</strong>
        <When at={at} />
        <span class="detail">{actor}</span>
        {causes.map(({ kind, text }) => (
          <Badge key={`${kind} ${text}`} tone="quiet">
            {words.causeKinds[kind]}
            {kind !== 'first-look' && <span class="detail">{text}</span>}
          </Badge>
        ))}
        {mayHold && (
          <button
            type="button"
            aria-label={`${words.revert} ${words.revertTo(app, version)}`}
            title={words.revertTo(app, version)}
            onClick={revert}
          >
            {words.revert}
          </button>
        )}
      </header>
      <ul class="moves">
        {clusters.map(({ name, before, after }) => (
          <li key={name}>
            {placeName(words, name)}{' '}
            <span class="numbers" title={after?.sum ?? before?.sum}>
              {words.beforeAfter(shareOf(before), shareOf(after))}
            </span>
          </li>
        ))}
      </ul>
      <Details change={change} />
    </article>
  );
}

function shareOf(part: { readonly share: number } | undefined): string {
  return part ? percent(part.share) : '–';
}

function Details({ change: { servers, edges, clusters } }: { readonly change: ChangeAnswer }) {
  const words = useWords();
  const moved = servers.filter(({ before, after }) => before !== after);
  return (
    <details>
      <summary>{words.details}</summary>
      <ul>
        {clusters.map(({ name, after, before }) => (
          <li key={name}>
            {placeName(words, name)}: {words.sameSum(after?.sum ?? before?.sum ?? '–')}
          </li>
        ))}
      </ul>
      <ul class="numbers">
        {moved.map(({ address, from, before = '–', after = '–' }) => (
          <li key={`${address} ${from}`}>
            {address} {words.beforeAfter(String(before), String(after))}
          </li>
        ))}
      </ul>
      <ul aria-label={words.acknowledgedBy}>
        {edges.map(({ name, acknowledged, afterMs }) => (
          <li key={name}>
            {name}{' '}
            {acknowledged ? (
              <Badge tone="well">{afterMs === undefined ? words.edgeHasIt : `${afterMs} ms`}</Badge>
            ) : (
              <Badge tone="warning">{words.notAcknowledged}</Badge>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}
