// README's tables say what the code says: configuration keys, errors, metrics.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ConfigSchema } from '../../src/config/schema.ts';
import { ERRORS } from '../../src/errors.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** First cells, in back quotes, of the table under a heading. */
function firstCells(heading: string): string[] {
  const section = README.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? '');
}

interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

function keysOf(node: Node, path: string): string[] {
  if (node.type === 'array' && node.items?.type === 'object')
    return keysOf(node.items, `${path}[]`);
  if (node.type !== 'object') return [path];
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    keysOf(child, path === '' ? key : `${path}.${key}`),
  );
}

test('the configuration table has every key', () => {
  expect(firstCells('Configuration')).toEqual(keysOf(ConfigSchema as Node, ''));
});

test('the error table is the code’s', () => {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, title, act }]) => `| \`${code}\` | ${status} | ${title} | ${act} |`,
  );
  expect(firstCells('API')).toEqual(Object.keys(ERRORS));
  expect(rows.filter((row) => !README.includes(row))).toEqual([]);
});

test('the metrics table has every metric', async () => {
  const metrics = await createMetrics().registry.getMetricsAsJSON();
  expect(firstCells('Metrics')).toEqual(metrics.map(({ name }) => name));
});
