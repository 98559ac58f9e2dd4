// Who calls, and what that caller may do and see. Pure.
//
//   viewer    reads all                       migrator  a viewer who also runs jobs
//   operator  a viewer who also holds         admin     everything, never scoped
//   edge      documents, and its own heartbeat; nothing else
//
// A grant may be narrowed: to apps (what is not of them is not there for a reader), to clusters (a
// writer has to name one of them; an app is still read whole, for shares mean something only whole).

import type { AppName, ClusterName, Hold } from '../../model.ts';

export const ROLES = ['viewer', 'operator', 'migrator', 'admin', 'edge'] as const;
export type Role = (typeof ROLES)[number];
/** What a route asks for. */
export type Needs = Role | 'nothing';

export interface Grant {
  readonly roles: readonly Role[];
  /** Names, with `*` for anything; absent: all. */
  readonly apps?: readonly string[];
  readonly clusters?: readonly string[];
  /** Whose heartbeats an edge's token may bring. */
  readonly edges?: readonly string[];
}

export interface Caller {
  /** For audit and history. */
  readonly name: string;
  readonly grants: readonly Grant[];
}

const ENOUGH: Readonly<Record<Role, readonly Role[]>> = {
  viewer: ['viewer', 'operator', 'migrator', 'admin'],
  operator: ['operator', 'admin'],
  migrator: ['migrator', 'admin'],
  admin: ['admin'],
  edge: ['edge', 'admin'],
};

/** Grants that suffice for a role, whatever they are narrowed to. */
export function grantsFor({ grants }: Caller, role: Role): readonly Grant[] {
  return grants.filter(({ roles }) => roles.some((one) => ENOUGH[role].includes(one)));
}

export function sees(caller: Caller, app: AppName): boolean {
  return grantsFor(caller, 'viewer').some(({ apps }) => matches(apps, app));
}

export function seesCluster(caller: Caller, cluster: ClusterName): boolean {
  return grantsFor(caller, 'viewer').some(({ clusters }) => matches(clusters, cluster));
}

/** Metrics and the like name every app: they are not for whoever sees some. */
export function seesAll(caller: Caller): boolean {
  return grantsFor(caller, 'viewer').some(({ apps, clusters }) => !apps && !clusters);
}

/** The holds of all are seen; those of one app by who sees that app. */
export function seesHold(caller: Caller, { app, cluster }: Pick<Hold, 'app' | 'cluster'>): boolean {
  if (app !== undefined) return sees(caller, app);
  return cluster === undefined || seesCluster(caller, cluster);
}

/** Within the scope: a narrowed grant takes only what names its app or cluster. */
export function mayHold(caller: Caller, scope: Pick<Hold, 'app' | 'cluster'>): boolean {
  return within(caller, 'operator', scope);
}

/** The same of a job: it needs the app and each cluster that it touches. */
export function mayMigrate(caller: Caller, scope: Pick<Hold, 'app' | 'cluster'>): boolean {
  return within(caller, 'migrator', scope);
}

function within(caller: Caller, role: Role, { app, cluster }: Pick<Hold, 'app' | 'cluster'>) {
  return grantsFor(caller, role).some(
    ({ apps, clusters }) => covers(apps, app) && covers(clusters, cluster),
  );
}

interface JobScope {
  readonly apps: readonly AppName[];
  readonly clusters: readonly ClusterName[];
}

/** A job that touches what a caller does not see is not there for it. */
export function seesJob(caller: Caller, { apps }: JobScope): boolean {
  return apps.length === 0 ? seesAll(caller) : apps.every((app) => sees(caller, app));
}

/** One grant must cover all that it touches; without an app only a whole one does. */
export function mayRun(caller: Caller, job: JobScope): boolean {
  return grantsFor(caller, 'migrator').some(
    ({ apps, clusters }) =>
      (apps === undefined ||
        (job.apps.length > 0 && job.apps.every((app) => matches(apps, app)))) &&
      job.clusters.every((cluster) => matches(clusters, cluster)),
  );
}

export function isOwnEdge(caller: Caller, edge: string): boolean {
  return grantsFor(caller, 'edge').some(({ edges }) => matches(edges, edge));
}

function covers(names: readonly string[] | undefined, name: string | undefined): boolean {
  return names === undefined || (name !== undefined && matches(names, name));
}

function matches(names: readonly string[] | undefined, name: string): boolean {
  return names === undefined || names.some((one) => fits(one, name));
}

/** Only `*` is special. Without regular expressions: `*a*a*a*b` would take them forever. */
function fits(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
