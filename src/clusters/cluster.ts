// What the rest of Ballast knows of a cluster. `kubernetes.ts` is the real one, `memory.ts` the one
// of tests; both pass test/conformance/cluster.ts.
//
// Comes in: objects of the cluster's API, by list and watch. Goes out: counts, never objects.
// On failure: the last counts stay, the status turns stale with its age and reason. Nothing here
// throws because a cluster misbehaves, and one cluster's trouble never waits in another's way.

import type {
  AppName,
  AppNames,
  ClusterName,
  ClusterStatus,
  Dirty,
  Footprint,
  Looks,
} from '../model.ts';

/** Where an app's pods are found in a cluster: where it is told, not discovered. */
export interface AppSource {
  readonly app: AppName;
  /** All of them together are the app's pods here. */
  readonly services: readonly { readonly namespace: string; readonly name: string }[];
  /** For an app without Service: its pods by label, all of these together. */
  readonly pods?: readonly PodSelector[];
}

export interface PodSelector {
  readonly namespace: string;
  readonly selector: string;
}

export interface ClusterReader {
  readonly name: ClusterName;
  status(): ClusterStatus;
  looks(): Looks;
  /** Apps that this cluster shows: the told ones that have a Service or pods here, and the discovered. */
  apps(): AppNames;
  /** The counts as last known; no pods where the cluster shows nothing of the app. */
  footprint(app: AppName): Footprint;
  /** Whether an address (without port) that the app is said to have is a pod here: never a VM. */
  isPod(app: AppName, ip: string): boolean;
  /** `mark` only notes what to look at again; it must not throw. Returns the way to stop. */
  onDirty(mark: (dirty: Dirty) => void): () => void;
  /** Lists everything anew, for the guard's second look; `status().relists` counts it when it is in. */
  relist(): void;
  close(): Promise<void>;
}

/** Which apps to look for in a cluster. */
export interface AppSources {
  readonly told: readonly AppSource[];
  /** Label key of Services whose value is the app's name; absent: no discovery. */
  readonly serviceLabel?: string;
}
