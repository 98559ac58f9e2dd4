import { expect, test } from 'vitest';
import type { Health, ResourceHealth } from '../../src/clusters/health.ts';
import { NO_SILENCE } from '../../src/clusters/silent-nodes.ts';
import { awaitsNodes, standingOf } from '../../src/clusters/standing.ts';
import { troubleAfter } from '../../src/clusters/trouble.ts';

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

test('of what was never listed no count is: it does not make an outage older', () => {
  const trouble = { since: 8000, text: 'connection refused' };
  const resources = [
    resource('nodes', { trouble, open: false, lastWord: 7000 }),
    { ...resource('gateways', { trouble, listed: false, open: false }), kind: 'gateways' as const },
  ];
  const standing = standingOf(resources, NO_SILENCE, { ...seen, before: 'fresh' });
  expect(standing).toEqual({
    state: 'stale',
    reason: 'connection refused on nodes, gateways since 1 s',
    lastWord: 7000,
  });
});

test('an outage that shows by what was never served alone began with it, not with the cluster', () => {
  const trouble = { since: 8000, text: 'HTTP 500', status: 500 };
  const resources = [
    resource('nodes', { lastWord: 8900 }),
    {
      ...resource('gateways', { trouble, listed: false, open: false, lastWord: 10 }),
      kind: 'gateways' as const,
    },
  ];
  const standing = standingOf(resources, NO_SILENCE, { ...seen, before: 'fresh' });
  expect(standing).toMatchObject({ state: 'stale', lastWord: 8000 });
});

test('an outage begins after the refusal of a kind, and goes on through another failure', () => {
  const refused = troubleAfter(undefined, { text: 'HTTP 404', status: 404 }, 1000);
  const away = troubleAfter(refused, { text: 'connection refused' }, 5000);
  expect(away).toEqual({ since: 5000, text: 'connection refused' });
  const other = troubleAfter(away, { text: 'HTTP 503', status: 503 }, 6000);
  expect(other).toEqual({ since: 5000, text: 'HTTP 503', status: 503 });
});
