// Whether every edge has what a commit wrote (R8).
//
// Comes in: what edges last said of themselves. Goes out: for each, whether it has applied and saved
// everything up to a version of the present term. On failure: an edge that is silent has not.
//
// Marks do not answer across terms, so only those of the present term are taken: such a mark says
// that the edge has all that Redis held at that version, and that is what the version is counted by.

import type { EdgeBook, EdgeView } from '../edges/edge-book.ts';
import type { EdgeState } from '../edges/edge-state.ts';
import type { AppName, Stamp } from '../model.ts';

export interface Acknowledgement {
  readonly acknowledged: boolean;
  readonly edges: readonly { readonly name: string; readonly missing?: string }[];
}

export interface Wanted {
  /** Of the present term. */
  readonly stamp: Stamp;
  /** A document that an edge refused matters to this. */
  readonly concerns: (app: AppName) => boolean;
}

export function acknowledgedBy(
  book: Pick<EdgeBook, 'views'>,
  wanted: Wanted,
  now: number,
): Acknowledgement {
  const edges = book.views(wanted.stamp, now).map((view) => {
    const missing = missingAt(view, wanted);
    return { name: view.name, ...(missing !== undefined && { missing }) };
  });
  return { acknowledged: edges.every(({ missing }) => missing === undefined), edges };
}

function missingAt({ status, state, trouble }: EdgeView, wanted: Wanted): string | undefined {
  if (!state || status === 'never')
    return `it has never given word${trouble ? `: ${trouble}` : ''}`;
  if (status === 'unreachable') return `it is silent${trouble ? `: ${trouble}` : ''}`;
  return missingIn(state, wanted);
}

function missingIn(
  { refused, workers, mark, saved }: EdgeState,
  { stamp, concerns }: Wanted,
): string | undefined {
  const first = refused.find(({ app }) => concerns(app));
  if (first) return `it refused ${first.app}: ${first.code}`;
  if (![mark, ...workers.map((worker) => worker.mark)].every((one) => has(one, stamp))) {
    return 'it has not applied it yet';
  }
  return has(saved, stamp) ? undefined : 'it has not saved it yet';
}

function has(mark: Stamp | undefined, wanted: Stamp): boolean {
  return mark !== undefined && mark.term === wanted.term && mark.version >= wanted.version;
}
