// The nouns that cross stages. Pure types: this file imports nothing.

/** Name of a cluster in the configuration (a DNS label, never `vm`). */
export type ClusterName = string;

/** Name of an app: a label value's syntax, at most 63 characters. */
export type AppName = string;

/** Names as they are at the moment of asking: nothing is copied. */
export interface AppNames extends Iterable<AppName> {
  has(app: AppName): boolean;
}

/** `IPv4:port` or `[IPv6]:port`. */
export type Address = string;

/** Number of a commit. Compared term first; two counters, never a clock. */
export interface Stamp {
  readonly term: number;
  readonly version: number;
}

export type Owner = 'controller' | 'endpoint';

/** How an edge spreads an app's requests over its servers. What is absent is off. */
export interface Policy {
  readonly balance: 'smooth' | 'hash' | 'least';
  /** With `hash` only: the nginx variable, without `$`, whose equal values go to one server. */
  readonly key?: string;
  readonly whenUnhealthy: 'spread' | 'reject';
  /** While less than this many percent of the weight is healthy, health is not looked at. */
  readonly panic?: number;
  readonly health?: HealthProbe;
  /** A server that is new, or healthy again, rises to its weight over this time. */
  readonly slowStart?: { readonly seconds: number };
}

/** An edge asks each server; a status from 200 to 399 within the time-out is a success. */
export interface HealthProbe {
  readonly path: string;
  /** The Host header; the server's address where it is absent: then one probe serves all apps. */
  readonly host?: string;
  readonly https?: boolean;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  /** So many successes in a row make it healthy, so many failures in a row unhealthy. */
  readonly rise: number;
  readonly fall: number;
}

/** One address in an upstream. `auto` is the automatic weight where a hold or ramp shows another. */
export interface Server {
  readonly address: Address;
  readonly weight: number;
  readonly from: ClusterName | 'vm';
  readonly auto?: number;
}

/** What an edge applies for one app: the body of a document. */
export interface Upstream {
  readonly app: AppName;
  readonly hosts?: readonly string[];
  readonly servers: readonly Server[];
  readonly policy: Policy;
}

export type HoldKind = 'drain' | 'pin' | 'freeze';

/** A person's or a job's word over the automatic weight; at least one of app, cluster and server. */
export interface Hold {
  readonly id: string;
  readonly app?: AppName;
  /** `vm`: the VMs. */
  readonly cluster?: ClusterName | 'vm';
  readonly server?: Address;
  readonly kind: HoldKind;
  /** Of a pin: the server's weight, or the sum of the cluster's. */
  readonly weight?: number;
  readonly who: string;
  readonly why: string;
  /** `since` and `until` are milliseconds of the leader's time of day. */
  readonly since: number;
  readonly until?: number;
  /** The app may lose its last server by it. */
  readonly allowEmpty?: boolean;
  readonly job?: string;
  readonly fence?: number;
  /** It lasts as long as this debt does. */
  readonly debt?: string;
  /** A drain falls over this time; absent: at once. */
  readonly rampSeconds?: number;
  /** Of a freeze: the sums that were published when it was made, by app and then cluster (or server). */
  readonly kept?: Readonly<Record<AppName, Readonly<Record<string, number>>>>;
}

/** What a finished migration could not delete at its source. The source is drained as long as it lasts. */
export interface Debt {
  readonly id: string;
  /** The migration. */
  readonly job: string;
  readonly app: AppName;
  /** Where it is owed. */
  readonly cluster: ClusterName;
  /** In the order in which they are to go. */
  readonly objects: readonly OwedObject[];
  readonly who: string;
  readonly why: string;
  /** Milliseconds of the leader's time of day. */
  readonly since: number;
}

/** Another object of that name, with another UID, is not owed. */
export interface OwedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
}

/** An app that a migration took away from a cluster: nobody makes it there again without saying so. */
export interface MovedMark {
  readonly app: AppName;
  readonly namespace: string;
  readonly from: ClusterName;
  readonly to: ClusterName;
  /** The migration. */
  readonly job: string;
  /** Milliseconds of the leader's time of day. */
  readonly since: number;
}

/** Why something does not count, or counts otherwise than its numbers say. */
export interface Reason {
  readonly code: ReasonCode;
  /** One sentence with numbers, for a person. */
  readonly text: string;
}

export type ReasonCode =
  | 'not-routed'
  | 'no-ingress-nodes'
  | 'no-pods'
  | 'no-service'
  | 'two-namespaces'
  | 'pods-unread'
  | 'namespace-unread'
  | 'external-name'
  | 'stale'
  | 'unseen'
  | 'second-look'
  | 'address-conflict'
  | 'address-invalid'
  | 'vms-unread'
  | 'vms-stale'
  | 'vm-is-pod'
  | 'host-conflict'
  | 'host-invalid'
  | 'owned-by-endpoint'
  | 'orphaned'
  | 'unreadable'
  | 'cluster-removed'
  | 'would-empty'
  | 'too-few-clusters'
  | 'too-few-servers'
  | 'share-limited'
  | 'drained'
  | 'pinned'
  | 'frozen'
  | 'ramping'
  | 'ramp-stopped'
  | 'ramp-abandoned';

/** A node through which outside traffic enters a cluster. */
export interface IngressNode {
  readonly name: string;
  readonly address: Address;
}

/** A node that does not count as an ingress node, and why. */
export interface LeftOutNode {
  readonly name: string;
  readonly reason: string;
}

/** What one cluster has of one app. Numbers are facts; `reason` says why they do not count in full. */
export interface Footprint {
  /** Ready, not terminating pods, each once. */
  readonly pods: number;
  /** Whether an Ingress or HTTPRoute leads to the app here; `unchecked` where that is not asked. */
  readonly routed: boolean | 'unchecked';
  /** From Ingress and HTTPRoute rules, sorted. */
  readonly hosts: readonly string[];
  readonly reason?: Reason;
}

export type ClusterState = 'unseen' | 'fresh' | 'stale';

/** Of which lists a cluster's counts are; in monotonic milliseconds, to be compared with each other. */
export interface Looks {
  /** When a list last changed what is known. What changed after it came by watch. */
  readonly changedAt: number;
  /** Everything was listed anew from this time on. */
  readonly since: number;
}

/** How a cluster is seen right now. */
export interface ClusterStatus {
  readonly name: ClusterName;
  readonly state: ClusterState;
  /** Since the last word from the cluster that proves its counts; for `unseen`, since it was opened. */
  readonly ageSeconds: number;
  /** In words, for `unseen` and `stale`. */
  readonly reason?: string;
  readonly ingressNodes: readonly IngressNode[];
  readonly leftOut: readonly LeftOutNode[];
  /** Namespaces that cannot be read, a right being missing: of their apps the last counts stay. */
  readonly unread?: readonly string[];
  /** Lists made since the start, per resource, and their repeats. */
  readonly relists: number;
}

export interface Vm {
  readonly address: Address;
}

/** The apps that have to be looked at again. */
export type Dirty = ReadonlySet<AppName> | 'all';
