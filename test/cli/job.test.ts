// `ballast job …`: what a job waits for is told wherever a person looks.

import { afterEach, expect, test } from 'vitest';
import type { JobKind } from '../../src/jobs/kind.ts';
import { until } from '../controlplane/until.ts';
import { closeAll, openApi } from '../api/open-api.ts';
import { call } from './run.ts';

afterEach(closeAll);

/** Of its two steps one is begun and waits, one waits before it is begun. */
const WAITING: JobKind = {
  kind: 'waiting',
  next: () => ({ state: 'Running', run: ['shop:reserve', 'till:delete'] }),
  prepare: async (_job, step) =>
    step === 'shop:reserve'
      ? { text: 'book room', objects: [] }
      : { kind: 'wait', text: 'no edge is known', seconds: 1 },
  act: async () => ({ kind: 'wait', text: 'no room in west: 0 of 4 fit', seconds: 1 }),
};

test('a list, one of them and whoever follows it say what its steps wait for', async () => {
  const { api, jobs } = await openApi({ clusters: [], kinds: () => [WAITING] });
  const draft = { kind: 'waiting', name: 'w', apps: ['shop'], clusters: [], plan: {} };
  const { id } = await until('it leads', () =>
    jobs.create({ ...draft, planDigest: 'd', who: 'ann' }),
  );
  await until('both wait', () => jobs.waits(id).length === 2);
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  const job = (...args: readonly string[]) => call(['job', ...args, '--server', url]);
  const [room, edge] = [
    'shop:reserve: no room in west: 0 of 4 fit',
    'till:delete: no edge is known',
  ];
  const [, row = ''] = (await job('list')).out.split('\n');
  for (const one of ['Running', room, edge]) expect(row).toContain(one);
  const { out } = await job('get', id);
  expect(out).toBe(
    [
      `job ${id} is Running`,
      `waits for ${edge}`,
      'STEP          STATE  ATTEMPT  TEXT',
      'shop:reserve  open   1        no room in west: 0 of 4 fit',
      '',
    ].join('\n'),
  );
  const following = job('watch', id);
  // What the runner made of it, not what was so before it heard.
  expect((await job('pause', id)).out).toMatch(new RegExp(`^pause: job ${id} is Paused: by `));
  expect((await following).out).toContain(`job ${id} is Paused: by `);
}, 60_000);
