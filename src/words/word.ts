// What a person or a job says, and what is decided from it.

import type { HoldsBody } from '../edges/holds-body.ts';
import type { Published } from '../edges/published.ts';
import type { AppName, Dirty } from '../model.ts';
import type { Change } from '../plan/diff.ts';
import type { Refusal } from '../plan/guard.ts';
import type { PublishedView } from '../round.ts';
import type { CauseKind } from '../weights/cause.ts';

export interface Word {
  readonly actor: string;
  /** For history and audit: `drain h-7 of cluster east: repair`. */
  readonly text: string;
  /** What it is in the history; absent: a hold. */
  readonly kind?: CauseKind;
  /** Throws a BallastError where what stands refuses it. */
  decide(published: Published, now: number): Decision;
}

export interface Decision {
  readonly apps: Dirty;
  /** All holds from then on; absent: they stay. */
  readonly holds?: HoldsBody;
  /** What would be published of an app, where that is not what is. */
  readonly suppose?: (app: AppName, found: PublishedView | undefined) => PublishedView | undefined;
  readonly adopts?: AppName;
  readonly deletes?: AppName;
  /** Whether the guard's word on an app is its word on all of it. */
  readonly binds?: (app: AppName) => boolean;
}

export interface Preview {
  readonly changes: readonly Change[];
  readonly refused: readonly Refusal[];
}
