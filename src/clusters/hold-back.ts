// Pods that turn unready while they stay are held back for a moment. Where kubelets fall silent the control
// plane marks their nodes first and their pods right after, but those words come by different watches, and
// the pods' may be here first. Counts that fell with them would be published; with the nodes' word at hand
// they are known to be a sick control plane's.
//
// In: changes of records. Out: the same changes, or what became of them meanwhile, in order for each
// object. Nothing fails; when the signal aborts, what is held back is dropped.

import type { Clock } from '../clock.ts';
import type { Change } from './record-index.ts';
import type { Meta } from './records.ts';

export interface HoldBackParts<R extends Meta> {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whether pods of it turned unready, and did not go. */
  readonly worse: (before: R, after: R) => boolean;
  readonly apply: (changes: readonly Change<R>[]) => void;
}

const HOLD_MS = 1000;

export function holdBack<R extends Meta>({
  clock,
  signal,
  worse,
  apply,
}: HoldBackParts<R>): (changes: readonly Change<R>[]) => void {
  /** By uid: what was applied last, and what is held. */
  const held = new Map<string, { readonly before: R; after: R }>();

  const hold = (uid: string, change: { readonly before: R; after: R }): void => {
    held.set(uid, change);
    void clock.sleep(HOLD_MS, signal).then(() => {
      if (signal.aborted || held.get(uid) !== change) return;
      held.delete(uid);
      apply([change]);
    });
  };
  /** Answers what is to be applied now. */
  const take = (change: Change<R>): readonly Change<R>[] => {
    const uid = uidOf(change);
    const waiting = held.get(uid);
    const before = waiting?.before ?? change.before;
    const { after } = change;
    if (!before || after?.uid !== before.uid || !worse(before, after)) {
      held.delete(uid);
      return [{ before, after }];
    }
    // Later ones wait no longer than the first.
    if (waiting) waiting.after = after;
    else hold(uid, { before, after });
    return [];
  };

  return (changes) => {
    const now = changes.flatMap(take);
    if (now.length > 0) apply(now);
  };
}

function uidOf({ before, after }: Change<Meta>): string {
  return (after ?? before)?.uid ?? '';
}
