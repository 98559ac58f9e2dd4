// A person's word that these are all edges, without which jobs delete nothing. Of the Redis of this lease.

import type { Lease } from '../../src/edges/store.ts';
import type { JobJournal } from '../../src/jobs/journal.ts';

export async function confirmEdges(
  journal: Pick<JobJournal, 'confirm'>,
  lease: Lease,
): Promise<Lease> {
  const { runId, replId } = lease;
  const said = { who: 'ann', at: 0, edges: ['edge-1'], home: { runId, replId } };
  const refused = await journal.confirm(lease, said);
  if (refused) throw new Error(refused.refused);
  return lease;
}
