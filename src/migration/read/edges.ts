// The edges, as a plan sees them. Pure.

import type { EdgeView } from '../../edges/edge-book.ts';
import type { EdgeWorld } from '../plan/model.ts';

export function edgesSeen(views: readonly EdgeView[]): EdgeWorld[] {
  return views.map(({ name, status, ageSeconds, trouble }) => {
    if (status === 'current' || status === 'behind') return { name };
    const since =
      ageSeconds === undefined ? 'it never gave word' : `no word for ${Math.round(ageSeconds)} s`;
    return { name, silent: trouble === undefined ? since : `${since}: ${trouble}` };
  });
}
