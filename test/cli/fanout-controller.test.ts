// `ballast fanout …` at a controller: its clusters are planned against, and what was looked at is what
// begins, or nothing does.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { knownOf, refOf } from '../../src/clusters/cluster-writer.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import type { Plan } from '../../src/fanout/plan/plan.ts';
import { until } from '../controlplane/until.ts';
import { closeAll, openApi } from '../api/open-api.ts';
import { stream } from '../jobs/fleet.ts';
import { MemoryObjects } from '../jobs/memory-objects.ts';
import { call } from './run.ts';

// Each test starts the program several times, which takes what the machine gives.
vi.setConfig({ testTimeout: 120_000 });

let folder = '';

afterEach(async () => {
  await closeAll();
  await rm(folder, { recursive: true, force: true });
});

async function start() {
  folder = await mkdtemp(join(tmpdir(), 'ballast-fanout-at-'));
  const names = ['east', 'west', 'north'];
  const objects = new Map(names.map((name) => [name, new MemoryObjects(name)]));
  const clusters = names.map((name) => new MemoryCluster(name));
  const { api, controller } = await openApi({ clusters, objects });
  await until('it leads', () => controller.published());
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  const file = join(folder, 'stream.yaml');
  await writeFile(file, stream('v1', '{weights: none, approval: before}'));
  const fanout = (...args: readonly string[]) =>
    call(['fanout', ...args, '-f', file, '--server', url]);
  const job = (...args: readonly string[]) => call(['job', ...args, '--server', url]);
  return { fanout, job, objects, file };
}

test('planned there, refused once the world is another, with what is; then begun', async () => {
  const { fanout, objects } = await start();
  const text = await fanout('plan');
  expect(text).toMatchObject({ code: 2, errors: '' });
  expect(text.out).toContain('  + Deployment/prod/shop (create): replicas 2');
  expect((await fanout('explain', 'Deployment/shop')).out).toContain('east: 2 (create)');
  const { out } = await fanout('plan', '-o', 'json');
  expect((JSON.parse(out) as Plan).entries).toHaveLength(9);
  const file = join(folder, 'plan.json');
  await writeFile(file, out);

  const settings = { name: 'settings', namespace: 'prod', labels: { own: 'x' } };
  const other = { apiVersion: 'v1', kind: 'ConfigMap', metadata: settings, data: {} };
  await objects.get('west')?.apply(other);
  const moved = await fanout('apply', '--plan', file);
  expect(moved).toMatchObject({ code: 5, out: '' });
  expect(moved.errors).toContain('plan-moved');
  expect(moved.errors).toContain('\n  west: ConfigMap/prod/settings: is another object there');

  const west = objects.get('west');
  const ref = refOf(other);
  const there = await west?.read(ref);
  const known = there && knownOf(there);
  if (known) await west?.remove(ref, known);
  const begun = await fanout('apply', '--plan', file);
  expect(begun).toMatchObject({ code: 0, errors: '' });
  expect(begun.out).toMatch(/^job release-\w{4} is Planned; follow it: ballast job watch release-/);
});

test('an approval says of what it was, and is refused where something else is asked by now', async () => {
  const { fanout, job, file } = await start();
  const waves = [
    '{name: first, clusters: [east], approval: before}',
    '{clusters: [west, north], approval: before}',
  ];
  const strategy = `{weights: none, order: waves, waves: [${waves.join(', ')}]}`;
  await writeFile(file, stream('v1', strategy));
  const begun = await fanout('apply');
  const id = /^job (\S+)/.exec(begun.out)?.[1] ?? '';
  await until('it asks', async () =>
    (await job('get', id)).out.includes('approved: before wave first'),
  );
  const first = await job('approve', id);
  expect(first).toMatchObject({ code: 0, errors: '' });
  expect(first.out).toMatch(/^approve: before wave first\njob \S+ is (Running|WaitingApproval)/);
  await until('it asks again', async () =>
    (await job('get', id)).out.includes('approved: before wave 2'),
  );
  const late = await job('approve', id, '--asks', 'before wave first');
  expect(late).toMatchObject({ code: 5, out: '' });
  expect(late.errors).toContain(
    'asks for the approval of “before wave 2”, not of “before wave first”',
  );
  expect((await job('approve', id, '--asks', 'before wave 2')).out).toMatch(
    /^approve: before wave 2\n/,
  );
  await until('it has written', async () =>
    (await job('get', id)).out.includes('ConfigMap prod/settings: created'),
  );
});

test('what is there already is brought out again by nothing, and that is no failure', async () => {
  const { fanout, job, file } = await start();
  await writeFile(file, stream('v1', '{weights: none}'));
  const id = /^job (\S+)/.exec((await fanout('apply')).out)?.[1] ?? '';
  await until('it is done', async () => (await job('get', id)).out.includes('Done'), 60_000);
  const again = { code: 0, out: 'nothing would change\n', errors: '' };
  expect(await fanout('apply')).toMatchObject(again);
  await writeFile(file, stream('v1', '{weights: none}').replace('objects: all', 'objectz: all'));
  expect(await fanout('apply')).toMatchObject({ code: 5, out: '' });
});
