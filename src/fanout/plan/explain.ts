// The rule behind a number: of one object of a plan, who placed it, by which rule it is divided, and each
// step that made the number of each cluster; why others have none. Pure.

import type { Order } from '../model.ts';
import type { Entry } from './entry.ts';
import type { Plan, Total } from './plan.ts';
import { writtenText } from './text.ts';

export interface Explained {
  /** `Deployment/prod/shop` */
  readonly object: string;
  readonly chosenBy: string;
  readonly rule: string;
  readonly counted: boolean;
  readonly asked: number;
  readonly written: number;
  readonly unplaced: number;
  readonly overflow: number;
  /** By cluster. */
  readonly clusters: readonly ExplainedCluster[];
}

export interface ExplainedCluster {
  readonly cluster: string;
  readonly action: Entry['action'] | 'left out';
  readonly before?: number;
  readonly after?: number;
  /** In order: what made the number, or why there is none. */
  readonly reasons: readonly string[];
}

const RULES: Readonly<Record<Order['division']['kind'], string>> = {
  'as-written': 'nothing is divided: each cluster gets the object as it is written',
  planner:
    'Federation’s planner: each cluster its minimum; what runs stays unless it is to be rebalanced; what is left goes by weight in rounds, fractions up, the heavier first, then by the hash of cluster and object; none above its maximum',
  duplicated: 'Karmada, duplicated: each cluster gets all replicas',
  static:
    'Karmada, static weights: each cluster its highest matching weight, seats by Webster’s method; 0 gets nothing',
  dynamic:
    'Karmada, dynamic weights: what is there stays; more goes by the room of each cluster, less comes off by what each has',
  aggregated:
    'Karmada, aggregated: as by dynamic weights, over the fewest clusters that have the room',
};

/** `wanted`: `shop`, `Deployment/shop` or `Deployment/prod/shop`; all objects that it fits. */
export function explain(plan: Plan, wanted: string): Explained[] {
  return plan.totals
    .filter((total) => fits(total.object, wanted))
    .map((one) => explained(plan, one));
}

function fits(object: string, wanted: string): boolean {
  const parts = object.split('/');
  const kind = parts[0] ?? '';
  const name = parts.at(-1) ?? '';
  return [object, `${kind}/${name}`, name].includes(wanted);
}

function explained({ entries }: Plan, total: Total): Explained {
  const { object, chosenBy, division, counted, asked, written, leftOut, ...rest } = total;
  const mine = entries.filter(({ key }) => objectOf(key) === object);
  const placed = mine.map((entry): ExplainedCluster => {
    const { cluster, action, replicas, notes } = entry;
    const { before, after, reasons = [] } = replicas ?? {};
    return {
      cluster,
      action,
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
      reasons: [...reasons, ...notes],
    };
  });
  const out = leftOut.map(({ cluster, why }): ExplainedCluster => {
    return { cluster, action: 'left out', reasons: [why] };
  });
  const clusters = [...placed, ...out].toSorted((left, right) =>
    left.cluster < right.cluster ? -1 : 1,
  );
  const { unplaced, overflow } = rest;
  const sums = { counted, asked, written, unplaced, overflow };
  return { object, chosenBy, rule: RULES[division], ...sums, clusters };
}

/** As totals call it. */
function objectOf(key: string): string {
  const [kind = '', , namespace = '', name = ''] = key.split('|');
  return [kind, namespace, name].filter((part) => part !== '').join('/');
}

export function explainText(explained: readonly Explained[]): string {
  return explained.map(sectionOf).join('\n');
}

function sectionOf({ object, chosenBy, rule, clusters, ...rest }: Explained): string {
  const missing = rest.unplaced > 0 ? `, ${rest.unplaced} found no place` : '';
  const beyond = rest.overflow > 0 ? `, ${rest.overflow} without known room` : '';
  const lines = [
    `${object}, by ${chosenBy}: ${writtenText(rest)}${missing}${beyond}`,
    `  rule: ${rule}`,
    ...clusters.flatMap(({ cluster, action, before, after, reasons }) => [
      `  ${cluster}: ${countOf(before, after)}(${action})`,
      ...reasons.map((reason) => `      ${reason}`),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function countOf(before: number | undefined, after: number | undefined): string {
  if (after === undefined) return '';
  return before === undefined || before === after ? `${after} ` : `${before} -> ${after} `;
}
