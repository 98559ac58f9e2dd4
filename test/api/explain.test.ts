// What an explanation says of how clusters stand is of the moment of the question: rounds look when
// something moves, and while a cluster cannot be reached nothing does.

import { expect, test } from 'vitest';
import { explainApp } from '../../src/api/explain.ts';
import { absentCount } from '../../src/inventory/absent.ts';
import { type ClusterView, takeInventory, type World } from '../../src/inventory/inventory.ts';
import { settlePolicy } from '../../src/inventory/policy.ts';
import type { ClusterStatus } from '../../src/model.ts';
import { weigh } from '../../src/weights/rule.ts';

function status(state: 'stale' | 'unseen', ageSeconds: number, reason: string): ClusterStatus {
  return { name: 'east', state, ageSeconds, reason, ingressNodes: [], leftOut: [], relists: 0 };
}

function worldOf(seen: ClusterStatus): World {
  const view: ClusterView = {
    status: seen,
    apps: new Set(),
    looks: { changedAt: 0, since: 0 },
    absent: absentCount(seen),
    footprint: () => ({ pods: 0, routed: true, hosts: [] }),
    isPod: () => false,
  };
  return {
    clusters: [view],
    told: new Map(),
    vms: new Map(),
    policy: settlePolicy(undefined),
    hostsFromIngress: true,
    base: 10,
    secondLookMs: 10_000,
    last: () => undefined,
    published: () => undefined,
  };
}

/** `looked`: as it stood at the last round. */
function reasonOf(looked: ClusterStatus, now: ClusterStatus | undefined): unknown {
  const inventory = takeInventory(worldOf(looked), 'shop');
  const explained = explainApp({
    app: 'shop',
    facts: { inventory, weighed: weigh(inventory, undefined, 10) },
    published: undefined,
    measured: new Map(),
    unhealthyAt: new Map(),
    statuses: new Map(now && [['east', now]]),
    holds: [],
  });
  return (explained as unknown as { clusters: { reason: unknown }[] }).clusters[0]?.reason;
}

test.each(['stale', 'unseen'] as const)(
  'of a cluster that is %s: age and cause of now',
  (state) => {
    const looked = status(state, 0, 'connection refused on nodes since 0 s');
    const now = status(state, 95, 'HTTP 401 on nodes since 95 s');
    const text = {
      stale: 'east is stale since 95 s: HTTP 401 on nodes since 95 s',
      unseen: 'east is not seen yet: HTTP 401 on nodes since 95 s',
    };
    expect(reasonOf(looked, now)).toEqual({ code: state, text: text[state] });
    expect(reasonOf(looked, undefined)).toMatchObject({ code: state });
  },
);

test('a cluster that stands otherwise by now: the reason of the last round, until the next', () => {
  const looked = status('stale', 3, 'no answer');
  expect(reasonOf(looked, status('unseen', 95, 'its lists are not in'))).toEqual({
    code: 'stale',
    text: 'east is stale since 3 s: no answer',
  });
});
