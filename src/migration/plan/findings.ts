// What stands against a migration before any manifest is looked at. Pure.

import {
  refuse,
  warn,
  type Finding,
  type FindingCode,
  type Manifest,
} from '../manifests/manifest.ts';
import { READ_ONLY } from '../../clusters/writer-scope.ts';
import type { AppFinding, AppWorld, PlanRequest, PlanWorld, SourceView } from './model.ts';

function said(
  severity: Finding['severity'],
  code: FindingCode,
  [object, text]: readonly [string, string],
): Finding {
  return { severity, code, object, text };
}

export function requestFindings(request: PlanRequest, world: PlanWorld): AppFinding[] {
  const { from, to } = request;
  const isKnown = (name: string): boolean => world.clusters.includes(name);
  const findings: Finding[] = [];
  if (!isKnown(from))
    findings.push(said('refuse', 'no-source', [`cluster ${from}`, 'there is none']));
  if (!isKnown(to))
    findings.push(said('refuse', 'no-destination', [`cluster ${to}`, 'there is none']));
  if (from === to)
    findings.push(
      said('refuse', 'same-cluster', [`cluster ${to}`, 'it is source and destination']),
    );
  return [
    ...findings,
    ...appsFindings(world),
    ...destinationFindings(request, world),
    ...deletionFindings(request, world),
    ...livingFindings(request, world),
    ...edgeFindings(world),
    ...debtFindings(request, world),
  ];
}

/** All of nothing is true, and is not what anybody asked for. */
function appsFindings({ apps }: PlanWorld): Finding[] {
  if (apps.length === 0) return [said('refuse', 'no-apps', ['apps', 'none is named'])];
  const names = apps.map(({ app }) => app);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...twice].map((name) => said('refuse', 'twice', [`app ${name}`, 'it is named twice']));
}

function destinationFindings({ to }: PlanRequest, { destination }: PlanWorld): Finding[] {
  if (!destination) return [];
  const { trouble, jobs, ingressNodes } = destination;
  const closed = `it ${READ_ONLY}`;
  const object = `cluster ${to}`;
  if (trouble !== undefined)
    return [said('refuse', 'destination-unread', [object, `it could not be read: ${trouble}`])];
  return [
    ...(jobs ? [] : [said('refuse', 'not-allowed', [object, closed])]),
    ...(ingressNodes === 0
      ? [
          said('refuse', 'no-ingress-nodes', [
            object,
            'no request can get in: it has no ingress node',
          ]),
        ]
      : []),
  ];
}

/** What has gone over is deleted at the source, but for one that is dead. */
function deletionFindings({ from, mode }: PlanRequest, { source, apps }: PlanWorld): Finding[] {
  if (!source || mode === 'offline') return [];
  const object = `cluster ${from}`;
  const { jobs } = source;
  if (!jobs) return [said('refuse', 'not-allowed', [object, `it ${READ_ONLY}`])];
  const outside = apps.flatMap(({ namespace }) =>
    namespace === undefined || jobs.namespaces.includes(namespace) ? [] : namespace,
  );
  return [...new Set(outside)].map((namespace) => {
    const text = `clusters[].jobs.namespaces of ${from} has only ${jobs.namespaces.join(', ')}`;
    return said('refuse', 'not-allowed', [`Namespace ${namespace}`, text]);
  });
}

/** Offline leaves all that is there, which is for a source that is dead. */
function livingFindings({ from, mode }: PlanRequest, { source }: PlanWorld): Finding[] {
  if (mode !== 'offline' || !source?.answers) return [];
  return [said('warn', 'source-answers', [`cluster ${from}`, BOTH_RUN])];
}

export const BOTH_RUN =
  'it answers: offline deletes nothing there and has no way back, so both copies run. Take mode online, ' +
  'or evacuate where the app is ill; else first scale to 0 there what must not run twice (what works off a ' +
  'queue, or by the clock), and consent to the debt at the end';

/** Without edges nothing proves that traffic went over. */
function edgeFindings({ edges }: PlanWorld): Finding[] {
  if (edges.length === 0)
    return [
      said('refuse', 'no-edges', ['edges', 'there is none: nothing would prove where requests go']),
    ];
  return edges.flatMap(({ name, silent }) =>
    silent === undefined ? [] : [said('warn', 'silent-edge', [`edge ${name}`, silent])],
  );
}

/** What is owed there would be deleted: the same objects, should they be taken over. */
function debtFindings({ from, to }: PlanRequest, { apps, debts = [] }: PlanWorld): AppFinding[] {
  const names = new Set(apps.map(({ app }) => app));
  const own = debts.filter(
    ({ app, cluster }) => names.has(app) && (cluster === from || cluster === to),
  );
  return own.map(({ id, app, cluster }) => {
    const text = `an earlier migration still owes its deletion in ${cluster}: settle debt ${id} first`;
    return { ...said('refuse', 'owed', [`app ${app}`, text]), app };
  });
}

interface Sourced {
  readonly source: SourceView;
  readonly workload: Manifest;
  readonly replicas: number;
}

export function sourceFindings(
  { source, workload, replicas }: Sourced,
  { mode }: PlanRequest,
): Finding[] {
  const { origin } = source;
  const findings: Finding[] = [];
  if (replicas === 0) findings.push(refuse(workload, 'no-pods', 'it wants no pods'));
  if (origin.kind === 'live') return findings;
  for (const warning of origin.warnings)
    findings.push(warn(workload, 'backup', `backup ${origin.backup}: ${warning}`));
  if (mode !== 'offline') findings.push(refuse(workload, 'backup', `${mode} reads no backup`));
  return findings;
}

/** Online the app must be well where it is: else its weights say nothing, and it is evacuated. */
export function trafficFindings(app: AppWorld, { from, mode }: PlanRequest): Finding[] {
  const object = `app ${app.asked}`;
  const source = app.traffic?.clusters.find(({ cluster }) => cluster === from);
  if (mode !== 'online') {
    return source?.kept
      ? [said('warn', 'kept-weights', [object, `weights of ${from} are those last published`])]
      : [];
  }
  if (!source || source.weight === 0)
    return [
      said('refuse', 'no-pods', [object, `no pod of it counts in ${from}; mode evacuate moves it`]),
    ];
  return source.kept
    ? [
        said('refuse', 'kept-weights', [
          object,
          `${from} is not seen; mode offline moves from a backup`,
        ]),
      ]
    : [];
}
