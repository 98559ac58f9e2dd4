// What of a cluster bears on room, as served. Read by others; plain data.

import type { Booked } from '../../migration/capacity/ledger.ts';
import type { DestinationView } from '../../migration/capacity/room.ts';

export interface Space {
  readonly view: DestinationView;
  /** What jobs have booked, and who. */
  readonly bookings: readonly Booked[];
}
