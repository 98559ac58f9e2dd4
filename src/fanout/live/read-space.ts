// What takes room in a cluster: nodes and pods of all namespaces, quotas and limit ranges of those that a
// fan-out writes to.
//
// Comes in: links, by the credentials that watch the cluster for what is everybody's and by those of jobs
// for what is a namespace's. Goes out: what could be read. On failure: that part is not there, and room is
// then none, with the reason.

import type { V1LimitRange, V1Node, V1Pod, V1ResourceQuota } from '@kubernetes/client-node';
import { type Ask, listWhole } from '../../clusters/json-answer.ts';
import type { Booked } from '../../migration/capacity/ledger.ts';
import type { DestinationView } from '../../migration/capacity/room.ts';
import type { Space } from '../plan/space.ts';

export interface SpaceAsking {
  readonly wide: Ask;
  readonly own: Ask;
  readonly namespaces: readonly string[];
  /** Of each node, what stays free. */
  readonly headroomPercent: number;
  readonly bookings: readonly Booked[];
}

export async function readSpace(asking: SpaceAsking): Promise<Space> {
  const { wide, own, namespaces, headroomPercent, bookings } = asking;
  const within = async <T>(resource: string): Promise<readonly T[] | undefined> => {
    const paths = namespaces.map((one) => `/api/v1/namespaces/${encodeURIComponent(one)}`);
    const lists = await Promise.all(paths.map((path) => known<T>(own, `${path}/${resource}`)));
    return lists.some((list) => !list) ? undefined : lists.flatMap((list) => list ?? []);
  };
  const [nodes, pods, quotas, limitRanges] = await Promise.all([
    known<V1Node>(wide, '/api/v1/nodes'),
    known<V1Pod>(wide, '/api/v1/pods'),
    within<V1ResourceQuota>('resourcequotas'),
    within<V1LimitRange>('limitranges'),
  ]);
  const view: DestinationView = {
    headroomPercent,
    ...(nodes && { nodes }),
    ...(pods && { pods }),
    ...(quotas && { quotas }),
    ...(limitRanges && { limitRanges }),
  };
  return { view, bookings };
}

/** Undefined where it may not, or cannot, be read. */
async function known<T>(ask: Ask, path: string): Promise<readonly T[] | undefined> {
  return await listWhole(ask, path).then(
    (items) => items as unknown as readonly T[],
    () => undefined,
  );
}
