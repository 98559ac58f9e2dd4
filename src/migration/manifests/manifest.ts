// Kubernetes objects as served: what is read of them is asked for by path, for everything may be absent.

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly [field: string]: unknown;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export type FindingCode =
  | 'app-unknown'
  | 'automatic-token'
  | 'backup'
  | 'being-deleted'
  | 'destination-unread'
  | 'exists'
  | 'finalizers'
  | 'foreign-mark'
  | 'host-clash'
  | 'host-path'
  | 'kept-weights'
  | 'kind-not-moved'
  | 'min-available'
  | 'min-replicas-lowered'
  | 'missing'
  | 'namespace-missing'
  | 'no-apps'
  | 'no-backup'
  | 'no-destination'
  | 'no-edges'
  | 'no-ingress-nodes'
  | 'no-namespace'
  | 'no-pods'
  | 'no-room'
  | 'no-selector'
  | 'no-source'
  | 'no-stable-version'
  | 'no-workload'
  | 'node-port'
  | 'not-allowed'
  | 'not-there'
  | 'owed'
  | 'owners'
  | 'paused'
  | 'same'
  | 'same-cluster'
  | 'several-apps'
  | 'several-namespaces'
  | 'several-workloads'
  | 'shared'
  | 'silent-edge'
  | 'source-answers'
  | 'source-unread'
  | 'stable-version'
  | 'stateful'
  | 'traffic-routing'
  | 'twice'
  | 'unread'
  | 'unserved';

/** `refuse`: the migration does not begin. All are told at once. */
export interface Finding {
  readonly severity: 'refuse' | 'warn';
  readonly code: FindingCode;
  /** `Service prod/shop`. */
  readonly object: string;
  readonly text: string;
}

export type Fields = Record<string, unknown>;

/** The map itself, or an empty one. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

/** The maps of a list. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path)
    found = isFields(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  return found;
}

/** An empty text is none: API servers default to it. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const text = at(value, ...path);
  return typeof text === 'string' && text !== '' ? text : undefined;
}

export function textsAt(value: unknown, ...path: readonly string[]): Record<string, string> {
  const entries = Object.entries(fieldsOf(at(value, ...path)));
  return Object.fromEntries(entries.filter(([, text]) => typeof text === 'string')) as Record<
    string,
    string
  >;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function groupOf({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>): string {
  const [group = '', version] = apiVersion.split('/');
  if (version === undefined) return '';
  // Where Ingress lived before 1.22, and Deployment before 1.16.
  if (group === 'extensions') return kind === 'Ingress' ? 'networking.k8s.io' : 'apps';
  return group;
}

export function nameOf({ kind, metadata }: Manifest): string {
  const { name, namespace } = metadata;
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** What there is to say of one object. */
export function warn(object: Manifest, code: FindingCode, text: string): Finding {
  return { severity: 'warn', code, object: nameOf(object), text };
}

export function refuse(object: Manifest, code: FindingCode, text: string): Finding {
  return { severity: 'refuse', code, object: nameOf(object), text };
}
