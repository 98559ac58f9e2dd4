// Quantities as the scheduler counts them.

import { expect, test } from 'vitest';
import { amountOf, sameQuantity, shownAmount } from '../src/quantity.ts';

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

test.each([
  ['500m', '0.5', true],
  ['1Gi', '1073741824', true],
  ['1Gi', 1_073_741_824, true],
  ['1000n', '1u', true],
  ['1e3', '1k', true],
  ['1E', '1000P', true],
  ['100m', '200m', false],
  ['1000000000000000001', '1000000000000000000', false],
  ['1G', '1Gi', false],
  ['nginx', 'nginx', false],
  [[5], 5, false],
])('%s and %s are one quantity: %s', (left, right, same) => {
  expect(sameQuantity(left, right)).toBe(same);
});

test.each([
  ['cpu', 400, '400m'],
  ['requests.cpu', 2000, '2'],
  ['cpu', 0, '0'],
  ['memory', 256 * 1024 ** 2, '256Mi'],
  ['limits.memory', 8 * 1024 ** 3 - 1, '7.99Gi'],
  ['memory', 100, '100'],
  ['ephemeral-storage', 1536, '1.5Ki'],
  ['nvidia.com/gpu', 2, '2'],
  ['pods', 3, '3'],
])('%s: %d is shown as %s', (resource, amount, text) => {
  expect(shownAmount(resource, amount)).toBe(text);
});
