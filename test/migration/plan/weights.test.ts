// The weights of every step: sums by hand, and for any fleet that the VMs' and other clusters' shares stay.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClusterTraffic, WeightStep, WeightTable } from '../../../src/migration/plan/model.ts';
import { weightTable, type Shift } from '../../../src/migration/plan/weights.ts';

const cluster = (
  name: string,
  pods: number,
  ingressNodes: number,
  weight: number,
): ClusterTraffic => ({
  cluster: name,
  pods,
  ingressNodes,
  weight,
  kept: false,
});

const SHIFT: Shift = {
  from: 'east',
  to: 'west',
  traffic: { clusters: [cluster('east', 6, 3, 60), cluster('west', 0, 2, 0)], vms: 2 },
  pods: 4,
  ingressNodes: 2,
  base: 10,
};

function shown({ steps }: WeightTable): Record<string, string> {
  const text = ({ parts }: WeightStep): string =>
    parts.map(({ from, sum, each, servers }) => `${from} ${sum}: ${servers} x ${each}`).join(', ');
  return Object.fromEntries(steps.map((one) => [one.step, text(one)]));
}

test('each step by hand: ten times as fine, the VMs as they were, then the rule', () => {
  const table = weightTable(SHIFT);
  expect(table.factor).toBe(10);
  expect(shown(table)).toEqual({
    now: 'east 60: 3 x 20, vm 20: 2 x 10',
    '5 %': 'west 30: 2 x 15, east 570: 3 x 190, vm 200: 2 x 100',
    '10 %': 'west 60: 2 x 30, east 540: 3 x 180, vm 200: 2 x 100',
    '25 %': 'west 150: 2 x 75, east 450: 3 x 150, vm 200: 2 x 100',
    '50 %': 'west 300: 2 x 150, east 300: 3 x 100, vm 200: 2 x 100',
    '75 %': 'west 450: 2 x 225, east 150: 3 x 50, vm 200: 2 x 100',
    '100 %': 'west 600: 2 x 300, east 0: 3 x 0, vm 200: 2 x 100',
    'the rule': 'west 40: 2 x 20, vm 20: 2 x 10',
  });
});

test('with fewer pods the VMs gain by the rule, and the table shows it', () => {
  const { steps } = weightTable(SHIFT);
  const share = (step: string): number | undefined =>
    steps.find((one) => one.step === step)?.parts.find(({ from }) => from === 'vm')?.share;
  expect(share('100 %')).toBe(0.25);
  expect(share('the rule')).toBeCloseTo(1 / 3);
});

test('pods that the destination had before, and other clusters, keep what they have', () => {
  const clusters = [
    cluster('east', 6, 3, 60),
    cluster('west', 2, 2, 20),
    cluster('north', 3, 1, 30),
  ];
  const table = shown(weightTable({ ...SHIFT, traffic: { clusters, vms: 0 } }));
  expect(table['50 %']).toBe('west 500: 2 x 250, east 300: 3 x 100, north 300: 1 x 300');
  expect(table['the rule']).toBe('west 60: 2 x 30, north 30: 1 x 30');
});

test('an app that serves nothing any more comes with what its pods are worth there', () => {
  const traffic = { clusters: [cluster('east', 0, 0, 0)], vms: 1 };
  const table = shown(weightTable({ ...SHIFT, traffic }));
  expect(table['5 %']).toBe('west 20: 2 x 10, vm 100: 1 x 100');
  expect(table['100 %']).toBe('west 400: 2 x 200, vm 100: 1 x 100');
});

test('a weight too small to be split: the destination is in rotation from the first step on', () => {
  const clusters = [
    cluster('east', 1, 1, 1),
    cluster('west', 0, 1, 0),
    cluster('north', 1, 1, 6554),
  ];
  const table = weightTable({ ...SHIFT, traffic: { clusters, vms: 0 }, ingressNodes: 1 });
  expect(table.factor).toBe(9);
  expect(shown(table)['5 %']).toBe('west 1: 1 x 1, east 9: 1 x 9, north 58986: 1 x 58986');
});

const whole = (most: number, least = 1) => fc.integer({ min: least, max: most });
const fleet = fc.record({
  east: fc.record({ nodes: whole(9), each: whole(9000) }),
  west: fc.record({ nodes: whole(9), each: whole(30_000, 0) }),
  north: fc.record({ nodes: whole(9), each: whole(30_000, 0) }),
  vms: whole(20, 0),
});

test('for any fleet: no server over an edge’s most, none in rotation at 0, the shares of the rest stay', () => {
  fc.assert(
    fc.property(fleet, ({ east, west, north, vms }) => {
      const clusters = Object.entries({ east, west, north }).map(([name, { nodes, each }]) =>
        cluster(name, 1, nodes, nodes * each),
      );
      const shift = { ...SHIFT, traffic: { clusters, vms }, ingressNodes: west.nodes };
      const { steps, factor } = weightTable(shift);
      const before = steps[0]?.parts ?? [];
      for (const { step, parts } of steps.slice(1, -1)) {
        for (const part of parts) {
          expect(part.each).toBeLessThanOrEqual(65_535);
          const gone = part.from === 'east' && step === '100 %';
          expect(part.each > 0, `${step} ${part.from}`).toBe(!gone);
        }
        const rest = (all: typeof parts): number =>
          all
            .filter(({ from }) => from === 'vm' || from === 'north')
            .reduce((sum, { share }) => sum + share, 0);
        // A floor on each node, and at least 1: off by less than one for each server.
        const total = parts.reduce((sum, { each, servers }) => sum + each * servers, 0);
        const slack =
          (2 * (east.nodes + west.nodes) + north.nodes + vms) /
          Math.min(total, factor * before.reduce((sum, one) => sum + one.sum, 0));
        expect(Math.abs(rest(parts) - rest(before))).toBeLessThanOrEqual(slack);
      }
    }),
  );
});
