import { expect, test } from 'vitest';
import { age, percent, toTable } from '../../src/cli/table.ts';

test('columns stand under their heads, Chinese letters counted as wide as they are', () => {
  expect(
    toTable(
      ['WHO', 'WHY'],
      [
        ['王小明', '内核升级'],
        ['ann', undefined],
        ['bo', 0],
      ],
    ),
  ).toBe(['WHO     WHY', '王小明  内核升级', 'ann     -', 'bo      0', ''].join('\n'));
});

test('ages and shares', () => {
  expect([undefined, 0.4, 119, 120, 7200, 200_000].map(age)).toEqual([
    undefined,
    '0s',
    '119s',
    '2m',
    '2h',
    '2d',
  ]);
  expect([undefined, 0, 1 / 3].map(percent)).toEqual([undefined, '0.0 %', '33.3 %']);
});
