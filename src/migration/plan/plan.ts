// The plan of a migration: everything that would be done, and everything that stands against it.
//
// Comes in: the request, and all that was read for it. Goes out: manifests in order, replicas, the rung of
// the ladder, the weights of every step, and a digest of it all, which whoever carries it out demands.
// Nothing is touched. On failure: findings that refuse, all of them at once.

import type { V1PodSpec } from '@kubernetes/client-node';
import { digestOf } from '../../fanout/plan/canonical.ts';
import { bookedText } from '../capacity/ledger.ts';
import { chooseRung, type AppNeed, type Rung } from '../capacity/ladder.ts';
import { needOf, type Need } from '../capacity/need.ts';
import { roomOf } from '../capacity/room.ts';
import { collect } from '../manifests/collect.ts';
import { masked } from '../manifests/identity.ts';
import {
  at,
  nameOf,
  refuse,
  textsAt,
  type Finding,
  type FindingCode,
  type Manifest,
} from '../manifests/manifest.ts';
import { moveOf, type Move } from '../manifests/move.ts';
import type {
  AppFinding,
  AppWorld,
  MigrationPlan,
  PlannedApp,
  PlannedObject,
  PlanRequest,
  PlanWorld,
  SourceView,
} from './model.ts';
import { requestFindings, sourceFindings, trafficFindings } from './findings.ts';
import { thereFindings } from './there.ts';
import { weightTable } from './weights.ts';
import { findWorkload } from './workload.ts';

/** An app whose workload was found, before it is known how many pods of it fit. */
export interface Candidate {
  readonly world: AppWorld;
  readonly namespace: string;
  readonly source: SourceView;
  readonly workload: Manifest;
  readonly replicas: number;
  readonly need: AppNeed;
}

export function planMigration(request: PlanRequest, world: PlanWorld): MigrationPlan {
  const findings: AppFinding[] = requestFindings(request, world);
  const sorted = world.apps.toSorted(
    (a, b) =>
      Number(b.core) - Number(a.core) || b.importance - a.importance || (a.app < b.app ? -1 : 1),
  );
  const candidates = sorted.map((app) => {
    const found = candidateOf(app, world);
    if (Array.isArray(found)) findings.push(...found.map((one) => ({ ...one, app: app.app })));
    return { app, candidate: Array.isArray(found) ? undefined : found };
  });
  const known = candidates.flatMap(({ candidate }) => candidate ?? []);
  const capacity = capacityOf(known, request, world);
  if (known.length > 0 && isReadable(world) && !capacity.ok)
    findings.push(noRoom(request, capacity, world.bookings));
  const apps = candidates.map(({ app, candidate }) => {
    if (!candidate) return refusedApp(app);
    const planned = plannedApp(candidate, { request, world, capacity });
    findings.push(...planned.findings.map((one) => ({ ...one, app: app.app })));
    return planned.app;
  });
  const { from, to, mode } = request;
  const ok = findings.every(({ severity }) => severity !== 'refuse');
  const digest = digestOf({ from, to, mode, apps: apps.map(frozen) });
  return { from, to, mode, ok, digest, apps, capacity, findings };
}

/** What of an app makes it another plan: not how old its backup is by now. */
function frozen({ origin, ...app }: PlannedApp): object {
  return { ...app, backup: origin?.kind === 'backup' ? origin.backup : 'live' };
}

export function candidateOf(app: AppWorld, world: PlanWorld): Candidate | Finding[] {
  const { source, namespace } = app;
  if (app.trouble) return [app.trouble];
  if (!source || namespace === undefined)
    return [said(app, 'source-unread', 'nothing of it was read')];
  const found = findWorkload(app, source.objects, world.appOf);
  if ('finding' in found) return [found.finding];
  const { workload } = found;
  const { template } = collect(workload, source);
  if (at(template, 'spec') === undefined)
    return [refuse(workload, 'missing', 'the template of its pods is not there')];
  const replicas = Number(at(workload, 'spec', 'replicas') ?? 1);
  const { core, importance, floor } = app;
  const need = podNeed(namespace, template, world.destination);
  const ask = { app: app.app, replicas, core, importance, floor, need };
  return { world: app, namespace, source, workload, replicas, need: ask };
}

/** With what the destination adds to it. */
function podNeed(namespace: string, template: unknown, to: PlanWorld['destination']): Need {
  const labels = textsAt(template, 'metadata', 'labels');
  const spec = at(template, 'spec') as V1PodSpec;
  const ranges = to?.view.limitRanges ?? [];
  const limitRanges = ranges.filter(({ metadata }) => metadata?.namespace === namespace);
  return needOf({ namespace, labels, spec }, { limitRanges, overheads: to?.overheads ?? {} });
}

function said(app: AppWorld, code: FindingCode, text: string): Finding {
  return { severity: 'refuse', code, object: `app ${app.asked}`, text };
}

function capacityOf(known: readonly Candidate[], request: PlanRequest, world: PlanWorld): Rung {
  const view = world.destination?.view ?? { headroomPercent: 0 };
  const room = roomOf(view, world.bookings);
  return chooseRung(
    room,
    known.map(({ need }) => need),
    request.degrade,
  );
}

/** Of what was not read that much is said already. */
function isReadable({ destination }: PlanWorld): boolean {
  return destination !== undefined && destination.trouble === undefined;
}

function noRoom({ to }: PlanRequest, { apps }: Rung, bookings: PlanWorld['bookings']): AppFinding {
  const short = apps.filter(({ placed, after }) => placed < after);
  const words = short.map(({ app, placed, after, why }) => `${app} ${placed} of ${after} (${why})`);
  const booked = bookedText(bookings);
  const text = `there is no room: ${[...words, ...(booked === '' ? [] : [`booked: ${booked}`])].join('; ')}`;
  return { severity: 'refuse', code: 'no-room', object: `cluster ${to}`, text };
}

function refusedApp({ app, core, importance, namespace }: AppWorld): PlannedApp {
  return {
    app,
    state: 'refused',
    ...(namespace !== undefined && { namespace }),
    core,
    importance,
    objects: [],
    behind: [],
  };
}

interface Planning {
  readonly request: PlanRequest;
  readonly world: PlanWorld;
  readonly capacity: Rung;
}

/** What comes with so many pods, and what stands against it. */
export function movedApp(
  candidate: Candidate,
  { request, world }: Pick<Planning, 'request' | 'world'>,
  after: number,
): { readonly move: Move; readonly findings: readonly Finding[] } {
  const { world: app, namespace, source, workload } = candidate;
  const { stateful, to, adopt } = request;
  const move = moveOf(workload, source, { ...world.mapping, stateful, replicas: after });
  const findings: Finding[] = [
    ...move.findings,
    ...sourceFindings(candidate, request),
    ...trafficFindings(app, request),
    ...(world.destination && isReadable(world)
      ? thereFindings(move, { to, namespace, adopt, destination: world.destination })
      : []),
  ];
  return { move, findings };
}

function plannedApp(
  candidate: Candidate,
  planning: Planning,
): { readonly app: PlannedApp; readonly findings: readonly Finding[] } {
  const { world: app, source, workload, replicas } = candidate;
  const place = planning.capacity.apps.find((one) => one.app === app.app);
  const after = place?.after ?? replicas;
  const { move, findings } = movedApp(candidate, planning, after);
  const state = stateOf(findings, place?.deferred === true);
  const weights = shiftOf(candidate, after, planning);
  const planned: PlannedApp = {
    ...refusedApp(app),
    state,
    workload: nameOf(workload),
    origin: source.origin,
    replicas: { before: replicas, after },
    objects: objectsOf(move),
    behind: move.behind,
    ...(weights && { weights }),
  };
  return { app: planned, findings };
}

function stateOf(findings: readonly Finding[], isDeferred: boolean): PlannedApp['state'] {
  if (findings.some(({ severity }) => severity === 'refuse')) return 'refused';
  return isDeferred ? 'deferred' : 'planned';
}

function shiftOf({ world: app }: Candidate, after: number, { request, world }: Planning) {
  const { destination, base } = world;
  if (!app.traffic || !destination || destination.ingressNodes === 0 || after === 0)
    return undefined;
  const { from, to } = request;
  const { ingressNodes } = destination;
  return weightTable({ from, to, traffic: app.traffic, pods: after, ingressNodes, base });
}

function objectsOf({ objects }: Move): PlannedObject[] {
  return objects.map(({ manifest, ...rest }, index) => ({
    step: index + 1,
    ...rest,
    manifest: masked(manifest),
  }));
}
