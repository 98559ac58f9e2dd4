import { expect, test } from 'vitest';
import { parseSelector } from '../../src/clusters/selector.ts';

const labels = { ingress: 'true', 'example.com/zone': 'a', empty: '' };

test.each([
  ['ingress=true', true],
  ['ingress==true', true],
  ['ingress = true , example.com/zone=a', true],
  ['ingress=false', false],
  ['ingress!=true', false],
  ['absent!=x', true],
  ['empty=', true],
  ['ingress', true],
  ['absent', false],
  ['!absent', true],
  ['!ingress', false],
  ['example.com/zone in (a, b),ingress', true],
  ['example.com/zone in (b,c)', false],
  ['example.com/zone notin (b)', true],
  ['absent notin (b)', true],
  ['absent in (b)', false],
  ['toString', false],
])('%s', (text, matches) => {
  expect(parseSelector(text)?.(labels)).toBe(matches);
});

test.each(['a in b', 'a in (b', 'a=b=c', 'a>1', ',', 'a b', '-a=b', 'a=b,,c'])('not %s', (text) => {
  expect(parseSelector(text)).toBeUndefined();
});
