// What falls by a list waits for a second one; what falls by watch does not.

import { expect, test } from 'vitest';
import { type Before, believe } from '../../src/inventory/second-look.ts';
import type { ClusterCount } from '../../src/inventory/cluster-count.ts';
import type { Looks, Server } from '../../src/model.ts';

const RULES = { base: 10, secondLookMs: 10_000 };

function count(pods: number, nodes = 2, more: Partial<ClusterCount> = {}): ClusterCount {
  const ingressNodes = Array.from({ length: nodes }, (_, index) => ({
    name: `n${index}`,
    address: `10.0.0.${index}:80`,
  }));
  return {
    cluster: 'east',
    state: 'fresh',
    ageSeconds: 0,
    pods,
    routed: true,
    hosts: ['shop.example.com'],
    ingressNodes,
    kept: false,
    ...more,
  };
}

const before = (last?: ClusterCount, published: readonly Server[] = []): Before => {
  return { count: last, published };
};
const looks = (changedAt: number, since = changedAt - 1): Looks => ({ changedAt, since });
const server = (weight: number, more: Partial<Server> = {}): Server => {
  return { address: '10.0.0.1:80', from: 'east', weight, ...more };
};

/** Believed at the list of time 1000. */
const ten = believe(count(10, 4), looks(1000), before(), RULES);

test.each([
  ['none of its pods', count(0, 4)],
  ['less than half of its pods', count(4, 4)],
  ['less than half of its nodes', count(10, 1)],
  ['no way in', count(10, 4, { routed: false })],
  ['no node', count(10, 0)],
])('a list that shows %s: the last count stays, and says why', (_, now) => {
  const doubted = believe(now, looks(5000), before(ten), RULES);
  expect(doubted).toMatchObject({ pods: 10, routed: true, doubt: { since: 5000 } });
  expect(doubted.ingressNodes).toHaveLength(4);
  expect(doubted.reason?.code).toBe('second-look');
  expect(doubted.reason?.text).toMatch(/where 10 pods on 4 ingress nodes counted.* 10 s later/);
});

test.each([
  ['half of its pods', count(5, 4)],
  ['half of its nodes', count(10, 2)],
  ['more', count(30, 9)],
])('a list that shows %s is believed', (_, now) => {
  expect(believe(now, looks(5000), before(ten), RULES)).toMatchObject({ pods: now.pods });
});

test('what falls by watch passes', () => {
  expect(believe(count(0, 4), looks(1000), before(ten), RULES).pods).toBe(0);
});

test('a second list that agrees is believed, and no earlier one', () => {
  let last = believe(count(0, 4), looks(5000), before(ten), RULES);
  last = believe(count(0, 4), looks(14_000, 13_900), before(last), RULES);
  expect(last).toMatchObject({ pods: 10, doubt: { since: 5000 } });
  last = believe(count(0, 4), looks(15_100, 15_000), before(last), RULES);
  expect(last.pods).toBe(0);
  expect(last.doubt).toBeUndefined();
});

test('a second list that shows much less again is doubted anew', () => {
  const first = believe(count(4, 4), looks(5000), before(ten), RULES);
  const second = believe(count(0, 4), looks(15_100, 15_000), before(first), RULES);
  expect(second).toMatchObject({ pods: 10, doubt: { pods: 0, since: 15_100 } });
  const third = believe(count(0, 4), looks(15_100, 26_000), before(second), RULES);
  expect(third.pods).toBe(0);
});

test('pods that come back end the doubt at once', () => {
  const doubted = believe(count(0, 4), looks(5000), before(ten), RULES);
  const back = believe(count(6, 4), looks(5000), before(doubted), RULES);
  expect(back.pods).toBe(6);
  expect(back.doubt).toBeUndefined();
});

test('at a start what is published is the measure, and stays whole', () => {
  const published = [server(25), server(25)];
  const doubted = believe(count(1), looks(1000), before(undefined, published), RULES);
  expect(doubted).toMatchObject({ kept: true, pods: 0, reason: { code: 'second-look' } });
  expect(doubted.reason?.text).toMatch(/1 pod on 2 ingress nodes, where 5 pods on 2/);
  expect(believe(count(1), looks(1000, 11_000), before(doubted, published), RULES).pods).toBe(1);
  expect(believe(count(3), looks(1000), before(undefined, published), RULES).pods).toBe(3);
});

test.each([
  ['a weight of 1, which may be the minimum', [server(1), server(1), server(1)], 1],
  ['the automatic weight where a hold shows 0', [server(0, { auto: 10 })], 1],
  ['nothing', [], 0],
])('at a start, of %s', (_, published, pods) => {
  const seen = believe(count(pods, 3), looks(1000), before(undefined, published), RULES);
  expect(seen).toMatchObject({ pods, kept: false });
});
