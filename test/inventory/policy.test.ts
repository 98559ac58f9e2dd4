import { expect, test } from 'vitest';
import { policyFault, settlePolicy } from '../../src/inventory/policy.ts';

const DEFAULT = { balance: 'smooth', whenUnhealthy: 'spread' };

test('nothing said: smooth, spread, everything else off', () => {
  expect(settlePolicy()).toEqual(DEFAULT);
});

test('what an app leaves out comes from the policy for all apps', () => {
  const forAll = { whenUnhealthy: 'reject', panic: 40, slowStart: { seconds: 9 } } as const;
  expect(settlePolicy(forAll, { balance: 'least' })).toEqual({ ...forAll, balance: 'least' });
});

test('a health of its own replaces the one for all as a whole', () => {
  const forAll = { health: { path: '/deep', host: 'a.example', fall: 9 } };
  const settled = settlePolicy(forAll, { health: { rise: 5 } });
  expect(settled.health).toEqual({
    path: '/',
    intervalSeconds: 5,
    timeoutSeconds: 1,
    rise: 5,
    fall: 3,
  });
});

test('the key for all is of no use to an app that does not hash', () => {
  const forAll = { balance: 'hash', key: 'remote_addr' } as const;
  expect(settlePolicy(forAll)).toEqual({ ...DEFAULT, ...forAll });
  expect(settlePolicy(forAll, { balance: 'smooth' })).toEqual(DEFAULT);
  expect(policyFault(forAll, { balance: 'smooth' })).toBeUndefined();
});

test.each([
  ['hash without a key', {}, { balance: 'hash' }],
  ['a key without hash', {}, { key: 'host' }],
] as const)('%s is a fault at the key', (_, forAll, own) => {
  expect(policyFault(forAll, own)).toMatchObject({ key: 'key' });
});
