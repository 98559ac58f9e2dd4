// Which credentials are about to end, by what is left of them.

import { expect, test } from 'vitest';
import { endingFindings } from '../../src/cli/check/credentials.ts';

const HOUR = 3_600_000;
const found = (since: number, until: number) => {
  const life = { since: since * HOUR, until: until * HOUR };
  return endingFindings([{ kind: 'certificate', use: 'jobs', cluster: 'east', ...life }], 0);
};

test.each([
  ['for an hour, made anew each hour', -0.8, 0.2, 0],
  ['for a week, on its first day', -20, 148, 0],
  ['for a week, on its last day', -145, 23, 1],
  ['for a year, of which a month is left', -8030, 730, 0],
  ['for a year, of which six days are left', -8600, 144, 1],
])('%s', (_, since, until, count) => {
  expect(found(since, until)).toHaveLength(count);
});

test('one that does not say since when is judged by the week alone', () => {
  const since = -Date.parse('2026-01-01T00:00:00Z') / HOUR;
  expect(found(since, 167)).toHaveLength(1);
  expect(found(since, 169)).toHaveLength(0);
});

test('what has ended is an error', () => {
  expect(found(-9, -1)).toMatchObject([
    {
      level: 'error',
      text: 'the certificate that jobs write with ended at 1969-12-31T23:00:00.000Z',
    },
  ]);
});
