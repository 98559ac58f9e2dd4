// By what it is seen that somebody else changed an object, and by what not.

import { expect, test } from 'vitest';
import { formOf, isOurs, labelled } from '../../src/migration/run/form.ts';
import type { Manifest } from '../../src/migration/manifests/manifest.ts';
import { deployment, object, PASSWORD, service } from './plan/plan-world.ts';

const changed = (one: Manifest, more: object): Manifest => ({ ...one, ...more });
const isSame = (left: Manifest, right: Manifest, scaled = false): boolean =>
  formOf(left, scaled) === formOf(right, scaled);

test('status and metadata are a cluster’s; fields are somebody’s', () => {
  const shop = deployment('shop', 4);
  const spec = shop['spec'] as object;
  expect(isSame(shop, changed(shop, { status: { readyReplicas: 1 } }))).toBe(true);
  const metadata = { ...shop.metadata, resourceVersion: '9', annotations: { a: 'b' } };
  expect(isSame(shop, changed(shop, { metadata }))).toBe(true);
  expect(isSame(shop, changed(shop, { spec: { ...spec, paused: true } }))).toBe(false);
});

test('the number of pods is an autoscaler’s, where one came along', () => {
  const [four, five] = [deployment('shop', 4), deployment('shop', 5)];
  expect(isSame(four, five)).toBe(false);
  expect(isSame(four, five, true)).toBe(true);
});

test('what controllers write into others’ objects', () => {
  const shop = service('shop');
  const hashed = { selector: { app: 'shop', 'rollouts-pod-template-hash': 'abc' } };
  const spec = shop['spec'] as object;
  expect(isSame(shop, changed(shop, { spec: { ...spec, ...hashed } }))).toBe(true);
  expect(isSame(shop, changed(shop, { spec: { ...spec, selector: { app: 'other' } } }))).toBe(
    false,
  );
  const token = object('v1', 'Secret', 'token', { type: 'kubernetes.io/service-account-token' });
  expect(isSame(token, changed(token, { data: { token: 'x' } }))).toBe(true);
});

test('of a Secret a digest tells, and no value', () => {
  const secret = object('v1', 'Secret', 'shop', { data: { password: PASSWORD } });
  expect(isSame(secret, changed(secret, { data: { password: 'b3RoZXI=' } }))).toBe(false);
  expect(formOf(secret, false)).not.toContain(PASSWORD);
});

test('what carries the job’s id is its own', () => {
  const mine = labelled(deployment('shop', 1), 'move-shop-1', 'u');
  expect([isOurs(mine, 'move-shop-1'), isOurs(mine, 'move-shop-2')]).toEqual([true, false]);
});
