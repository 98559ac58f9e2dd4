import { expect, test } from 'vitest';
import { spelledAs } from '../../src/fanout/plan/likeness.ts';

const pod = (...containers: readonly object[]): object => ({ spec: { containers } });
const limits = (name: string, cpu: unknown, more: object = {}): object => ({
  name,
  resources: { limits: { cpu } },
  ...more,
});

test('an amount keeps the spelling of the live object where it is the same one', () => {
  const live = pod(limits('log', '1'), limits('shop', '500m', { image: 'shop:1' }));
  const wanted = pod(limits('shop', '0.5', { image: 'shop:2' }), limits('log', 1.0));
  expect(spelledAs(live, wanted)).toEqual(
    pod(limits('shop', '500m', { image: 'shop:2' }), limits('log', '1')),
  );
});

test('another amount, and what is none, stays as it is wanted', () => {
  const live = { spec: { version: '1.0', containers: [limits('shop', '500m')] } };
  const wanted = { spec: { version: '1', containers: [limits('shop', '0.6'), limits('new', 2)] } };
  expect(spelledAs(live, wanted)).toEqual(wanted);
});
