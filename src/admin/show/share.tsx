// Shares as numbers over a bar.

import { percent } from './numbers.ts';

/** In a cell of a table. */
export function ShareCell({ share, beside }: { readonly share: number; readonly beside?: string }) {
  return (
    <span class="share-cell">
      <span class="share-fill" style={{ width: `${share * 100}%` }} />
      <span class="share-number">{percent(share)}</span>
      {beside !== undefined && <span class="share-beside">{beside}</span>}
    </span>
  );
}

export type ShareKind = 'exact' | 'rounded' | 'measured';

/** One line of the three that belong together. `share` undefined: it is not known. */
export function ShareBar({
  kind,
  label,
  title,
  share,
}: {
  readonly kind: ShareKind;
  readonly label: string;
  readonly title: string;
  readonly share: number | undefined;
}) {
  return (
    <div class={`share-bar ${kind}`} title={title}>
      <span class="share-label">{label}</span>
      <span class="share-track">
        <span class="share-fill" style={{ width: `${(share ?? 0) * 100}%` }} />
      </span>
      <span class="share-number">{share === undefined ? '–' : percent(share)}</span>
    </div>
  );
}
