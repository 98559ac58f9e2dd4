// A term that was lost with its Redis is met at an edge: the next one has a counter of its own (R2).

import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { digestOf } from '../../src/edges/digest.ts';
import { encodeUpstream, manifestText, parseManifestLine } from '../../src/edges/document.ts';
import type { EdgeLink } from '../../src/edges/edge-link.ts';
import { gather } from '../../src/edges/gather.ts';
import { openMemoryStore } from '../../src/edges/memory.ts';
import { nextTerm } from '../jobs/next-term.ts';

const COUNTER = 65_536;

/** It holds what a leader of that term wrote. */
function edgeWith(term: number): EdgeLink {
  const policy = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
  const body = encodeUpstream({ app: 'shop', policy, servers: [] });
  const stamp = { term, version: 7 };
  const document = {
    app: 'shop',
    stamp,
    owner: 'controller',
    digest: digestOf(body),
    body,
  } as const;
  const line = parseManifestLine(manifestText(document));
  if (!line) throw new Error('no line');
  const state = { name: 'edge-1', mark: stamp, highest: term, refused: [], above: [], workers: [] };
  return {
    name: 'edge-1',
    gather: async () => ({ state: state as never, manifest: new Map([['shop', line]]) }),
    fetch: async () => [document],
    push: () => Promise.reject(new Error('not asked')),
    counts: () => Promise.reject(new Error('not asked')),
    state: () => Promise.reject(new Error('not asked')),
    close: async () => undefined,
  };
}

test.each([
  ['of the same counter is outranked', 3 * COUNTER + 1, { counter: 3 }],
  ['of a lower one is not', 2 * COUNTER + 1, { above: [{ app: 'shop' }] }],
])('what lies above Redis %s', async (_, met, found) => {
  const store = openMemoryStore(() => 0);
  const lease = await nextTerm(store, 3 * COUNTER + 5);
  const options = {
    store,
    links: [edgeWith(met)],
    edges: ['edge-1'],
    address: 'http://a',
    leaseMs: 5000,
    clock: systemClock,
    onContents: () => undefined,
    onPhase: () => undefined,
  };
  expect(await gather(options, lease, new AbortController().signal)).toMatchObject(found);
});
