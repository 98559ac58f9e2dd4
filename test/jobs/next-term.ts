// A term as a controller takes it: lease, term, seeding.

import { isHeld, isRefusal, type Lease, type Store } from '../../src/edges/store.ts';

export async function nextTerm(store: Store, term: number): Promise<Lease> {
  const taken = await store.take('runner', 'runner:1', 600_000);
  if (isHeld(taken)) throw new Error(`held by ${taken.heldBy}`);
  const lease = await store.takeTerm(taken, 'runner:1', 600_000, term);
  if (isRefusal(lease)) throw new Error(lease.refused);
  const seeded = await store.seed(lease, []);
  if (isRefusal(seeded)) throw new Error(seeded.refused);
  return lease;
}
