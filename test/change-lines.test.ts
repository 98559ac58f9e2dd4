// The sum before a change is the one that explains what was published, or none.

import { expect, test } from 'vitest';
import { keepChangeLines } from '../src/change-lines.ts';
import type { Upstream } from '../src/model.ts';
import { readEntry } from '../src/plan/history-entry.ts';
import type { RoundResult } from '../src/round.ts';

const upstream = (weight: number): Upstream => ({
  app: 'shop',
  hosts: [],
  servers: [{ address: '10.1.0.1:80', weight, from: 'east' }],
  policy: { balance: 'smooth', whenUnhealthy: 'spread' },
});

/** A round that weighed the app so: `change` passes or is refused, `same` leaves it as it is. */
function round(formula: string, outcome: 'pass' | 'refused' | 'same'): RoundResult {
  const weighed = { upstream: upstream(2), sums: new Map([['10.1.0.1:80', { formula }]]) };
  const change = { app: 'shop', before: upstream(1), after: upstream(2), body: '' };
  const facts = new Map([['shop', { weighed }]]);
  const [pass, refused] = [
    outcome === 'pass' ? [change] : [],
    outcome === 'refused' ? [change] : [],
  ];
  return { facts, pass, refused } as unknown as RoundResult;
}

function open() {
  const lines = keepChangeLines(() => undefined);
  const sumBefore = (): string | undefined => {
    const [line] = lines.write(round('new', 'pass'), new Map(), 'a');
    return readEntry(line?.text ?? '')?.sums.get('east')?.before;
  };
  return { lines, sumBefore };
}

test('of an app that this leader has not explained there is none', () => {
  expect(open().sumBefore()).toBeUndefined();
});

test('what a round leaves as it is, or commits, is explained by it', () => {
  const { lines, sumBefore } = open();
  lines.looked(round('one', 'same'));
  expect(sumBefore()).toBe('one');
  lines.committed(round('two', 'pass'));
  expect(sumBefore()).toBe('two');
});

test('what is refused, or passes and is not committed yet, explains nothing', () => {
  const { lines, sumBefore } = open();
  lines.looked(round('one', 'same'));
  lines.looked(round('refused', 'refused'));
  lines.looked(round('on its way', 'pass'));
  expect(sumBefore()).toBe('one');
});

test('of an app that was deleted nothing is remembered', () => {
  const { lines, sumBefore } = open();
  lines.looked(round('one', 'same'));
  lines.forget('shop');
  expect(sumBefore()).toBeUndefined();
});
