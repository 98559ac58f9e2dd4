// The list of edges, confirmed by a person.

import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { readEdgeState } from '../../src/edges/edge-state.ts';
import { until } from '../controlplane/until.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

test('all edges are named, or nothing is confirmed', async () => {
  const api = await openApi({ clusters: [new MemoryCluster('east')], objects: new Map() });
  const { call, book } = api;
  for (const name of ['edge-1', 'edge-2']) {
    const state = readEdgeState({ name, start: 'a', beat: 1 });
    if (state) book.hear(state, systemClock.now());
  }
  const confirm = (...edges: string[]) => call('POST', '/api/v1/edges/confirm', { edges });
  const first = await until('it leads', async () => {
    const answer = await confirm('edge-1', 'edge-3');
    return answer.json.code === 'not-leader' ? undefined : answer;
  });
  expect(first).toMatchObject({ status: 409, json: { code: 'edges-differ' } });
  expect(first.json.detail).toContain('edge-3: no word from it here');
  expect(first.json.detail).toContain('edge-2: known here, and not named');
  const said = await until('it runs jobs', async () => {
    const answer = await confirm('edge-2', 'edge-1', 'edge-1');
    return answer.status === 200 ? answer : undefined;
  });
  expect(said.json).toEqual({ edges: ['edge-1', 'edge-2'] });
  const { items } = (await call('GET', '/api/v1/audit')).json;
  expect(items.map(({ text }: { text: string }) => text)).toContain('confirm edges edge-1, edge-2');
});
