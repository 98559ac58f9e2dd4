// What a plan is made against: clusters, what lives there, and what still fits. Read by others; plain data.

import type { AppSource } from '../../clusters/cluster.ts';
import type { WriterScope } from '../../clusters/writer-scope.ts';
import type { FanoutCluster, Manifest } from '../model.ts';
import type { Sealing } from './seal.ts';
import type { Space } from './space.ts';

export interface World {
  readonly clusters: readonly WorldCluster[];
}

export interface WorldCluster {
  readonly cluster: FanoutCluster;
  /** Absent: it could not be read, and `trouble` says why. Its own steps fail, no other's. */
  readonly live?: readonly LiveObject[];
  readonly trouble?: string;
  /** Services of the namespaces that are written to. */
  readonly services?: readonly Manifest[];
  /** `apiVersion kind` of what the cluster does not serve. */
  readonly unserved?: ReadonlySet<string>;
  /** Pods of an object that still fit, by its key; absent: not known. */
  readonly room?: ReadonlyMap<string, number>;
  /** What takes room there; absent: it was not asked for. */
  readonly space?: Space;
  /** Where jobs may write; absent: nobody said. */
  readonly scope?: WriterScope;
  /** Apps that a migration took away from here, and which one. */
  readonly movedAway?: ReadonlyMap<string, string>;
}

/** The objects of a stream's orders as they are there, and those that carry the fan-out's label. */
export interface LiveObject {
  readonly object: Manifest;
  /** Of a workload: pods that are ready. Absent: as many as its spec says. */
  readonly ready?: number;
  /** Pods that have found no node for a minute. */
  readonly unschedulable?: number;
  /** The autoscaler that writes its replicas. */
  readonly scaledBy?: string;
}

/** Which fan-out wrote an object. */
export const FANOUT_LABEL = 'ballast.io/fan-out';
/** Of which placement an object's replicas are. */
export const PLACEMENT_ANNOTATION = 'ballast.io/placement';
/** Who owns the fields that a fan-out writes. */
export const FIELD_MANAGER = 'ballast';

export interface PlanOptions {
  /** Stands instead of the FanOut's own name. */
  readonly name?: string;
  readonly karmadaDivision: 'webster' | 'legacy';
  /** Asked to divide anew what Karmada would leave as it is. */
  readonly reschedule: boolean;
  /** Objects that someone else made are taken over. */
  readonly adopt: boolean;
  /** Objects with our label that the stream does not have any more are deleted. */
  readonly prune: boolean;
  /** Unplaced replicas, and replicas without room, are faults. */
  readonly strictTotal: boolean;
  readonly cronJobs: boolean;
  readonly initContainers: boolean;
  readonly registries: readonly string[];
  /** Apps that come back to where a migration took them from. */
  readonly returning?: readonly string[];
  /** Which app a workload is. */
  readonly apps?: AppNaming;
  /** Where pods find no room, fewer are planned. */
  readonly degrade?: boolean;
  /** Of what Secrets hold; absent: without a key. What lives is sealed by it already. */
  readonly sealing?: Sealing | undefined;
  /** Workloads, by key, that stay as they are for want of room. */
  readonly deferred?: ReadonlySet<string>;
}

/** Who gets room first, and how few are enough; else not core, of importance 0 and floor 1. */
export interface Rank {
  readonly core: boolean;
  /** Higher is more important. */
  readonly importance: number;
  /** Halving does not go below it. */
  readonly floor: number;
}

/** As the configuration names apps. */
export interface AppNaming {
  /** Of Services, with the app's name as its value. */
  readonly label?: string;
  /** Where apps are told to be. */
  readonly sources?: readonly AppSource[];
  readonly list: readonly ({ readonly name: string } & Partial<Rank>)[];
}

export const USUAL: PlanOptions = {
  karmadaDivision: 'webster',
  reschedule: false,
  adopt: false,
  prune: false,
  strictTotal: false,
  cronJobs: false,
  initContainers: false,
  registries: [],
};
