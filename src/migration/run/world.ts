// What a migration reads again before it acts. Pure types; `migrations.ts` has the real one.

import type { Additions, Need } from '../capacity/need.ts';
import type { DestinationView } from '../capacity/room.ts';
import type { ClusterName } from '../../model.ts';
import type { Finding, Manifest } from '../manifests/manifest.ts';
import type { MovedObject } from '../manifests/move.ts';
import type { JobPlan } from '../flow/next.ts';
import type { PlannedApp } from '../plan/model.ts';

/** One app as it would be planned now, room aside. */
export interface Look {
  readonly findings: readonly Finding[];
  /** With the data of Secrets: never on record. In the order of the plan; empty where it is refused. */
  readonly objects: readonly MovedObject[];
  /** As they stand at the source. */
  readonly sources: readonly Manifest[];
  readonly need?: Need;
  readonly destination?: DestinationView;
}

export interface MoveWorld {
  /** Of source and destination. */
  look(plan: JobPlan, app: PlannedApp): Promise<Look>;
  /** Of the source alone. */
  objects(plan: JobPlan, app: PlannedApp): Promise<readonly MovedObject[]>;
  /** What a cluster adds to the pods of a namespace. */
  additions(cluster: ClusterName, namespace: string): Promise<Additions>;
}
