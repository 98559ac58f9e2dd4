// What jobs may do to a cluster: one object at a time, always by what it is expected to be.
// `kubernetes-writer.ts` is the real one; test/conformance/cluster-writer.ts is what every one must do.
//
// Comes in: an object, or which one. Goes out: what the cluster made of it, or a code that says why not.
// On failure: a CallFailure where the cluster did not answer, or could not: then nobody knows whether it
// was done, and whoever asked reads again. A BallastError where jobs have no business there
// (`jobs-not-allowed`); nothing was sent then.

import type { ClusterName } from '../model.ts';

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}

export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent: it belongs to none. */
  readonly namespace?: string;
  readonly name: string;
}

/** Without a namespace: all in which jobs may act. */
export type ObjectsRef = Omit<ObjectRef, 'name'>;

/** Which object, and at which of its states. */
export interface Known {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** The term of whoever leads: a higher one shuts out all below it. */
export type Fence = number;

export interface ApplyOptions {
  /** Nothing is changed; the answer is what would be. */
  readonly dryRun?: boolean;
  /** Takes fields over that others own and want otherwise. */
  readonly force?: boolean;
  /** Absent: whatever is there. */
  readonly expect?: Known | 'absent';
}

export type ApplyResult =
  | {
      readonly ok: true;
      readonly created: boolean;
      readonly object: KubernetesObject;
    }
  | Conflicted
  | Moved
  | Refused;

export type RemoveResult =
  /** `removing`: it is asked to go, and goes when its finalizers let it. */
  { readonly ok: true; readonly was: 'removing' | 'absent' } | Moved | Refused;

export type FenceResult =
  /** Without an object there is none: a creation under way may still come, with its own labels. */
  | { readonly ok: true; readonly object?: KubernetesObject }
  | { readonly ok: false; readonly code: 'lost-term'; readonly text: string }
  | Refused;

/** Others own fields that were to be changed. Nothing was. */
export interface Conflicted {
  readonly ok: false;
  readonly code: 'conflict';
  readonly conflicts: readonly FieldConflict[];
  readonly text: string;
}

export interface FieldConflict {
  /** `kubectl`, `helm`. */
  readonly manager: string;
  /** `.spec.replicas` */
  readonly fields: readonly string[];
}

/** It is not what was expected: gone, another of that name, or changed since. Nothing was done. */
export interface Moved {
  readonly ok: false;
  readonly code: 'moved';
  readonly text: string;
}

/** The cluster will not have it, however often it is asked: wrong, forbidden, not served. */
export interface Refused {
  readonly ok: false;
  readonly code: 'refused';
  readonly status: number;
  readonly text: string;
}

export interface ClusterWriter {
  readonly name: ClusterName;
  read(ref: ObjectRef): Promise<KubernetesObject | undefined>;
  list(ref: ObjectsRef, labelSelector: string): Promise<readonly KubernetesObject[]>;
  /** Server-side apply by the field manager `ballast`: exactly what is named, nothing else. */
  apply(object: KubernetesObject, options?: ApplyOptions): Promise<ApplyResult>;
  remove(ref: ObjectRef, expect: Known): Promise<RemoveResult>;
  /**
   * Writes the term onto the object, if none above it stands there: a write under way that expects an
   * earlier state of it then fails.
   */
  fence(ref: ObjectRef, fence: Fence): Promise<FenceResult>;
  close(): Promise<void>;
}

/** Who owns the fields that jobs write. */
export const FIELD_MANAGER = 'ballast';
/** The term that fenced an object last. Another manager's, or an apply would take it away. */
export const FENCE_ANNOTATION = 'ballast.io/fence';
export const FENCE_MANAGER = 'ballast-fence';

export function refOf({ apiVersion, kind, metadata }: KubernetesObject): ObjectRef {
  const { name, namespace } = metadata;
  return { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
}

/** `Deployment prod/shop`, for a person. */
export function shownRef({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** Undefined where it has neither: it was never stored. */
export function knownOf({ metadata }: KubernetesObject): Known | undefined {
  const { uid, resourceVersion } = metadata;
  if (typeof uid !== 'string' || typeof resourceVersion !== 'string') return undefined;
  return { uid, resourceVersion };
}

/** The term an object carries; 0 where it carries none that can be read. */
export function fenceOf({ metadata }: KubernetesObject): Fence {
  const term = Number(metadata.annotations?.[FENCE_ANNOTATION] ?? 0);
  return Number.isSafeInteger(term) && term > 0 ? term : 0;
}
