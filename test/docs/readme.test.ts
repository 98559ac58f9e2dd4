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
  // A mapping of any keys is one key itself.
  if (node.type !== 'object' || !node.properties) return [path];
  return Object.entries(node.properties).flatMap(([key, child]) =>
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
  expect(firstCells('Metrics, logs, traces')).toEqual(metrics.map(({ name }) => name));
});

/** The keys of a set that a Lua file of the edge checks with. */
function luaKeys(file: string, name: string): string[] {
  const path = new URL(`../../lua/ballast/${file}.lua`, import.meta.url);
  const set = new RegExp(`^local ${name} = \\{([^}]*)\\}`, 'm').exec(readFileSync(path, 'utf8'));
  return [...(set?.[1] ?? '').matchAll(/(\w+) = true/g)].map((match) => match[1] ?? '');
}

test('the table of edge.json has every key that an edge takes, and no other', () => {
  const inside: Readonly<Record<string, readonly string[]>> = {
    redis: luaKeys('config_redis', 'KEYS'),
    api: luaKeys('config_api', 'KEYS'),
    tokens: luaKeys('config', 'TOKEN_KEYS'),
    tls: luaKeys('fields', 'TLS_KEYS'),
  };
  const expand = (key: string, path: string): string[] =>
    inside[key]?.flatMap((child) => expand(child, `${path}.${child}`)) ?? [path];
  const taken = luaKeys('config', 'KEYS').flatMap((key) => expand(key, key));
  const table = README.split('\n## An edge\n')[1]?.split('\n### ')[0] ?? '';
  const cells = [...table.matchAll(/^\| (`.*?`) \|/gm)].map((match) => match[1] ?? '');
  const told = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, key]) => key));
  expect(taken.length).toBeGreaterThan(15);
  expect(told.sort()).toEqual(taken.sort());
});
