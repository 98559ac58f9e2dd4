// A standby tells the leader who called, and nobody else can.

import { afterEach, expect, test } from 'vitest';
import { FORWARDED } from '../../src/api/access/access.ts';
import { createSeal } from '../../src/api/access/sealed-caller.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { until } from '../controlplane/until.ts';
import { accessBy, listText, tokenOf, writeList, type ListFile } from './access.ts';
import { closeAll, openApi } from './open-api.ts';

const KEY = 'k'.repeat(32);
const world = { wall: () => new Date(), random: Math.random };
const DRAIN = { kind: 'drain', app: 'shop', cluster: 'east', why: 'x' };
let list: ListFile | undefined;
afterEach(async () => {
  await closeAll();
  await list?.remove();
});

/** A leader, and a standby whose access file alone knows the token. */
async function pair(keys: { leader?: string; standby?: string }) {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  west.setNodes([{ name: 'w1', address: '10.2.0.1:80' }]);
  for (const cluster of [east, west]) cluster.set('shop', { pods: 8 });
  const sealOf = (key: string | undefined) => key !== undefined && { seal: createSeal(key, world) };
  const leader = await openApi(
    { clusters: [east, west] },
    { access: accessBy({ ...sealOf(keys.leader) }) },
  );
  const url = await leader.api.listen({ host: '127.0.0.1', port: 0 });
  await until('it leads', () => leader.controller.published()?.app('shop') !== undefined);
  const { store } = leader;
  list = await writeList(
    listText({ alice: { roles: ['operator'], apps: ['shop'] }, viewer: { roles: ['viewer'] } }),
  );
  const take = store.take.bind(store);
  const standby = await openApi(
    {
      clusters: [east, west],
      holder: 'two',
      store: { ...store, take: async (...args) => ({ ...(await take(...args)), address: url }) },
    },
    { access: accessBy({ tokens: list.tokens, ...sealOf(keys.standby) }) },
  );
  await until('it stands by', () => standby.controller.leader().address === url);
  const write = (name: string, body: object, more: Record<string, string> = {}) =>
    standby.call('POST', '/api/v1/holds', body, {
      authorization: `Bearer ${tokenOf(name)}`,
      ...more,
    });
  return { leader, standby, write };
}

test('the leader knows who it was, with role and scope, and never saw the token', async () => {
  const { leader, write } = await pair({ leader: KEY, standby: KEY });
  const headers: string[] = [];
  leader.api.server.on('request', ({ rawHeaders }) => headers.push(...rawHeaders));
  expect((await write('alice', DRAIN)).status).toBe(201);
  expect(leader.controller.published()?.held.holds).toMatchObject([{ who: 'alice' }]);
  expect(headers.join(' ')).not.toContain(tokenOf('alice'));
  const wide = await write('alice', { kind: 'drain', cluster: 'east', why: 'x' });
  expect([wide.status, wide.json.code]).toEqual([403, 'out-of-scope']);
  expect((await write('viewer', DRAIN)).json.code).toBe('role-missing');
});

test('a problem of the leader has the id of the call that the standby got', async () => {
  const { standby, leader } = await pair({ leader: KEY, standby: KEY });
  const ids: unknown[] = [];
  leader.api.server.on('request', ({ headers }) => ids.push(headers['x-request-id']));
  const authorization = `Bearer ${tokenOf('alice')}`;
  const headers = { authorization, 'x-request-id': 'call-7' };
  const reply = await standby.api.inject({ method: 'DELETE', url: '/api/v1/holds/none', headers });
  expect(reply.json()).toMatchObject({ code: 'hold-unknown', requestId: 'call-7' });
  expect(reply.headers['x-request-id']).toBe('call-7');
  expect(ids).toEqual(['call-7']);
});

test('a standby with another key is refused', async () => {
  const { write, leader } = await pair({ leader: KEY, standby: 'other'.padEnd(32) });
  const { status, json } = await write('alice', DRAIN);
  expect([status, json.code]).toEqual([401, 'token-unknown']);
  expect(leader.controller.published()?.held.holds).toEqual([]);
});

test('without a key a standby names the leader, and sends nothing', async () => {
  const { write } = await pair({ leader: KEY });
  const { status, json } = await write('alice', DRAIN);
  expect([status, json.code]).toEqual([503, 'not-leader']);
  expect(json.detail).toContain('api.forward.key');
});

test('a seal is for one call: not for another, not twice, not later, not with another body', async () => {
  const { leader } = await pair({ leader: KEY, standby: KEY });
  const caller = { name: 'mallory', grants: [{ roles: ['admin'] as const }] };
  const body = JSON.stringify(DRAIN);
  const call = { method: 'POST', url: '/api/v1/holds', body };
  const send = (sealed: string, payload: object = DRAIN, url = call.url) =>
    leader.call('POST', url, payload, { [FORWARDED]: sealed });
  const seal = createSeal(KEY, world);
  const late = createSeal(KEY, { ...world, wall: () => new Date(Date.now() - 120_000) });
  const refused = [
    await send(await createSeal('x'.repeat(32), world).close(caller, call)),
    await send(await seal.close(caller, call), DRAIN, '/api/v1/holds?dryRun=true'),
    await send(await late.close(caller, call)),
    await send(await seal.close(caller, call), { ...DRAIN, app: 'news' }),
    await send('eyJhbGciOiJub25lIn0.e30.'),
  ];
  expect(refused.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
  const good = await seal.close(caller, call);
  expect((await send(good)).status).toBe(201);
  expect((await send(good)).status).toBe(401);
});
