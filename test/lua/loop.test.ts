// Servers may not be the edge's own listeners: a request would come back to it, again and again.
import { readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../controlplane/ports.ts';
import { startEdge, type TestEdge } from './edge.ts';
import { bodyOf, documentOf } from './leader.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

const redisUrl = 'redis://127.0.0.1:1';
const client = openClient({ fresh: true });
let edge: TestEdge;
let servers: TestServers;
let anywhere = 0;
let anywhere6 = 0;
let both = 0;
let own = 0;
let own6 = 0;
let version = 0;

beforeAll(async () => {
  servers = await startServers(1);
  [anywhere = 0, anywhere6 = 0, both = 0, own6 = 0] = await freePorts(4);
  edge = await startEdge({
    redisUrl,
    http: `server { listen ${anywhere}; return 200; }
      server { listen [::]:${anywhere6}; return 200; }
      server { listen [::]:${both} ipv6only=off; return 200; }
      server { listen [::1]:${own6}; return 200; }`,
  });
  own = Number(new URL(edge.url).port);
});

afterAll(async () => {
  await client.close();
  await edge?.close();
  await servers?.close();
});

async function push(app: string, weights: Record<string, number>) {
  version += 1;
  const { json } = await edge.call('POST', '/v1/upstreams', {
    term: 10,
    documents: [documentOf(app, { term: 10, version }, bodyOf(app, weights))],
  });
  return (json as { verdicts: { code: string; detail?: string }[] }).verdicts[0];
}

test('each spelling of a listener is refused, by push, PUT and validate, with its place', async () => {
  const machine = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const machine4 = machine.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
  const machine6 = machine.filter(({ family }) => family === 'IPv6').map(({ address }) => address);
  const leadHere = [
    `127.0.0.1:${own}`,
    `[::ffff:127.0.0.1]:${own}`,
    `[0:0:0:0:0:ffff:7f00:1]:${own}`,
    ...machine4.map((address) => `${address}:${anywhere}`),
    `127.9.9.9:${anywhere}`,
    `0.0.0.0:${anywhere}`,
    // The kernel takes these for loopback, where the listener need not be at every address.
    `0.0.0.0:${own}`,
    `[::ffff:0.0.0.0]:${own}`,
    `[::]:${own6}`,
    ...machine6.map((address) => `[${address}]:${anywhere6}`),
    `[0:0::0:1]:${anywhere6}`,
    `[::]:${anywhere6}`,
    `127.0.0.1:${both}`,
    `[::1]:${both}`,
  ];
  for (const address of leadHere) {
    const detail = expect.stringContaining(`"${address}" is a listener of this edge`) as string;
    expect(await push('loop', { [address]: 1 })).toMatchObject({ code: 'bad', detail });
    const body = bodyOf('loop', { [address]: 1, '10.0.0.1:80': 1 });
    for (const [method, path] of [
      ['POST', '/v1/validate'],
      ['PUT', '/v1/upstreams/loop'],
    ] as const) {
      const { status, json } = await edge.call(method, path, body);
      expect([address, status, json]).toEqual([address, 400, { code: 'bad', detail }]);
    }
  }
  const { status, json } = await edge.call(
    'POST',
    '/v1/validate',
    bodyOf('loop', { [`127.0.0.1:${own}`]: 1, '10.0.0.1:80': 1 }),
  );
  expect(status).toBe(400);
  expect(json).toMatchObject({ detail: expect.stringMatching(/^servers\[1\]\.address: /) });
});

test('what only resembles a listener is taken', async () => {
  const others = [
    `127.0.0.2:${own}`,
    `10.0.0.1:${anywhere}`,
    `[2001:db8::1]:${anywhere6}`,
    `127.0.0.1:${anywhere6}`,
    `[::1]:${own}`,
    ...servers.addresses,
  ];
  for (const address of others)
    expect([address, await push('other', { [address]: 1 })]).toMatchObject([
      address,
      { code: 'applied' },
    ]);
});

test('a listener that comes by a reload takes nothing of what was published before', async () => {
  const [late = 0] = await freePorts(1);
  const { addresses } = servers;
  await push('late', { [`127.0.0.1:${late}`]: 5, [addresses[0] ?? '']: 1 });
  await push('only', { [`127.0.0.1:${late}`]: 5 });
  const configuration = join(edge.folder, 'nginx.conf');
  const text = await readFile(configuration, 'utf8');
  const back = `server { listen 127.0.0.1:${late}; location / { proxy_pass http://ballast; } }`;
  await writeFile(configuration, text.replace(/\}\s*$/, `${back}\n}\n`));
  await edge.reload();
  expect(await client.load(edge.url, 'late.example', 40)).toEqual(new Map([[addresses[0], 40]]));
  expect(await client.get(edge.url, 'only.example')).toMatchObject({ status: 503 });
  expect(await edge.errorLog()).toContain(`late: 127.0.0.1:${late} is a listener of this edge`);
});
