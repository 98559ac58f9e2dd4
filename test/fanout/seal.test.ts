// Secrets with marks of what they hold: the same for the same, opened again whole or not at all.

import { expect, test } from 'vitest';
import { sealingBy, opened, sealed, valuesIn } from '../../src/fanout/plan/seal.ts';

const metadata = { name: 'key', namespace: 'prod' };
const secret = (content: object, own: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { ...metadata, ...own },
  ...content,
});
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const HELD = secret({ data: { a: base64('planted'), b: base64('other') }, type: 'Opaque' });

test('nothing of what it holds is left, keys and type are; opened it is whole', () => {
  const shut = sealed(HELD);
  expect(shut).toMatchObject({ metadata, type: 'Opaque', data: { a: expect.any(String) } });
  expect(JSON.stringify(shut)).not.toContain(base64('planted'));
  const values = valuesIn(HELD);
  expect(opened(shut, (mark) => values.get(mark))).toEqual(HELD);
  expect(sealed(shut)).toEqual(shut);
});

test('what a server makes the same has the same marks, and another value another', () => {
  const same = [
    secret({ stringData: { a: 'planted', b: 'other' }, type: 'Opaque' }),
    secret({
      data: { a: `${base64('planted').slice(0, 4)}\n${base64('planted').slice(4)}` },
      stringData: { b: 'other' },
      type: 'Opaque',
    }),
    secret({
      data: { a: base64('else'), b: base64('other') },
      stringData: { a: 'planted' },
      type: 'Opaque',
    }),
  ];
  for (const one of same) expect(sealed(one)).toEqual(sealed(HELD));
  const other = secret({ stringData: { a: 'Planted', b: 'other' }, type: 'Opaque' });
  expect(sealed(other)).not.toEqual(sealed(HELD));
});

test('one whose value is not found is not opened, nor is half of it', () => {
  const values = new Map([...valuesIn(HELD)].slice(1));
  expect(opened(sealed(HELD), (mark) => values.get(mark))).toBeUndefined();
});

test('a misspelt field and kubectl’s copy hide nothing', () => {
  const copy = { 'kubectl.kubernetes.io/last-applied-configuration': 'planted', note: 'x' };
  const shut = sealed(
    secret({ stringdata: { a: 'planted' }, Data: 'planted' }, { annotations: copy }),
  );
  expect(JSON.stringify(shut)).not.toContain('planted');
  expect(shut.metadata.annotations).toEqual({ note: 'x' });
});

test('what is no Secret is left as it is', () => {
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'b' } };
  expect(sealed(config)).toBe(config);
  expect(valuesIn(config).size).toBe(0);
  expect(opened(config, () => undefined)).toBe(config);
});

test('under a key a mark is another, the same for the same, and opens as well', () => {
  const sealing = sealingBy('k'.repeat(32));
  const shut = sealed(HELD, sealing);
  expect(JSON.stringify(shut)).toMatch(/"sealed:hmac-sha256:[0-9a-f]{64}"/);
  expect(sealed(HELD, sealingBy('k'.repeat(32)))).toEqual(shut);
  expect(sealed(HELD, sealingBy('l'.repeat(32)))).not.toEqual(shut);
  const values = valuesIn(HELD, sealing);
  expect(opened(shut, (mark) => values.get(mark))).toEqual(HELD);
  // Whoever compares what is sealed needs no key.
  expect(sealed(shut)).toEqual(shut);
});
