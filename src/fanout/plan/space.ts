// What of a cluster bears on room, as served. Read by others; plain data.

import type { Booking, DestinationView } from '../../migration/capacity/room.ts';

export interface Space {
  readonly view: DestinationView;
  /** What others have reserved and not yet bound. */
  readonly bookings: readonly Booking[];
}
