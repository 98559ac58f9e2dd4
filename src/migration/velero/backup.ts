// What velero-backup.json says of a backup, and why one is not used.

import { timeOf } from '../../clock.ts';
import { fullResource, MOVED_KINDS, type MovedKind } from '../kinds.ts';
import { at, isFields, textAt, textsAt } from '../manifests/manifest.ts';

export interface Backup {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly phase: string;
  readonly format: string;
  /** Milliseconds of the time of day; undefined: it has not begun. */
  readonly startedAt?: number;
  readonly itemOperations: number;
  readonly errors: number;
  readonly spec: unknown;
}

/** Which backups are taken. */
export interface BackupPolicy {
  /** The whole value of the label that Velero gives a schedule's backups. */
  readonly schedule?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly maxAgeMs: number;
  /** Also where Velero could not read everything. */
  readonly partiallyFailed: boolean;
  /** Also where a dead cluster's Velero could not write that it is complete. */
  readonly salvage: boolean;
}

const SCHEDULE = 'velero.io/schedule-name';
/** Clocks differ; by more than that nobody knows how old it is. */
const AHEAD_MS = 600_000;

/** Undefined: that is no Backup of this name. */
export function readBackup(name: string, value: unknown): Backup | undefined {
  if (!isFields(value) || value['kind'] !== 'Backup') return undefined;
  if (textAt(value, 'metadata', 'name') !== name) return undefined;
  const { status, spec } = value;
  // Not the object's creation: an import changes it.
  const startedAt = timeOf(textAt(status, 'startTimestamp') ?? '');
  return {
    name,
    labels: textsAt(value, 'metadata', 'labels'),
    phase: textAt(status, 'phase') ?? 'New',
    format: formatOf(status),
    ...(startedAt !== undefined && { startedAt }),
    itemOperations: Number(at(status, 'backupItemOperationsAttempted') ?? 0),
    errors: Number(at(status, 'errors') ?? 0),
    spec,
  };
}

function formatOf(status: unknown): string {
  return textAt(status, 'formatVersion') ?? String(at(status, 'version') ?? 'none');
}

/** Why it is passed over whatever app it is for; undefined: nothing stands against it. */
export function whyUnusable(backup: Backup, policy: BackupPolicy, now: number): string | undefined {
  const { labels, format, startedAt } = backup;
  if (policy.schedule !== undefined && labels[SCHEDULE] !== policy.schedule)
    return `its schedule is ${labels[SCHEDULE] ?? 'none'}, not ${policy.schedule}`;
  const other = Object.entries(policy.labels).find(([key, value]) => labels[key] !== value);
  if (other) return `its label ${other[0]} is ${labels[other[0]] ?? 'missing'}, not ${other[1]}`;
  const phase = whyByPhase(backup, policy);
  if (phase !== undefined) return phase;
  if (!/^v?1(\.|$)/.test(format)) return `its format is ${format}; 1 is read`;
  return startedAt === undefined
    ? 'it does not say when it began'
    : whyByAge(now - startedAt, policy);
}

function whyByAge(age: number, { maxAgeMs }: BackupPolicy): string | undefined {
  if (-age > AHEAD_MS) return `it began ${hours(-age)} from now, it says`;
  return age > maxAgeMs ? `it is ${hours(age)} old, at most ${hours(maxAgeMs)}` : undefined;
}

export function hours(ms: number): string {
  return `${Math.round(ms / 360_000) / 10} h`;
}

const SALVAGED = ['Finalizing'];
const SALVAGED_PARTLY = ['FinalizingPartiallyFailed'];

function whyByPhase(
  { phase, itemOperations, errors }: Backup,
  { partiallyFailed, salvage }: BackupPolicy,
): string | undefined {
  if (phase === 'Completed') return undefined;
  if (phase === 'PartiallyFailed')
    return partiallyFailed ? undefined : `it is PartiallyFailed, with ${errors} errors`;
  const salvaged = SALVAGED.includes(phase) || (partiallyFailed && SALVAGED_PARTLY.includes(phase));
  if (!salvaged || !salvage) return `it is ${phase}`;
  return itemOperations === 0 ? undefined : `it is ${phase}, with operations under way`;
}

/** Why nothing of a namespace is in it; undefined: it was asked to take that namespace. */
export function whyNotOf(namespace: string, { spec }: Backup): string | undefined {
  const included = listAt(spec, 'includedNamespaces');
  const excluded = listAt(spec, 'excludedNamespaces');
  if (included.length > 0 && !included.some((one) => globs(one, namespace)))
    return `namespace ${namespace} is not included`;
  return excluded.some((one) => globs(one, namespace))
    ? `namespace ${namespace} is excluded`
    : undefined;
}

function listAt(value: unknown, key: string): string[] {
  const list = at(value, key);
  return Array.isArray(list) ? list.map(String) : [];
}

function globs(pattern: string, name: string): boolean {
  const parts = pattern
    .split('')
    .map((one) =>
      one === '*' ? '.*' : one === '?' ? '.' : one.replace(/[\\^$.|+(){}[\]]/, '\\$&'),
    );
  return new RegExp(`^${parts.join('')}$`).test(name);
}

/** Kinds of which some or all objects were left out: those that are missing prove nothing. */
export function leftOutKinds({ spec }: Backup): Set<string> {
  const some = at(spec, 'labelSelector') ?? at(spec, 'orLabelSelectors');
  if (isFields(some) || Array.isArray(some)) return new Set(MOVED_KINDS.map(({ kind }) => kind));
  const included = [
    ...listAt(spec, 'includedResources'),
    ...listAt(spec, 'includedNamespaceScopedResources'),
  ];
  const excluded = [
    ...listAt(spec, 'excludedResources'),
    ...listAt(spec, 'excludedNamespaceScopedResources'),
  ];
  const isLeftOut = (kind: MovedKind): boolean =>
    (included.length > 0 && !included.some((one) => names(one, kind))) ||
    excluded.some((one) => names(one, kind));
  return new Set(MOVED_KINDS.filter(isLeftOut).map(({ kind }) => kind));
}

/** `*`, `deployments`, `deployments.apps`, `Deployment`. */
function names(written: string, kind: MovedKind): boolean {
  const word = written.toLowerCase();
  return ['*', kind.resource, fullResource(kind), kind.kind.toLowerCase()].includes(word);
}
