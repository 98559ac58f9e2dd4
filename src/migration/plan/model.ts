// What a plan of a migration is made from, and what it says. Pure types.

import type { Rung } from '../capacity/ladder.ts';
import type { Booked } from '../capacity/ledger.ts';
import type { DestinationView } from '../capacity/room.ts';
import type { Namespace } from '../manifests/collect.ts';
import type { Finding, Manifest } from '../manifests/manifest.ts';
import type { Mapping } from '../manifests/sanitise.ts';
import type { AppName, ClusterName, Debt } from '../../model.ts';
import type { PassedOver } from '../velero/velero.ts';

/** `online`: source and app are alive; `evacuate`: the app is ill; `offline`: the source’s API is dead. */
export type Mode = 'online' | 'evacuate' | 'offline';

export interface PlanRequest {
  /** `app`, or `namespace/app`. */
  readonly apps: readonly string[];
  readonly from: ClusterName;
  readonly to: ClusterName;
  readonly mode: Mode;
  /** Apps that keep data too; the data is not moved. */
  readonly stateful: boolean;
  /** Fewer pods where room is short. */
  readonly degrade: boolean;
  /** Take over what is there and not ours. */
  readonly adopt: boolean;
}

/** All that was read for it; nothing of it is changed. */
export interface PlanWorld {
  readonly clusters: readonly ClusterName[];
  readonly apps: readonly AppWorld[];
  /** Which app a Service is for; undefined: none. */
  readonly appOf: (service: Manifest) => AppName | undefined;
  /** Absent: there is no such cluster. */
  readonly destination?: DestinationWorld;
  /** Absent: not looked at, for nothing of it is written. */
  readonly source?: SourceWorld;
  readonly edges: readonly EdgeWorld[];
  readonly mapping: Omit<Mapping, 'stateful'>;
  /** Room that others have booked there, and who. */
  readonly bookings: readonly Booked[];
  /** What earlier migrations left behind; absent: nothing. */
  readonly debts?: readonly Debt[];
  /** Of one pod, in the rule. */
  readonly base: number;
}

export interface AppWorld {
  /** As it was asked for. */
  readonly asked: string;
  readonly app: AppName;
  readonly core: boolean;
  readonly importance: number;
  readonly floor: number;
  /** What is wrong before anything of it was read. */
  readonly trouble?: Finding;
  readonly namespace?: string;
  /** Matches the pods' labels, for an app without Service. */
  readonly selects?: (labels: Readonly<Record<string, string>>) => boolean;
  readonly source?: SourceView;
  readonly traffic?: Traffic;
}

export interface SourceView extends Namespace {
  readonly origin: Origin;
}

export type Origin =
  | { readonly kind: 'live' }
  | {
      readonly kind: 'backup';
      readonly backup: string;
      readonly startedAt: number;
      readonly warnings: readonly string[];
      readonly passedOver: readonly PassedOver[];
    };

/** Where an app's requests go, by the rule: holds are not looked at. */
export interface Traffic {
  readonly clusters: readonly ClusterTraffic[];
  /** How many. */
  readonly vms: number;
}

export interface ClusterTraffic {
  readonly cluster: ClusterName;
  readonly pods: number;
  readonly ingressNodes: number;
  /** Sum over its nodes. */
  readonly weight: number;
  /** Of what is published: nothing newer is known. */
  readonly kept: boolean;
}

export interface DestinationWorld {
  readonly view: DestinationView;
  /** By runtime class, what a pod takes besides. */
  readonly overheads: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly ingressNodes: number;
  /** By namespace: what is there; a namespace that is not there has no entry. */
  readonly namespaces: ReadonlyMap<string, Namespace>;
  /** `Kind name` of what belongs to no namespace, of the kinds in `classKinds`. */
  readonly classes: ReadonlySet<string>;
  /** Kinds that `classes` is whole for. */
  readonly classKinds: ReadonlySet<string>;
  /** `apiVersion/Kind` that it does not serve. */
  readonly unserved: ReadonlySet<string>;
  /** Hosts of its Ingresses and HTTPRoutes, with who has each: `namespace/name`. */
  readonly hosts: ReadonlyMap<string, string>;
  /** Where jobs may write; absent: nowhere. */
  readonly jobs?: { readonly namespaces: readonly string[]; readonly secrets?: boolean };
  /** Why it could not be read. */
  readonly trouble?: string;
}

export interface SourceWorld extends Pick<DestinationWorld, 'jobs'> {
  /** Its API does. */
  readonly answers?: boolean;
}

export interface EdgeWorld {
  readonly name: string;
  /** Why nothing is known of it now. */
  readonly silent?: string;
}

export interface PlannedObject {
  readonly step: number;
  /** Of a Secret the keys and a digest alone. */
  readonly manifest: Manifest;
  /** At the source. */
  readonly uid: string;
  readonly how: 'apply' | 'merge';
  /** Once the workload is ready. */
  readonly late: boolean;
  /** Who else needs it at the source. */
  readonly shared?: readonly string[];
}

export interface PlannedApp {
  readonly app: AppName;
  readonly state: 'planned' | 'refused' | 'deferred';
  readonly namespace?: string;
  readonly core: boolean;
  readonly importance: number;
  /** `Deployment prod/shop`. */
  readonly workload?: string;
  readonly origin?: Origin;
  readonly replicas?: { readonly before: number; readonly after: number };
  readonly objects: readonly PlannedObject[];
  readonly behind: readonly { readonly object: string; readonly why: string }[];
  readonly weights?: WeightTable;
}

export interface AppFinding extends Finding {
  readonly app?: AppName;
}

export interface MigrationPlan {
  readonly from: ClusterName;
  readonly to: ClusterName;
  readonly mode: Mode;
  /** Nothing refuses it. */
  readonly ok: boolean;
  /** Of all that would be done: another digest, and it is another plan. */
  readonly digest: string;
  /** In the order in which they are moved. */
  readonly apps: readonly PlannedApp[];
  readonly capacity: Rung;
  readonly findings: readonly AppFinding[];
}

export interface WeightTable {
  /** By which the rule's weights are multiplied, for finer steps. */
  readonly factor: number;
  readonly steps: readonly WeightStep[];
}

export interface WeightStep {
  /** `now`, `5 %`, ..., `100 %`, `the rule`. */
  readonly step: string;
  readonly parts: readonly WeightPart[];
}

export interface WeightPart {
  readonly from: ClusterName | 'vm';
  readonly servers: number;
  /** What its hold says; the rule's where there is none. */
  readonly sum: number;
  /** Of one server; the sum over them may be a little less. */
  readonly each: number;
  readonly share: number;
}
