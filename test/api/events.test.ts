// The event stream over real connections: what there is, what changes, who is cut.

import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { until } from '../controlplane/until.ts';
import { accessBy, listText, tokenOf, writeList, type ListFile } from './access.ts';
import { openEvents, type EventClient } from './event-client.ts';
import { closeAll, openApi } from './open-api.ts';

let list: ListFile | undefined;
const clients: EventClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await closeAll();
  await list?.remove();
  list = undefined;
});

async function start(more: Parameters<typeof openApi>[1] = {}) {
  const east = new MemoryCluster('east');
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  east.set('shop', { pods: 8 });
  east.set('news', { pods: 2 });
  const opened = await openApi({ clusters: [east] }, more);
  await until('it leads', () => opened.controller.published()?.app('news') !== undefined);
  const url = await opened.api.listen({ host: '127.0.0.1', port: 0 });
  const open = async (headers: Record<string, string> = {}) => {
    const client = await openEvents(url, headers);
    clients.push(client);
    await until('it is synced', () => has(client, 'synced'));
    return client;
  };
  return { ...opened, east, url, open };
}

const has = ({ events }: EventClient, event: string, about: object = {}): boolean =>
  events.some(
    (one) =>
      one.event === event && Object.entries(about).every(([key, value]) => one.data[key] === value),
  );
const named = ({ events }: EventClient, event: string) =>
  events.filter((one) => one.event === event).map(({ data }) => data.name as string);

test('first what there is, then synced, then what changes', async () => {
  const { open, east, hold, call } = await start();
  const client = await open();
  expect(named(client, 'app').toSorted()).toEqual(['news', 'shop']);
  expect(named(client, 'cluster')).toEqual(['east']);
  expect(client.events.at(-1)?.event).toBe('synced');
  const before = client.events.length;
  east.set('shop', { pods: 9 });
  await until('shop has changed', () => has(client, 'app', { name: 'shop', pods: 9 }));
  expect(client.events.slice(before).map(({ event, data }) => `${event} ${data.name}`)).toEqual([
    'app shop',
  ]);
  const { json } = await hold({ kind: 'freeze', app: 'news', why: 'x' });
  await until('the hold is told', () => has(client, 'hold', { id: json.ids[0] }));
  await call('DELETE', `/api/v1/holds/${json.ids[0]}`);
  await until('its end is told', () => has(client, 'gone', { kind: 'hold', name: json.ids[0] }));
  east.setStatus({ state: 'stale', ageSeconds: 7, reason: 'silent' });
  await until('the cluster is stale', () => has(client, 'cluster', { state: 'stale' }));
});

test('its answer has the id of its request', async () => {
  const { open } = await start();
  expect((await open()).headers['x-request-id']).toMatch(/^[a-z0-9]{10}$/);
  expect((await open({ 'x-request-id': 'call-7' })).headers['x-request-id']).toBe('call-7');
});

test('who comes back gets what changed meanwhile, and no more', async () => {
  const { open, east, hold } = await start();
  const first = await open();
  const { json } = await hold({ kind: 'freeze', app: 'news', why: 'x' });
  await until('the hold is told', () => has(first, 'hold'));
  const id = first.events.at(-1)?.id ?? '';
  first.close();
  east.set('shop', { pods: 9 });
  await until('shop is weighed', async () => {
    const second = await open({ 'last-event-id': id });
    const { events } = second;
    expect(events.filter(({ event }) => event === 'reset' || event === 'hold')).toEqual([]);
    expect(named(second, 'app')).not.toContain('news');
    return has(second, 'app', { name: 'shop', pods: 9 });
  });
  expect(json.ids).toHaveLength(1);
});

test.each(['other-7', 'x', '', '0-0', 'x-999999'])(
  'an id that is not ours (%j) gets a reset, then everything',
  async (id) => {
    const { open } = await start();
    const { events } = await open({ 'last-event-id': id });
    expect(events[0]?.event).toBe('reset');
    expect(events.filter(({ event }) => event === 'app')).toHaveLength(2);
  },
);

test('a caller gets what it may see', async () => {
  list = await writeList(listText({ shop: { roles: ['viewer'], apps: ['shop'] } }));
  const { open, east, controller, hold } = await start({
    access: accessBy({ tokens: list.tokens, loopback: 'admin' }),
  });
  const client = await open({ authorization: `Bearer ${tokenOf('shop')}` });
  await hold({ kind: 'freeze', app: 'news', why: 'x' });
  east.set('news', { pods: 7 });
  east.set('shop', { pods: 9 });
  await until('shop has changed', () => has(client, 'app', { name: 'shop', pods: 9 }));
  expect(controller.facts('news')?.inventory.clusters[0]?.pods).toBe(7);
  expect(JSON.stringify(client.events)).not.toContain('news');
});

test('a token that is taken away ends its stream; another scope begins it anew', async () => {
  const state = { skipped: 0 };
  const clock = { ...systemClock, now: () => systemClock.now() + state.skipped };
  list = await writeList(
    listText({ a: { roles: ['viewer'] }, b: { roles: ['viewer'], apps: ['shop'] } }),
  );
  const { tokens } = list;
  const { open } = await start({ access: accessBy({ tokens }), clock });
  const [a, b] = [
    await open({ authorization: `Bearer ${tokenOf('a')}` }),
    await open({ authorization: `Bearer ${tokenOf('b')}` }),
  ];
  const stop = new AbortController();
  const following = tokens.follow(stop.signal);
  await list.write(listText({ b: { roles: ['viewer'], apps: ['news'] } }));
  await until('the list is read', () => tokens.find(tokenOf('a'), 0) === undefined);
  state.skipped = 16_000;
  await a.ended;
  await until('b begins anew', () => has(b, 'reset') && named(b, 'app').includes('news'));
  expect(named(b, 'app')).toEqual(['shop', 'news']);
  stop.abort();
  await following;
});

test('a client that does not read is cut; the others get everything meanwhile', async () => {
  const { open, url, east, api } = await start();
  const reader = await open();
  const apps = Array.from({ length: 300 }, (_, index) => `app-${index}`);
  const hosts = (app: string) =>
    Array.from({ length: 40 }, (_, index) => `${'h'.repeat(60)}.${app}-${index}.example.com`);
  for (const app of apps) east.set(app, { pods: 1, hosts: hosts(app) });
  await until('all are told', () => new Set(named(reader, 'app')).size === apps.length + 2);
  const { port } = new URL(url);
  const slow = connect(Number(port), '127.0.0.1');
  // Without a listener for data nothing is read, and so not even the end is noticed here.
  slow.on('error', () => undefined);
  slow.write('GET /api/v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
  const connections = () =>
    new Promise<number>((resolve) => api.server.getConnections((_, count) => resolve(count)));
  await until('both are connected', async () => (await connections()) === 2);
  for (let pods = 2; (await connections()) === 2; pods += 1) {
    for (const app of apps) east.set(app, { pods, hosts: hosts(app) });
    await until('the reader is told', () => has(reader, 'app', { name: 'app-299', pods }));
  }
  slow.destroy();
  expect(has(reader, 'reset')).toBe(false);
}, 90_000);

test('a client that reads is not cut, though something changes at every beat', async () => {
  const state = { skipped: 0 };
  const clock = { ...systemClock, now: () => systemClock.now() + state.skipped };
  const { open, east } = await start({ clock });
  const client = await open();
  for (let pods = 11; pods <= 16; pods += 1) {
    state.skipped += 16_000;
    east.set('shop', { pods });
    await until('it is told', () => has(client, 'app', { name: 'shop', pods }));
  }
});

test('streams end as answers do when the process ends', async () => {
  const counts: number[] = [];
  const { open, api } = await start({ streams: (count) => counts.push(count) });
  const [a, b] = [await open(), await open()];
  await api.close();
  await Promise.all([a.ended, b.ended]);
  expect([Math.max(...counts), counts.at(-1)]).toEqual([2, 0]);
});

test('one stream too many is told to come back, and may once another has gone', async () => {
  const { open, url } = await start({ mostStreams: 1 });
  const first = await open();
  const refused = await fetch(`${url}/api/v1/events`);
  expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'events-full' }]);
  first.close();
  await until('there is room', async () => (await open()).events.length > 0);
});

test('500 streams and 200 long polls at once: a change reaches all', async () => {
  const { open, url, east } = await start();
  const opened = await Promise.all(Array.from({ length: 500 }, () => open()));
  const tag = (await fetch(`${url}/api/v1/weights`)).headers.get('etag') ?? '';
  const polls = Array.from({ length: 200 }, async () => {
    const reply = await fetch(`${url}/api/v1/weights?wait=60s`, {
      headers: { 'if-none-match': tag },
    });
    return reply.status;
  });
  east.set('shop', { pods: 11 });
  expect(new Set(await Promise.all(polls))).toEqual(new Set([200]));
  await until('all streams have it', () =>
    opened.every((client) => has(client, 'app', { name: 'shop', pods: 11 })),
  );
});
