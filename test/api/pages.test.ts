// Lists by pages and filters.

import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { pageOf } from '../../src/api/pages.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { until } from '../controlplane/until.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

async function start() {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  west.setNodes([{ name: 'w1', address: '10.2.0.1:80' }]);
  for (const app of ['a', 'b', 'c', 'd']) east.set(app, { pods: 1, hosts: [`${app}.example.com`] });
  west.set('d', { pods: 1, hosts: ['d.example.com'] });
  west.set('e', { pods: 1, hosts: ['pay.example.com'] });
  const opened = await openApi({ clusters: [east, west] });
  await until(
    'all are published',
    () => [...(opened.controller.published()?.apps() ?? [])].length === 5,
  );
  const list = async (url: string) => {
    const { status, json } = await opened.call('GET', `/api/v1/${url}`);
    const items = (json.items ?? []) as { name?: string; app?: string }[];
    return {
      status,
      names: items.map(({ name, app }) => name ?? app).join(''),
      next: json.continue,
    };
  };
  return { ...opened, list };
}

test.each(['apps', 'upstreams'])('%s come in pages, in order, each once', async (noun) => {
  const { list } = await start();
  expect((await list(noun)).names).toBe('abcde');
  const first = await list(`${noun}?limit=2`);
  const second = await list(`${noun}?limit=2&continue=${first.next}`);
  const third = await list(`${noun}?limit=2&continue=${second.next}`);
  expect([first.names, second.names, third.names, third.next]).toEqual([
    'ab',
    'cd',
    'e',
    undefined,
  ]);
  expect((await list(`${noun}?limit=5`)).next).toBeUndefined();
  for (const query of ['limit=0', 'limit=1001', 'limit=x', 'continue=nonsense']) {
    expect([query, (await list(`${noun}?${query}`)).status]).toEqual([query, 400]);
  }
});

test.each([
  ['search=a', 'abcde'],
  ['search=b.ex', 'b'],
  ['search=pay', 'e'],
  ['search=none', ''],
  ['cluster=west', 'de'],
  ['cluster=vm', ''],
  ['cluster=east&search=d&limit=1', 'd'],
  ['refused=true', ''],
  ['refused=false', 'abcde'],
])('apps?%s: %s', async (query, expected) => {
  const { list } = await start();
  expect((await list(`apps?${query}`)).names).toBe(expected);
});

test('whatever comes and goes between pages, what stays is met once', () => {
  const name = fc.stringMatching(/^[a-z]{1,3}$/);
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { minLength: 1 }),
      fc.array(fc.uniqueArray(name)),
      fc.integer({ min: 1, max: 4 }),
      (stays, comes, limit) => {
        const met: string[] = [];
        let next: string | undefined;
        let page = 0;
        do {
          const more = comes.length > 0 ? (comes[page % comes.length] ?? []) : [];
          const sorted = [...new Set([...stays, ...more])].toSorted();
          const answer = pageOf(sorted, { limit, ...(next !== undefined && { continue: next }) });
          met.push(...answer.names);
          next = answer.continue;
          page += 1;
        } while (next !== undefined);
        expect(new Set(met).size).toBe(met.length);
        expect(stays.filter((one) => !met.includes(one))).toEqual([]);
      },
    ),
  );
});
