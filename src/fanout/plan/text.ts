// A plan as a person reads it: per cluster what is done to which object, each difference, and the reason
// of each number; then totals, findings and the digest.

import type { Warning } from '../model.ts';
import type { Difference } from './diff.ts';
import type { Action, Entry, Replicas } from './entry.ts';
import type { Ladder, Plan, Total } from './plan.ts';

const SIGNS: Readonly<Record<Action, string>> = {
  create: '+',
  update: '~',
  none: '=',
  delete: '-',
  keep: '=',
  unread: '?',
  fault: '!',
};

/** `plan` has been made fit to be shown (`shownPlan`). */
export function planText(plan: Plan): string {
  const clusters = Map.groupBy(plan.entries, ({ cluster }) => cluster);
  const lines = [
    `fan-out ${plan.name ?? '(without a name: nothing can be applied)'}`,
    '',
    ...[...clusters].flatMap(([cluster, entries]) => [
      `${cluster}:`,
      ...entries.flatMap(entryLines),
      '',
    ]),
    ...plan.totals.flatMap(totalLines),
    ...(plan.ladder ? ['', ...ladderLines(plan.ladder)] : []),
    ...(plan.waves.length > 1 ? ['', ...plan.waves.map(waveLine)] : []),
    ...section('warnings', plan.warnings.map(warningLine)),
    ...section('faults', plan.faults),
    '',
    countLine(plan.entries),
    `digest ${plan.digest}`,
  ];
  return `${lines.join('\n')}\n`;
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];

function entryLines({ key, action, replicas, differences, notes }: Entry): string[] {
  const [kind = '', , namespace = '', name = ''] = key.split('|');
  const object = [kind, namespace, name].filter((part) => part !== '').join('/');
  return [
    `  ${SIGNS[action]} ${object} (${action})${replicas ? `: ${replicasText(replicas)}` : ''}`,
    ...differences.map((one) => `      ${differenceText(one)}`),
    ...notes.map((note) => `      ${note}`),
  ];
}

function replicasText({ before, after, reasons }: Replicas): string {
  const from = before === undefined || before === after ? '' : `${before} -> `;
  const count = after === undefined ? `${before ?? 0}` : `${from}${after}`;
  return `replicas ${count} (${reasons.join('; ')})`;
}

function differenceText({ path, before, after }: Difference): string {
  if (before === undefined) return `${path}: + ${valueText(after)}`;
  if (after === undefined) return `${path}: - ${valueText(before)}`;
  return `${path}: ${valueText(before)} -> ${valueText(after)}`;
}

const valueText = (value: unknown): string => JSON.stringify(value);

function totalLines({
  object,
  chosenBy,
  group,
  unplaced,
  overflow,
  leftOut,
  ...count
}: Total): string[] {
  const by = group === '' ? chosenBy : `${chosenBy}, clusters of ${group}`;
  const rest = [
    ...(unplaced > 0 ? [`${unplaced} found no place`] : []),
    ...(overflow > 0 ? [`${overflow} without known room`] : []),
  ];
  return [
    `${object}, by ${by}: ${[writtenText(count), ...rest].join(', ')}`,
    ...leftOut.map(({ cluster, why }) => `  not ${cluster}: ${why}`),
  ];
}

export function writtenText({
  counted,
  asked,
  written,
}: Pick<Total, 'counted' | 'asked' | 'written'>): string {
  if (counted) return `${written} of ${asked} replicas`;
  const clusters = asked === 1 ? 'cluster' : 'clusters';
  return written === asked ? `in ${asked} ${clusters}` : `in ${written} of ${asked} ${clusters}`;
}

function ladderLines({ rung, words, apps }: Ladder): string[] {
  const less = apps.filter(({ before, after }) => before !== after);
  return [
    `short of room: rung ${rung}, ${words}`,
    ...less.map(({ app, before, after, deferred }) =>
      deferred ? `  ${app}: deferred, of ${before}` : `  ${app}: ${before} -> ${after}`,
    ),
  ];
}

function waveLine({ name, clusters, concurrency }: Plan['waves'][number]): string {
  const each =
    clusters.length === 0 ? 'no cluster' : `${clusters.join(', ')} (${concurrency} at once)`;
  return `wave ${name}: ${each}`;
}

function warningLine({ code, place, text }: Warning): string {
  return `${code}: ${place}: ${text}`;
}

function countLine(entries: readonly Entry[]): string {
  const counts = (Object.keys(SIGNS) as Action[]).flatMap((action) => {
    const count = entries.filter((entry) => entry.action === action).length;
    return count === 0 ? [] : [`${count} ${action}`];
  });
  return counts.length === 0 ? 'nothing' : counts.join(', ');
}

/** Whether an apply would do anything. */
export function hasChanges({ entries }: Plan): boolean {
  return entries.some(({ action }) => action !== 'none' && action !== 'keep');
}
