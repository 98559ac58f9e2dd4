// What a rehearsal says: for each cluster, as if it died now. Pure.

import type { AppWorld, MigrationPlan } from '../plan/model.ts';
import type { PassedOver } from '../velero/velero.ts';

export interface Rehearsal {
  /** Milliseconds of the time of day. */
  readonly at: number;
  readonly clusters: readonly RehearsedCluster[];
}

export interface RehearsedCluster {
  readonly cluster: string;
  /** All of its apps have a backup, and one other cluster takes them. */
  readonly ok: boolean;
  readonly apps: readonly RehearsedApp[];
  /** The best first. */
  readonly destinations: readonly RehearsedDestination[];
}

export interface RehearsedApp {
  readonly app: string;
  readonly namespace?: string;
  readonly backup?: string;
  /** Of the backup. */
  readonly ageSeconds?: number;
  readonly warnings: readonly string[];
  readonly passedOver: readonly PassedOver[];
  /** Why it would not come back. */
  readonly trouble?: string;
}

export interface RehearsedDestination {
  readonly cluster: string;
  /** Nothing stands against it but what concerns edges and the dead cluster. */
  readonly ok: boolean;
  /** Of the degrade ladder; absent: there is no room. */
  readonly rung?: number;
  readonly words: string;
  /** What refuses, a sentence each. */
  readonly refused: readonly string[];
  /** Apps that would have to wait for room. */
  readonly deferred: readonly string[];
}

export interface Rehearsed {
  readonly cluster: string;
  readonly apps: readonly AppWorld[];
  /** Of each other cluster. */
  readonly plans: readonly MigrationPlan[];
}

export function reportOf({ cluster, apps, plans }: Rehearsed, now: number): RehearsedCluster {
  const shown = apps.map((app) => appReport(app, now));
  const destinations = plans.map(destinationReport).toSorted(better);
  const recoverable = shown.every(({ trouble }) => trouble === undefined);
  const ok = shown.length === 0 || (recoverable && destinations.some(takesAll));
  return { cluster, ok, apps: shown, destinations };
}

function takesAll({ ok, deferred }: RehearsedDestination): boolean {
  return ok && deferred.length === 0;
}

/** Apps that would not come back: for want of a backup, or of room where most of them would go. */
export function lostOf({ apps, destinations }: RehearsedCluster): string[] {
  const taking = destinations.find(({ ok }) => ok);
  const waiting = new Set(taking?.deferred);
  return apps.flatMap(({ app, trouble }) => (trouble || waiting.has(app) ? app : []));
}

function appReport({ app, namespace, source, trouble }: AppWorld, now: number): RehearsedApp {
  const origin = source?.origin.kind === 'backup' ? source.origin : undefined;
  return {
    app,
    ...(namespace !== undefined && { namespace }),
    ...(origin && {
      backup: origin.backup,
      ageSeconds: Math.max(0, Math.round((now - origin.startedAt) / 1000)),
    }),
    warnings: origin?.warnings ?? [],
    passedOver: origin?.passedOver ?? [],
    ...(trouble && { trouble: trouble.text }),
  };
}

/** Where nothing is recoverable no destination takes anything: that is said of the apps. */
function destinationReport({ to, capacity, findings }: MigrationPlan): RehearsedDestination {
  const refusals = findings.filter(
    ({ severity, code }) => severity === 'refuse' && !OF_SOURCE.includes(code),
  );
  const refused = refusals.map(({ app, object, text }) => `${app ?? to}: ${object}: ${text}`);
  const fits = capacity.ok;
  return {
    cluster: to,
    ok: fits && refused.length === 0,
    ...(fits && { rung: capacity.rung }),
    words: capacity.words,
    refused,
    deferred: capacity.apps.flatMap(({ app, deferred }) => (deferred ? app : [])),
  };
}

/** Said of the apps themselves. */
const OF_SOURCE: readonly string[] = [
  'no-backup',
  'no-namespace',
  'several-namespaces',
  'app-unknown',
  'no-apps',
];

function better(a: RehearsedDestination, b: RehearsedDestination): number {
  return (
    Number(b.ok) - Number(a.ok) ||
    (a.rung ?? 9) - (b.rung ?? 9) ||
    a.refused.length - b.refused.length ||
    a.deferred.length - b.deferred.length ||
    (a.cluster < b.cluster ? -1 : 1)
  );
}
