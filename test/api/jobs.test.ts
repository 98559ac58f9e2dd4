// Jobs and fan-outs through the API, over a whole controller in memory with an edge that acknowledges.

import { afterEach, expect, test } from 'vitest';
import type { ApiParts } from '../../src/api/server.ts';
import { systemClock } from '../../src/clock.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import type { EdgeState } from '../../src/edges/edge-state.ts';
import { until } from '../controlplane/until.ts';
import { MemoryObjects } from '../jobs/memory-objects.ts';
import { ordersOf, secretOf, stream } from '../jobs/fleet.ts';
import { planFanout } from '../../src/fanout/plan/plan.ts';
import { USUAL } from '../../src/fanout/plan/world.ts';
import { accessBy, listText, tokenOf, writeList } from './access.ts';
import { closeAll, openApi } from './open-api.ts';

afterEach(closeAll);

const SHOP = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'prod', name: 'shop' };

/** East and west run shop at v1; what is ready there is what the controller counts. */
async function start(more: Partial<ApiParts> = {}, hasEdge = true) {
  const names = ['east', 'west', 'north'];
  const objects = new Map(names.map((name) => [name, new MemoryObjects(name)]));
  const clusters = names.map((name, index) => {
    const cluster = new MemoryCluster(name);
    cluster.setNodes([{ name: `${name}-1`, address: `10.${index}.0.1:80` }]);
    const its = objects.get(name);
    if (its) its.onReady = (_workload, pods) => cluster.set('shop', { pods });
    return cluster;
  });
  const faces = names.map((name) => ({ name, ready: true, labels: {}, zones: [], taints: [] }));
  const world = { clusters: faces.map((cluster) => ({ cluster, live: [] })) };
  for (const { object, cluster } of planFanout(ordersOf(stream('v1')), world, USUAL).entries) {
    if (object && cluster !== 'north') await objects.get(cluster)?.apply(object);
  }
  for (const name of ['east', 'west']) {
    for (const _ of [1, 2]) await objects.get(name)?.read(SHOP);
  }
  const api = await openApi({ clusters, objects }, more);
  await until(
    'it leads',
    () => api.controller.published()?.app('shop')?.upstream.servers.length === 2,
  );
  let beat = 0;
  const hear = (): void => {
    const mark = api.controller.published()?.mark;
    if (!mark) return;
    beat += 1;
    const told = { highest: mark.term, mark, saved: mark, compared: mark.term };
    const rest = { documents: 1, above: [], refused: [], source: 'redis', start: 'a' };
    const state = { name: 'edge-1', beat, workers: [{ pid: 1, mark }], ...told, ...rest };
    api.book.hear(state as EdgeState, systemClock.now());
  };
  const stop = new AbortController();
  if (hasEdge) {
    hear();
    void (async () => {
      while (!stop.signal.aborted) {
        await systemClock.sleep(20, stop.signal);
        hear();
      }
    })();
  }
  const files = (image: string, strategy?: string) => [
    { name: 'a.yaml', text: stream(image, strategy) },
  ];
  const state = async (id: string): Promise<string> =>
    (await api.call('GET', `/api/v1/jobs/${id}`)).json.state;
  const reach = (id: string, wanted: string) =>
    until(`${id} is ${wanted}`, async () => {
      const { json } = await api.call('GET', `/api/v1/jobs/${id}`);
      if (json.state === wanted) return json;
      throw new Error(`${json.state} ${json.why}`);
    });
  return { ...api, objects, files, state, reach, stop: () => stop.abort() };
}

test('a fan-out: planned, begun, followed to its end, and in the audit', async () => {
  const { call, files, reach, weights, controller, stop, jobs } = await start();
  const plan = await call('POST', '/api/v1/fanouts?dryRun=true', { files: files('v2') });
  expect(plan).toMatchObject({ status: 200, json: { name: 'release', faults: [] } });
  expect((await call('GET', '/api/v1/jobs')).json.items).toEqual([]);
  const moved = await call('POST', '/api/v1/fanouts', { files: files('v2'), digest: 'another' });
  expect(moved).toMatchObject({ status: 409, json: { code: 'plan-moved' } });
  const { digest } = plan.json;
  const begun = await call('POST', '/api/v1/fanouts', { files: files('v2'), digest });
  expect(begun).toMatchObject({
    status: 201,
    json: { kind: 'fanout', name: 'release', apps: ['shop'], planDigest: digest },
  });
  const { id } = begun.json;
  await until('east is held', () => weights() === '0 of 20, 20');
  const [hold] = (await call('GET', '/api/v1/holds')).json.items;
  expect(hold).toMatchObject({ job: id, cluster: 'east', app: 'shop', kind: 'drain' });
  expect(hold.fence).toBe(controller.leader().term);
  expect(await call('DELETE', `/api/v1/holds/${hold.id}`)).toMatchObject({
    status: 409,
    json: { code: 'hold-of-job' },
  });
  const done = await reach(id, 'Done');
  expect(weights()).toBe('20, 20, 20');
  expect(done.steps.at(0)).toMatchObject({ id: 'hold east', state: 'done', attempt: 1 });
  expect((await call('GET', '/api/v1/holds')).json.items).toEqual([]);
  expect((await call('GET', '/api/v1/jobs?state=Done&app=shop')).json.items).toHaveLength(1);
  expect((await call('GET', '/api/v1/jobs?state=Paused')).json.items).toEqual([]);
  const { items } = (await call('GET', '/api/v1/audit?limit=100')).json;
  const texts = items.map(({ text }: { text: string }) => text).join('\n');
  expect(texts).toContain(`job ${id}: created by local`);
  expect(texts).toMatch(/updated Deployment prod\/shop in east, replicas 2 -> 2, images v1 -> v2/);
  const causes = (await call('GET', '/api/v1/history?app=shop&cause=job')).json.items;
  expect(causes.length).toBeGreaterThan(3);
  expect(jobs.known().map((head) => head.id)).toEqual([id]);
  stop();
}, 60_000);

test('a Secret in a fan-out: written, and in no answer, audit or journal', async () => {
  const { call, files, reach, stop, objects } = await start();
  const password = 'planted';
  const body = { files: [...files('v2'), { name: 'key.yaml', text: secretOf(password) }] };
  const plan = await call('POST', '/api/v1/fanouts?dryRun=true', body);
  expect(plan).toMatchObject({ status: 200, json: { faults: [] } });
  const begun = await call('POST', '/api/v1/fanouts', body);
  expect(begun).toMatchObject({ status: 201 });
  const job = await reach(begun.json.id, 'Done');
  const key = { apiVersion: 'v1', kind: 'Secret', namespace: 'prod', name: 'key' };
  const held = Buffer.from(password).toString('base64');
  for (const one of objects.values()) {
    expect(one.look(key)).toMatchObject({ data: { password: held } });
  }
  const audit = await call('GET', '/api/v1/audit?limit=100');
  const said = JSON.stringify([plan.json, begun.json, job, audit.json]);
  expect(said).toContain('sealed:sha256:');
  expect(said).toContain('created Secret prod/key in east');
  for (const word of [password, held]) expect(said).not.toContain(word);
  stop();
}, 60_000);

test('what people say to a job; what does not fit is refused', async () => {
  const { call, files, reach, stop } = await start();
  const strategy = '{order: serial, approval: before}';
  const { json } = await call('POST', '/api/v1/fanouts', { files: files('v2', strategy) });
  const { id } = json;
  expect(await reach(id, 'WaitingApproval')).toMatchObject({ asks: 'before' });
  const say = (word: string) => call('POST', `/api/v1/jobs/${id}/${word}`);
  expect(await say('retry')).toMatchObject({ status: 409, json: { code: 'job-unfit' } });
  expect(await say('pause')).toMatchObject({ status: 200 });
  await reach(id, 'Paused');
  const second = await call('POST', '/api/v1/fanouts', { files: files('v3') });
  expect(second).toMatchObject({ status: 409, json: { code: 'app-locked' } });
  expect(second.json.detail).toContain(id);
  await say('resume');
  await reach(id, 'WaitingApproval');
  const approve = (body: object) => call('POST', `/api/v1/jobs/${id}/approve`, body);
  expect(await approve({ asks: 'after' })).toMatchObject({
    status: 409,
    json: {
      code: 'job-unfit',
      detail: expect.stringContaining('asks for the approval of “before”, not of “after”'),
    },
  });
  expect(await approve({ ask: 'before' })).toMatchObject({ status: 400 });
  const approved = await approve({ asks: 'before' });
  expect(approved).toMatchObject({
    status: 200,
    json: { approvals: { before: { who: 'local' } } },
  });
  expect(approved.json).not.toHaveProperty('asks');
  await reach(id, 'Done');
  const { items } = (await call('GET', '/api/v1/audit?limit=100')).json;
  const texts = items.map(({ text }: { text: string }) => text).join('\n');
  expect(texts).toContain(`job ${id}: approve before by local`);
  expect(await say('abort')).toMatchObject({ status: 409, json: { code: 'job-unfit' } });
  const none = await call('POST', '/api/v1/jobs/nothing-1/abort');
  expect(none).toMatchObject({ status: 404, json: { code: 'job-unknown' } });
  expect(await call('GET', '/api/v1/jobs/nothing-1')).toMatchObject({ status: 404 });
  expect(await say('skip?stp=x')).toMatchObject({ status: 400 });
  stop();
}, 60_000);

test('a stream of many MiB is read: it holds ConfigMaps of one each', async () => {
  const { call, files, stop } = await start();
  const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big, namespace: prod}\n';
  const text = `${head}data: {all: "${'x'.repeat(900_000)}"}\n`;
  const big = [1, 2, 3].map((number) => ({
    name: `big-${number}.yaml`,
    text: text.replace('name: big', `name: big-${number}`),
  }));
  const body = { files: [...files('v2'), ...big] };
  const { status, json } = await call('POST', '/api/v1/fanouts?dryRun=true', body);
  expect(status).toBe(200);
  expect(json.faults).toEqual([]);
  expect(JSON.stringify(json.entries)).toContain('ConfigMap||prod|big-3');
  stop();
});

test('a call that is repeated under its key begins one job', async () => {
  const { call, files, stop } = await start();
  const body = { files: files('v2', '{approval: before}') };
  const key = { 'idempotency-key': 'release-7' };
  const first = await call('POST', '/api/v1/fanouts', body, key);
  expect(await call('POST', '/api/v1/fanouts', body, key)).toEqual(first);
  expect((await call('GET', '/api/v1/jobs')).json.items).toHaveLength(1);
  stop();
}, 60_000);

test('a cluster that jobs may not write to is said before anything is held', async () => {
  const { call, files, objects, stop } = await start();
  const [, west] = [...objects.values()];
  if (west) west.isReadOnly = true;
  expect(await call('POST', '/api/v1/fanouts', { files: files('v2') })).toMatchObject({
    status: 422,
    json: { code: 'plan-invalid', detail: expect.stringContaining('west is read only') },
  });
  expect((await call('GET', '/api/v1/jobs')).json.items).toEqual([]);
  expect((await call('GET', '/api/v1/holds')).json.items).toEqual([]);
  stop();
});

test('what cannot be carried out is said, and nothing begins', async () => {
  const { call, files } = await start({}, false);
  const post = (text: string) =>
    call('POST', '/api/v1/fanouts', { files: [{ name: 'a.yaml', text }] });
  expect(await post('kind: Nonsense')).toMatchObject({
    status: 422,
    json: { code: 'plan-invalid', detail: expect.stringContaining('a.yaml:1') },
  });
  const noEdge = await call('POST', '/api/v1/fanouts', { files: files('v2') });
  expect(noEdge.json.detail).toContain('no edge is known');
  const same = await call('POST', '/api/v1/fanouts', {
    files: files('v1', '{weights: none}').map(({ name, text }) => ({
      name,
      text: text.replace('[east, west, north]', '[east, west]'),
    })),
  });
  expect(same.json.detail).toContain('nothing would change');
  expect((await call('GET', '/api/v1/jobs')).json.items).toEqual([]);
});

test('migrators run jobs, within their scope; others see them', async () => {
  const list = await writeList(
    listText({
      seer: { roles: ['viewer'] },
      holder: { roles: ['operator'] },
      runner: { roles: ['migrator'] },
      shops: { roles: ['migrator'], apps: ['shop'], clusters: ['east'] },
      other: { roles: ['migrator'], apps: ['news'] },
    }),
  );
  const { call, files, stop } = await start({
    access: accessBy({ tokens: list.tokens, wall: () => new Date() }),
  });
  const as = (who: string) => ({ authorization: `Bearer ${tokenOf(who)}` });
  const body = { files: files('v2', '{approval: before}') };
  const tried = async (who: string, query = '') =>
    (await call('POST', `/api/v1/fanouts${query}`, body, as(who))).json.code;
  expect(await tried('seer')).toBe('role-missing');
  expect(await tried('holder')).toBe('role-missing');
  // A plan alone would tell what lives there.
  for (const query of ['', '?dryRun=true']) {
    expect(await tried('shops', query)).toBe('cluster-unknown');
    expect(await tried('other', query)).toBe('app-unknown');
  }
  const { json } = await call('POST', '/api/v1/fanouts', body, as('runner'));
  expect(json.begun.who).toBe('runner');
  const seen = async (who: string) =>
    (await call('GET', '/api/v1/jobs', undefined, as(who))).json.items.length;
  expect([await seen('seer'), await seen('shops'), await seen('other')]).toEqual([1, 1, 0]);
  const abort = async (who: string) =>
    (await call('POST', `/api/v1/jobs/${json.id}/abort`, undefined, as(who))).status;
  expect([await abort('holder'), await abort('shops'), await abort('other')]).toEqual([
    403, 403, 404,
  ]);
  expect(await abort('runner')).toBe(200);
  stop();
  await list.remove();
});

test('its journal is lost: the job is found by its holds, and an abort lifts them', async () => {
  const first = await start();
  const { json } = await first.call('POST', '/api/v1/fanouts', { files: first.files('v2') });
  await until('east is held', () => first.weights().startsWith('0 of'));
  first.stop();
  await closeAll();
  // Another process, with what the edges keep of holds, and an empty journal.
  const { call, controller } = await openApi({ store: first.store, objects: first.objects });
  const found = await until('it is found', async () => {
    const { items } = (await call('GET', '/api/v1/jobs')).json;
    return items[0];
  });
  expect(found).toMatchObject({ id: json.id, kind: 'found', state: 'Blocked', apps: ['shop'] });
  expect(found.why).toContain(`${json.id}.east.shop`);
  expect((await call('POST', `/api/v1/jobs/${json.id}/abort`)).status).toBe(200);
  await until('its holds are lifted', () => controller.published()?.held.holds.length === 0);
}, 60_000);
