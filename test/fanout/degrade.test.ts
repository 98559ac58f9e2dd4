// What of a plan is less on a rung, beside the counts that the cases of test/cases/fanout hold.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type FanoutCase, outcomeOf } from './fanout-case.ts';

const text = readFileSync(
  new URL('../cases/fanout/room-degrade-scaler.yaml', import.meta.url),
  'utf8',
);

test('an autoscaler’s least is halved with its workload, and no other’s', () => {
  const leastOf = (stream: string) => {
    const { objects } = outcomeOf({ ...(parse(text) as FanoutCase), input: stream });
    const scaler = objects['east']?.find(({ kind }) => kind === 'HorizontalPodAutoscaler');
    return (scaler?.['spec'] as { minReplicas?: number } | undefined)?.minReplicas;
  };
  const { input } = parse(text) as { input: string };
  expect(leastOf(input)).toBe(2);
  expect(
    leastOf(input.replace('kind: Deployment, name: shop}}', 'kind: Deployment, name: x}}')),
  ).toBe(4);
});
