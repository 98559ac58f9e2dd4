// What is believed of a registry's word: in doubt the last VMs stay.

import { expect, test } from 'vitest';
import { lookAt, readAnswer, type Look } from '../../src/inventory/nacos-answer.ts';
import { believe, NO_BELIEF, type Belief } from '../../src/inventory/nacos-service.ts';

const [A, B, C] = ['10.9.0.1:80', '10.9.0.2:80', '10.9.0.3:80'];
const NOTHING: Look = {
  healthy: [],
  unhealthy: [],
  out: 0,
  listed: 0,
  threshold: false,
  invalid: [],
};

function look(healthy: readonly string[], more: Partial<Look> = {}): Look {
  const { unhealthy = [], out = 0 } = more;
  return { ...NOTHING, healthy, listed: healthy.length + unhealthy.length + out, ...more };
}

/** One look after another, each with its second. */
function after(...looks: readonly (readonly [number, Look, boolean?])[]): Belief {
  return looks.reduce(
    (belief, [second, each, bare = false]) => believe(belief, each, { bare, now: second * 1000 }),
    NO_BELIEF,
  );
}

test.each([
  ['a first look', [[0, look([A, B])]], [A, B]],
  [
    'one that came',
    [
      [0, look([A])],
      [1, look([A, B])],
    ],
    [A, B],
  ],
  [
    'one of two that went',
    [
      [0, look([A, B])],
      [1, look([A])],
    ],
    [A],
  ],
  [
    'an unhealthy one',
    [
      [0, look([A, B])],
      [1, look([A], { unhealthy: [B] })],
    ],
    [A],
  ],
  [
    'all taken out by a person',
    [
      [0, look([A, B])],
      [1, look([], { out: 2 })],
    ],
    [],
  ],
  [
    'taken out, then gone',
    [
      [0, look([A])],
      [1, look([], { out: 1 })],
      [2, look([]), true],
    ],
    [],
  ],
  [
    'one that is well again',
    [
      [0, look([A], { unhealthy: [B] })],
      [1, look([A, B])],
    ],
    [A, B],
  ],
  [
    'none, seen twice',
    [
      [0, look([A])],
      [5, look([])],
      [15, look([])],
    ],
    [],
  ],
  [
    'a third, seen twice',
    [
      [0, look([A, B, C])],
      [5, look([A])],
      [15, look([A])],
    ],
    [A],
  ],
] as const)('%s is believed', (_, looks, vms) => {
  const belief = after(...looks);
  expect(belief).toMatchObject({ read: true, vms });
  expect(belief.doubt).toBeUndefined();
});

test.each([
  [
    'none',
    [
      [0, look([A])],
      [5, look([])],
      [14, look([])],
    ],
    /no instance/,
  ],
  [
    'none, then others',
    [
      [0, look([A, B, C])],
      [5, look([])],
      [15, look([B])],
    ],
    /1 of 3/,
  ],
  [
    'a third',
    [
      [0, look([A, B, C])],
      [5, look([B])],
    ],
    /1 of 3/,
  ],
  [
    'none at all anywhere',
    [
      [0, look([A])],
      [5, look([]), true],
      [99, look([]), true],
    ],
    /any service/,
  ],
  [
    'only unhealthy ones',
    [
      [0, look([A])],
      [9, look([], { unhealthy: [A] })],
    ],
    /all of its 1/,
  ],
  [
    'the threshold',
    [
      [0, look([A], { unhealthy: [B] })],
      [9, look([A, B], { threshold: true })],
    ],
    /threshold/,
  ],
] as const)('%s is not: the last ones stay', (_, looks, doubt) => {
  const belief = after(...looks);
  expect(belief.vms).toEqual(after(looks[0]).vms);
  expect(belief.doubt).toMatch(doubt);
});

test('before the first look that is believed nothing is known', () => {
  expect(after([0, look([])], [9, look([])])).toMatchObject({ read: false });
  expect(after([0, look([])], [10, look([])])).toMatchObject({ read: true, vms: [] });
  expect(after([0, look([]), true], [99, look([]), true])).toMatchObject({ read: false });
  expect(after([0, look([A], { threshold: true })])).toMatchObject({ read: false, vms: [] });
});

test('where the threshold is not told, the risen dead wait until Nacos would have removed them', () => {
  const hidden = { threshold: undefined };
  const sick = [0, look([A], { ...hidden, unhealthy: [B] })] as const;
  const risen = look([A, B], hidden);
  const waiting = after(sick, [5, risen], [34, risen]);
  expect(waiting).toMatchObject({ vms: [A] });
  expect(waiting.doubt).toContain(B);
  expect(after(sick, [5, risen], [35, risen])).toMatchObject({ vms: [A, B] });
  // Another is still unhealthy: then the threshold is not reached.
  const others = look([A, B], { ...hidden, unhealthy: [C] });
  expect(after(sick, [5, others])).toMatchObject({ vms: [A, B] });
});

const raw = (ip: string, more: object = {}): object => ({ ip, port: 80, ...more });
const shown = (value: object, filter = {}): Look => lookAt(readAnswer('v1', value), filter);

test('a look sorts instances by what they may do', () => {
  const hosts = [
    raw('10.9.0.2'),
    raw('10.9.0.1', { weight: 0.5 }),
    raw('10.9.0.1', { clusterName: 'other' }),
    raw('10.9.0.3', { healthy: false }),
    raw('10.9.0.4', { enabled: false }),
    raw('10.9.0.5', { weight: 0 }),
    raw('vm.example'),
    raw('0:0::1'),
  ];
  expect(shown({ hosts, reachProtectionThreshold: false })).toEqual({
    healthy: [A, B, '[::1]:80'],
    unhealthy: [C],
    out: 2,
    listed: 8,
    threshold: false,
    invalid: ['vm.example:80'],
  });
});

test('a filter narrows by cluster name and metadata', () => {
  const hosts = [
    raw('10.9.0.1', { metadata: { runtime: 'vm' } }),
    raw('10.9.0.2', { clusterName: 'pods', metadata: { runtime: 'vm' } }),
    raw('10.9.0.3'),
  ];
  const metadata = (labels: Record<string, string>) => labels['runtime'] === 'vm';
  const look = shown({ hosts }, { clusterNames: ['DEFAULT'], metadata });
  expect(look).toMatchObject({ healthy: [A], out: 0, listed: 3, threshold: undefined });
});

test.each([
  ['v3', { code: 20004, message: 'no such service', data: null }, 'code 20004: no such service'],
  ['v3', { code: 0, data: {} }, 'without a list of instances'],
  ['v2', { code: 0, data: [] }, 'something else'],
  ['v1', [], 'something else'],
  ['v1', { hosts: [{ ip: '10.9.0.1' }] }, 'without ip or port'],
] as const)('%s: an answer of another form is an error in one line', (version, value, words) => {
  expect(() => readAnswer(version, value)).toThrow(words);
});
