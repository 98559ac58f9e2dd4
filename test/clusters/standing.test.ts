import { expect, test } from 'vitest';
import type { Health, ResourceHealth } from '../../src/clusters/health.ts';
import { NO_SILENCE } from '../../src/clusters/silent-nodes.ts';
import { awaitsNodes, standingOf } from '../../src/clusters/standing.ts';

function resource(title: string, health: Partial<Health>): ResourceHealth {
  const good: Health = { listed: true, open: true, lastWord: 0, lists: 1 };
  return { kind: 'required', title, health: { ...good, ...health } };
}

const seen = { seenBefore: true, now: 9000 };

test('after an outage a cluster is stale until all is open again', () => {
  const resources = [
    resource('endpointslices', {}),
    resource('nodes', { open: false, lastWord: 4000 }),
  ];
  const standing = standingOf(resources, NO_SILENCE, { ...seen, before: 'stale' });
  expect(standing).toEqual({ state: 'stale', reason: 'opening nodes again', lastWord: 4000 });
});

test('a break that may be mended at once leaves it fresh, and marks wait for the nodes', () => {
  const resources = [resource('endpointslices', {}), resource('nodes', { open: false })];
  expect(standingOf(resources, NO_SILENCE, { ...seen, before: 'fresh' }).state).toBe('fresh');
  expect(awaitsNodes(resources)).toBe(true);
});

test('a failed call ends that wait, and is said with its age', () => {
  const trouble = { since: 2000, text: 'connection refused' };
  const resources = [
    resource('endpointslices', { trouble, open: false, lastWord: 1000 }),
    resource('nodes', { open: false }),
  ];
  expect(awaitsNodes(resources)).toBe(false);
  const standing = standingOf(resources, NO_SILENCE, { ...seen, before: 'fresh' });
  expect(standing).toEqual({
    state: 'stale',
    reason: 'connection refused on endpointslices since 7 s',
    lastWord: 1000,
  });
});
