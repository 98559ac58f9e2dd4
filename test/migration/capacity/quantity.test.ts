// Quantities as the scheduler counts them.

import { expect, test } from 'vitest';
import { amountOf } from '../../../src/migration/capacity/quantity.ts';

test.each([
  ['cpu', '1', 1000],
  ['cpu', '100m', 100],
  ['cpu', '1.1', 1100],
  ['cpu', '0.0001', 1],
  ['cpu', '1500u', 2],
  ['cpu', '2k', 2_000_000],
  ['limits.cpu', '.5', 500],
  ['cpu', 2, 2000],
  ['memory', '1Ki', 1024],
  ['memory', '1.5Gi', 1_610_612_736],
  ['memory', '128M', 128_000_000],
  ['memory', '1e3', 1000],
  ['memory', '1E', 1e18],
  ['memory', '12E-1', 2],
  ['memory', '100m', 1],
  ['memory', '5.', 5],
  ['pods', '110', 110],
  ['memory', '-1', -1],
])('%s %s is %d', (resource, quantity, amount) => {
  expect(amountOf(resource, quantity)).toBe(amount);
});

test.each(['', '.', 'x', '1 Gi', '1gi', '1KiB', 'm', '0x10', undefined])('%s is none', (text) => {
  expect(amountOf('memory', text)).toBeUndefined();
});
