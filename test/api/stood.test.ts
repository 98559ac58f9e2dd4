// Reverts where Redis has lost entries of the history, over a whole controller in memory.

import { afterEach, expect, test } from 'vitest';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { until } from '../controlplane/until.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

test('where Redis has lost a change, the next one and what stands know what stood', async () => {
  const east = new MemoryCluster('east');
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  const { store, controller, call, hold } = await openApi({ clusters: [east] });
  const scaled = async (pods: number): Promise<number> => {
    east.set('shop', { pods });
    const shop = () => controller.published()?.app('shop');
    await until('it is published', () => shop()?.upstream.servers[0]?.weight === pods * 10);
    return shop()?.stamp.version ?? 0;
  };
  const lost = new Set<number>();
  const changes = store.history.changes.bind(store.history);
  store.history.changes = async (asked) => {
    const page = await changes(asked);
    return { ...page, lines: page.lines.filter(({ version }) => !lost.has(version)) };
  };
  const wanted = async (version: number): Promise<unknown> => {
    const body = { version, why: 'it was better' };
    const { json } = await call('POST', '/api/v1/apps/shop/revert?dryRun=true', body);
    return json.wanted?.[0].weight ?? json.detail;
  };

  const first = await scaled(4);
  await hold({ kind: 'drain', app: 'other', cluster: 'east' });
  const third = await scaled(8);
  lost.add(third);
  const hole = expect.stringContaining(
    `above version ${first}; what stood from version ${third} on`,
  );
  expect(await wanted(third)).toBe(80);
  // How long that stood which it replaced nobody knows.
  expect([await wanted(first), await wanted(third - 1)]).toEqual([40, hole]);
  const last = await scaled(6);
  expect([await wanted(third - 1), await wanted(third), await wanted(last)]).toEqual([
    hole,
    80,
    60,
  ]);
});
