// Plans of migrations as text. Pure.

import type {
  CapacityAnswer,
  FindingAnswer,
  PlanAnswer,
  RehearsalAnswer,
} from '../api/migration-shapes.ts';
import { age, percent, toTable } from './table.ts';

type PlannedApp = PlanAnswer['apps'][number];

export function planText(plan: PlanAnswer): string {
  const { from, to, mode, ok, digest, apps, capacity, findings } = plan;
  const head = `${mode} from ${from} to ${to}: ${ok ? 'can begin' : 'refused'}\n`;
  const parts = [
    head,
    findings.length === 0 ? '' : findingsTable(findings),
    capacity.apps.length === 0 ? '' : capacityTable(to, capacity),
    ...apps.map(appText),
    `digest ${digest}\n`,
  ];
  return parts.filter((part) => part !== '').join('\n');
}

export function findingsTable(findings: readonly FindingAnswer[]): string {
  // What refuses first.
  const sorted = findings.toSorted(
    (a, b) => Number(a.severity === 'warn') - Number(b.severity === 'warn'),
  );
  const rows = sorted.map(({ severity, app, code, object, text }) => [
    severity,
    app,
    code,
    object,
    text,
  ]);
  return toTable(['FINDING', 'APP', 'CODE', 'OF', 'WHAT'], rows);
}

function capacityTable(to: string, { rung, words, ok, apps }: CapacityAnswer): string {
  const rows = apps.map(({ app, before, after, placed, why, deferred, unchecked }) => [
    app,
    before,
    deferred ? 'deferred' : after,
    placed,
    [why, ...unchecked.map((one) => `${one} not looked at`)].join('; '),
  ]);
  const head = `room in ${to}: rung ${rung}, ${words}${ok ? '' : ': too little'}\n`;
  return head + toTable(['APP', 'PODS', 'PLANNED', 'FIT', 'WHY'], rows);
}

function appText(app: PlannedApp): string {
  const { workload, replicas, state, objects, behind, weights } = app;
  const pods = replicas && replicas.after !== replicas.before ? ` of ${replicas.before}` : '';
  const what = workload === undefined ? '' : `, ${workload}, ${replicas?.after}${pods} pods`;
  const lines = [`${app.app}: ${state}${what}${originText(app.origin)}`];
  const steps = objects.map(({ step, manifest, how, late }) => [
    step,
    objectName(manifest),
    how,
    late ? 'once the workload is ready' : undefined,
  ]);
  const table = steps.length === 0 ? '' : toTable(['STEP', 'OBJECT', 'HOW', 'WHEN'], steps);
  for (const { object, why } of behind) lines.push(`  ${object} stays: ${why}`);
  return `${lines.join('\n')}\n${table}${weights ? `\n${weightsTable(weights)}` : ''}`;
}

function originText(origin: PlannedApp['origin']): string {
  if (origin?.kind !== 'backup') return '';
  const passed = (origin.passedOver ?? []).map(
    ({ backup, why }) => `\n  ${backup} is passed over: ${why}`,
  );
  return `, from backup ${origin.backup} of ${origin.startedAt}${passed.join('')}`;
}

function objectName(manifest: Readonly<Record<string, unknown>>): string {
  const { kind, metadata } = manifest as {
    readonly kind?: string;
    readonly metadata?: { readonly name?: string; readonly namespace?: string };
  };
  return `${kind} ${metadata?.namespace}/${metadata?.name}`;
}

function weightsTable({ factor, steps }: NonNullable<PlannedApp['weights']>): string {
  const rows = steps.flatMap(({ step, parts }) =>
    parts.map(({ from, sum, servers, each, share }, index) => [
      index === 0 ? step : '',
      from,
      sum,
      servers,
      each,
      percent(share),
    ]),
  );
  const table = toTable(['STEP', 'FROM', 'WEIGHT', 'SERVERS', 'EACH', 'SHARE'], rows);
  return `weights times ${factor} while it lasts\n${table.replaceAll(/^- /gm, '  ')}`;
}

type RehearsedCluster = RehearsalAnswer['clusters'][number];

export function rehearsalText({ at, clusters }: RehearsalAnswer): string {
  return [`as if each died, at ${at}\n`, ...clusters.map(clusterText)].join('\n');
}

function clusterText({ cluster, ok, apps, destinations }: RehearsedCluster): string {
  if (apps.length === 0) return `${cluster}: nothing runs there\n`;
  const rows = apps.map((one) => [
    one.namespace === undefined ? one.app : `${one.namespace}/${one.app}`,
    one.backup ?? 'none',
    age(one.ageSeconds),
    [
      ...(one.trouble === undefined ? [] : [one.trouble]),
      ...one.warnings,
      ...(one.trouble === undefined
        ? one.passedOver.map(({ backup, why }) => `${backup} is passed over: ${why}`)
        : []),
    ].join('; '),
  ]);
  const places = destinations.map((one) => [
    one.cluster,
    one.ok && one.deferred.length === 0 ? 'yes' : 'no',
    one.rung,
    [one.words, ...one.refused, ...waiting(one)].join('; '),
  ]);
  return [
    `${cluster}: ${ok ? 'its apps would come back' : 'not all of its apps would come back'}\n`,
    toTable(['APP', 'BACKUP', 'AGE', 'WHAT IS WRONG'], rows),
    toTable(['TO', 'TAKES ALL', 'RUNG', 'WHY'], places),
  ].join('');
}

function waiting({ deferred }: RehearsedCluster['destinations'][number]): string[] {
  return deferred.length === 0 ? [] : [`${deferred.join(', ')} would wait for room`];
}
