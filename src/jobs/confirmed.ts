// Whether jobs may delete (R12).
//
// Edges are known by their heartbeats, which Redis may have lost with all else: then an edge that is
// silent just now is missing in "all edges", and could go on sending to what is deleted. So after Redis was
// restarted, restored or promoted a person looks at the list first. On failure: as the journal.

import type { Lease } from '../edges/store.ts';
import type { JobJournal } from './journal.ts';

/** Why not; undefined: they may. Whoever deletes checks the lease after it: then it still stands. */
export async function unconfirmed(
  journal: Pick<JobJournal, 'confirmed'>,
  { runId, replId }: Lease,
): Promise<string | undefined> {
  const said = await journal.confirmed();
  if (said?.home.runId === runId && said.home.replId === replId) return undefined;
  const since = said ? 'since Redis was restarted, restored or promoted' : 'in this Redis';
  return `nobody has confirmed the list of edges ${since}: ballast edge get, then ballast edge confirm with all of them`;
}
