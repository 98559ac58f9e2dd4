// What the readers make of other people's YAML, and the plan is made of.
//
// An order is one object on its way to several clusters: what it is, which clusters may get it, how its
// replicas are divided, and what is changed in it for some of them, in order.

import type { Requirement } from '../label-requirements.ts';

/** A Kubernetes object as written; what is in it is others' business, and checked where it is read. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly [key: string]: unknown;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

/** Whose YAML it was. `plain`: nobody's, named by a FanOut. */
export type Dialect = 'federation' | 'kubefed' | 'karmada' | 'plain';

export interface Order {
  readonly dialect: Dialect;
  readonly object: Manifest;
  /** Where it is applied; empty for what belongs to no namespace. */
  readonly namespace: string;
  readonly placement: Placement;
  readonly division: Division;
  /** The first is applied first; a later one wins. */
  readonly patches: readonly PatchRule[];
  readonly keep: Keep;
  /** `file:line: document N`, and who chose: `PropagationPolicy nginx-propagation`. */
  readonly place: string;
  readonly chosenBy: string;
}

/** What of a live object stays though the order says nothing, or something else, of it. */
export interface Keep {
  /** KubeFed's `retainReplicas`. */
  readonly replicas: boolean;
  /** KubeFed keeps a cluster's own annotations and finalizers. */
  readonly annotations: boolean;
  /** An object that someone else made is taken over, not a reason to stop. */
  readonly adopt: boolean;
}

// Which clusters.

export interface Placement {
  /** In order: the next is tried only where the one before it cannot take the replicas. */
  readonly groups: readonly ClusterGroup[];
  /** Others are left out: the namespace's, where KubeFed has one. */
  readonly within: readonly ClusterFilter[];
  readonly readyOnly: boolean;
  /** Absent: taints are not looked at. */
  readonly tolerations?: readonly Toleration[];
  readonly spread?: Spread;
}

export interface ClusterGroup {
  readonly name: string;
  /** The second takes only what the first has no room for, and so on. */
  readonly tiers: readonly ClusterFilter[];
}

/** All of it must hold. */
export interface ClusterFilter {
  /** Absent: any. None in it: no cluster. */
  readonly names?: readonly string[];
  readonly exclude: readonly string[];
  readonly labels: readonly Requirement[];
  readonly fields: readonly Requirement[];
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect?: string;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** How many clusters, at least and at most; without `max` there is no limit. */
export interface Spread {
  readonly min: number;
  readonly max?: number;
}

/** A cluster, as placements see it. */
export interface FanoutCluster {
  readonly name: string;
  readonly ready: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly provider?: string;
  readonly region?: string;
  readonly zones: readonly string[];
  readonly taints: readonly Taint[];
}

// How replicas are divided.

export type Division =
  | { readonly kind: 'as-written' }
  | PlannerDivision
  | { readonly kind: 'duplicated'; readonly replicas: number }
  | {
      readonly kind: 'static';
      readonly replicas: number;
      /** Empty: all weigh 1. */
      readonly weights: readonly StaticWeight[];
    }
  | { readonly kind: 'dynamic' | 'aggregated'; readonly replicas: number };

/** Federation v1's and KubeFed's; ours too. */
export interface PlannerDivision {
  readonly kind: 'planner';
  readonly total: number;
  /** What ranks are made of. */
  readonly key: string;
  readonly rebalance: boolean;
  /** By cluster, or `*`. */
  readonly preferences: Readonly<Record<string, Preference>>;
  /** A cluster in which nothing is to run: an object with no replicas, or none. */
  readonly others: 'object' | 'nothing';
}

export interface Preference {
  readonly weight: number;
  readonly min: number;
  readonly max?: number;
}

export interface StaticWeight {
  readonly clusters: ClusterFilter;
  readonly weight: number;
}

// What is changed on the way. "Overrides" in those systems; a hold is another thing.

export interface PatchRule {
  /** `OverridePolicy nginx-op, rule 1`. */
  readonly from: string;
  readonly place: string;
  readonly clusters: ClusterFilter;
  readonly steps: readonly PatchStep[];
}

export type PatchOperator = 'add' | 'remove' | 'replace';

export interface JsonStep {
  readonly kind: 'json';
  readonly operator: PatchOperator;
  readonly path: string;
  readonly value?: unknown;
}

export type ImageComponent = 'Registry' | 'Repository' | 'Tag';

export interface ImageStep {
  readonly kind: 'image';
  readonly component: ImageComponent;
  readonly operator: PatchOperator;
  readonly value: string;
  /** A path: that one only. */
  readonly at?: string;
}

export interface WordsStep {
  readonly kind: 'command' | 'args';
  readonly container: string;
  readonly operator: 'add' | 'remove';
  readonly value: readonly string[];
}

export interface PairsStep {
  readonly kind: 'labels' | 'annotations';
  readonly operator: PatchOperator;
  readonly value: Readonly<Record<string, string>>;
}

/** A text within the object that is JSON or YAML itself. */
export interface FieldStep {
  readonly kind: 'field';
  readonly path: string;
  readonly format: 'json' | 'yaml';
  readonly steps: readonly JsonStep[];
}

export type PatchStep = JsonStep | ImageStep | WordsStep | PairsStep | FieldStep;

// All of it.

export interface Orders {
  /** As the FanOut is called; absent without one. */
  readonly name?: string;
  /** By kind, namespace and name: the order of documents does not show. */
  readonly orders: readonly Order[];
  readonly strategy: Strategy;
  /** By the FanOut: each has to be there. Other systems pass over a name that they do not know. */
  readonly named: readonly NamedCluster[];
  readonly warnings: readonly Warning[];
}

export interface NamedCluster {
  readonly name: string;
  /** `file:line: document N: key` */
  readonly place: string;
}

export interface Warning {
  readonly code: WarningCode;
  readonly place: string;
  readonly text: string;
}

export type WarningCode =
  | 'has-no-effect'
  | 'image-no-effect'
  | 'max-groups-zero'
  | 'no-room'
  | 'null-weight'
  | 'other-than-original'
  | 'pods-stay'
  | 'replicas-patched'
  | 'selects-nothing'
  | 'several-kinds'
  | 'strange-registry'
  | 'two-rules-one-path'
  | 'version-dependent';

// How it is brought out.

export interface Strategy {
  readonly order: 'parallel' | 'serial' | 'waves';
  readonly waves: readonly Wave[];
  /** Of the clusters at once; a part is rounded down, and is 1 at least. Absent: all. */
  readonly maxConcurrency?: Amount;
  readonly soakSeconds: number;
  readonly deadlineSeconds?: number;
  readonly maxFailures: number;
  readonly approval: 'none' | 'before' | 'after';
  readonly closedHours: readonly ClosedHours[];
  readonly drain: 'auto' | 'never';
  readonly weights: 'auto' | 'none';
  readonly onFailure: 'pause' | 'rollback-cluster' | 'rollback-all' | 'continue';
  /** Pods that serve, at least. Absent: as before, less the stepped cluster's. */
  readonly floor?: Amount;
  /** Of the requests to a cluster that was given back. Absent: nobody looks. */
  readonly errors?: ErrorLimit;
}

export interface ErrorLimit {
  /** Of a hundred requests so many may fail. */
  readonly percent: number;
  /** From so many on it is judged. */
  readonly requests: number;
  /** So long it is watched. */
  readonly seconds: number;
}

/** A number, or a part of a hundred. */
export type Amount = { readonly count: number } | { readonly percent: number };

export interface Wave {
  readonly name: string;
  readonly clusters: readonly ClusterFilter[];
  readonly approval: 'none' | 'before' | 'after';
  readonly maxFailures?: number;
}

export interface ClosedHours {
  readonly days: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly zone: string;
}
