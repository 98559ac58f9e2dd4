// Every file of test/cases/fanout is a test: adding one is adding a file. What a case does not mention is
// not looked at, but for faults: there are none unless it says so.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readFanout } from '../../src/fanout/fanout.ts';
import { type FanoutCase, outcomeOf } from './fanout-case.ts';

const folder = new URL('../cases/fanout/', import.meta.url);

for (const file of readdirSync(folder)) {
  test(file.replace(/\.yaml$/, ''), () => {
    const fanoutCase = parse(readFileSync(new URL(file, folder), 'utf8')) as FanoutCase;
    const expected = { faults: [], ...fanoutCase.expected };
    const outcome = outcomeOf(fanoutCase);
    const keys = Object.keys(expected) as (keyof typeof outcome)[];
    expect(Object.fromEntries(keys.map((key) => [key, outcome[key]]))).toEqual(expected);
  });
}

test('README’s FanOut is one', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const text =
    /```yaml\n(apiVersion: ballast\.io\/v1\nkind: FanOut\n[\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const object = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n';
  const files = [
    { name: 'README.md', text },
    { name: 'object.yaml', text: object },
  ];
  expect(readFanout(files)).toMatchObject({ kind: 'orders', orders: { name: 'release' } });
});
