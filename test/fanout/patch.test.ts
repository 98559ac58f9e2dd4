// Steps of overrides, each by itself.

import { expect, test } from 'vitest';
import type { ImageStep, JsonStep } from '../../src/fanout/model.ts';
import { changeImage } from '../../src/fanout/patch/image.ts';
import { applyStep } from '../../src/fanout/patch/json-patch.ts';

const SHA = `sha256:${'ab'.repeat(32)}`;
const FULL = 'reg.example.com:5000/team/shop:1.2';

test.each([
  [FULL, 'Registry', 'replace', 'new.io', 'new.io/team/shop:1.2'],
  [FULL, 'Registry', 'add', '/proxy', 'reg.example.com:5000/proxy/team/shop:1.2'],
  [FULL, 'Registry', 'remove', 'ignored', 'team/shop:1.2'],
  ['team/shop', 'Registry', 'add', 'new.io', 'new.io/team/shop'],
  ['localhost/shop', 'Registry', 'remove', '', 'shop'],
  ['shop', 'Registry', 'replace', 'new.io', 'new.io/shop'],
  [FULL, 'Repository', 'replace', 'other', 'reg.example.com:5000/other:1.2'],
  [FULL, 'Repository', 'add', '-arm', 'reg.example.com:5000/team/shop-arm:1.2'],
  ['shop:1', 'Tag', 'replace', '2', 'shop:2'],
  ['shop', 'Tag', 'add', '2', 'shop:2'],
  ['shop:1', 'Tag', 'add', '-slim', 'shop:1-slim'],
  ['shop:1', 'Tag', 'remove', '', 'shop'],
  ['shop:1', 'Tag', 'replace', SHA, `shop@${SHA}`],
  [`shop@${SHA}`, 'Tag', 'replace', '2', 'shop:2'],
  [`shop@${SHA}`, 'Tag', 'remove', '', 'shop'],
] as const)('%s, %s %s %s: %s', (image, component, operator, value, changed) => {
  const step: ImageStep = { kind: 'image', component, operator, value };
  expect(changeImage(image, step)).toEqual({ ok: true, image: changed });
});

test('a tag that is none is dropped, and what is no image is refused', () => {
  const step: ImageStep = { kind: 'image', component: 'Tag', operator: 'replace', value: 'a b' };
  expect(changeImage('shop:1', step)).toEqual({ ok: true, image: 'shop:1', dropped: 'a b' });
  for (const image of ['', 'Shop', 'shop:a b', 'shop@sha256:1', 'a//b', 'http://reg/shop']) {
    expect(changeImage(image, step)).toMatchObject({ ok: false });
  }
});

const given = () => ({ map: { a: 1, 'x/y~z': 2 }, list: [{ n: 1 }, { n: 2 }], text: 'abc' });

test.each<[string, JsonStep['operator'], unknown]>([
  ['/map/b', 'add', { map: { a: 1, 'x/y~z': 2, b: 9 } }],
  ['/map/a', 'add', { map: { a: 9, 'x/y~z': 2 } }],
  ['/map/a', 'remove', { map: { 'x/y~z': 2 } }],
  ['/map/x~1y~0z', 'replace', { map: { a: 1, 'x/y~z': 9 } }],
  ['/list/-', 'add', { list: [{ n: 1 }, { n: 2 }, 9] }],
  ['/list/2', 'add', { list: [{ n: 1 }, { n: 2 }, 9] }],
  ['/list/0', 'add', { list: [9, { n: 1 }, { n: 2 }] }],
  ['/list/1', 'remove', { list: [{ n: 1 }] }],
  ['/list/1/n', 'replace', { list: [{ n: 1 }, { n: 9 }] }],
])('%s %s', (path, operator, changed) => {
  const object = given();
  expect(applyStep(object, { kind: 'json', operator, path, value: 9 }, 'fail')).toBeUndefined();
  expect(object).toEqual({ ...given(), ...(changed as object) });
});

test.each<[string, JsonStep['operator']]>([
  ['', 'replace'],
  ['map/a', 'replace'],
  ['/map/x~2', 'add'],
  ['/map/b', 'remove'],
  ['/map/b', 'replace'],
  ['/map/b/c', 'add'],
  ['/list/3', 'add'],
  ['/list/2', 'replace'],
  ['/list/-', 'remove'],
  ['/list/-1', 'remove'],
  ['/list/01', 'remove'],
  ['/list/n', 'add'],
  ['/text/0', 'add'],
  ['/text/length', 'remove'],
  ['/map/toString', 'remove'],
  ['/map/__proto__', 'add'],
  ['/__proto__/polluted', 'add'],
  ['/constructor/prototype/polluted', 'add'],
])('%s %s does not fit, and changes nothing', (path, operator) => {
  const object = given();
  expect(applyStep(object, { kind: 'json', operator, path, value: 9 }, 'fail')).toMatch(/\S/);
  expect(object).toEqual(given());
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('what is missing in a mapping is replaced where evanphx 4 did so, and nowhere else', () => {
  const object = given();
  const step = { kind: 'json', operator: 'replace', value: 9 } as const;
  expect(applyStep(object, { ...step, path: '/map/new' }, 'add')).toBeUndefined();
  expect(object.map).toMatchObject({ new: 9 });
  for (const path of ['/list/2', '/gone/a']) {
    expect(applyStep(object, { ...step, path }, 'add')).toMatch(/\S/);
  }
});

test('a step does not share what it puts in', () => {
  const value = { inner: [1] };
  const step: JsonStep = { kind: 'json', operator: 'add', path: '/map/v', value };
  const [first, second] = [given(), given()];
  applyStep(first, step, 'fail');
  applyStep(second, step, 'fail');
  applyStep(first, { ...step, path: '/map/v/inner/-', value: 2 }, 'fail');
  expect((second.map as Record<string, unknown>)['v']).toEqual({ inner: [1] });
});
