// Alert rules and dashboards speak of metrics that there are, and every alert has its runbook.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook_url', string>>;
}

const rules = (
  parse(read('deploy', 'chart', 'monitoring', 'alerts.yaml')) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);

const DASHBOARDS = join('deploy', 'chart', 'dashboards');

/** The controller's, and what the edge's Lua writes. */
const known = new Set([
  ...createMetrics()
    .registry.getMetricsAsArray()
    .flatMap(({ name }) => ['', '_bucket', '_sum', '_count'].map((end) => name + end)),
  ...read('lua', 'ballast', 'metrics.lua')
    .matchAll(/'(ballast_edge_\w+)'/g)
    .map(([, name]) => name),
  ...read('lua', 'ballast', 'metrics.lua')
    .matchAll(/\{ \d, '(\w+)'/g)
    .map(([, name]) => `ballast_edge_${name}`),
]);

const unknown = (expr: string): string[] =>
  [...expr.replaceAll(/\\?"[^"]*"/g, '').matchAll(/\bballast_\w+/g)]
    .map(([name]) => name)
    .filter((name) => !known.has(name));

it('every alert speaks of metrics that there are', () => {
  expect(rules.flatMap(({ expr }) => unknown(expr))).toEqual([]);
});

it('every alert says how bad it is, and has a runbook', () => {
  const readme = read('README.md');
  for (const { alert, labels, annotations } of rules) {
    expect(labels.severity, alert).toMatch(/^(critical|warning|info)$/);
    expect(annotations.summary.length, alert).toBeGreaterThan(10);
    expect(annotations.runbook_url, alert).toMatch(new RegExp(`#${alert.toLowerCase()}$`));
    const text = readme.split(`\n#### ${alert}\n`)[1]?.split('\n#')[0] ?? '';
    expect(text.length, alert).toBeGreaterThan(80);
  }
  const told = [...readme.matchAll(/^#### (Ballast\w+)$/gm)].map(([, name]) => name);
  expect(told).toEqual(rules.map(({ alert }) => alert));
});

it('the dashboards are those of dashboards.mjs, and speak of metrics that there are', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-dashboards-'));
  try {
    const maker = join(ROOT, 'deploy', 'monitoring', 'dashboards.mjs');
    execFileSync(process.execPath, [maker, folder]);
    const names = readdirSync(folder).sort();
    expect(readdirSync(join(ROOT, DASHBOARDS)).sort()).toEqual(names);
    for (const name of names) {
      const text = read(DASHBOARDS, name);
      expect(text === readFileSync(join(folder, name), 'utf8'), `make ${name} anew`).toBe(true);
      const exprs = [...text.matchAll(/"expr": (".*"),?$/gm)].map(([, expr = '']) => expr);
      expect(exprs.length).toBeGreaterThan(5);
      expect(exprs.flatMap(unknown)).toEqual([]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
