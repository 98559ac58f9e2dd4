// One resource of a cluster as it is followed: where it is, and who takes what it shows. Pure types.

import type { Change } from './record-index.ts';
import type { Meta, Raw } from './records.ts';

export interface Resource<R extends Meta> {
  /** As in `endpointslices of prod`. */
  readonly title: string;
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** After failed calls, of whichever resource, it is listed, so that all is of one moment. */
  readonly listAfterTrouble: boolean;
  read(raw: Raw): R;
  /** Must not throw. */
  changed(changes: readonly Change<R>[]): void;
}
