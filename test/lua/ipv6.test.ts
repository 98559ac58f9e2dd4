import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';
import { startEdge, type TestEdge } from './edge.ts';
import { bodyOf, documentOf } from './leader.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

const redisUrl = 'redis://127.0.0.1:1';
const client = openClient();
let edge: TestEdge;
let four: TestServers;
let six: Server;
let port = 0;
let listener = 0;
let endpoint = 0;
let version = 0;

beforeAll(async () => {
  four = await startServers(1);
  six = createServer((_, response) => response.end('six'));
  await new Promise<void>((resolve) => {
    six.listen(0, '::1', resolve);
  });
  ({ port } = six.address() as AddressInfo);
  [listener = 0, endpoint = 0] = await freePorts(2);
  edge = await startEdge({
    redisUrl,
    workers: 1,
    http: `server { listen [::1]:${listener}; proxy_set_header Host $host;
      location / { proxy_pass http://ballast; } }
      server { listen [::]:${endpoint} ipv6only=off;
      location / { content_by_lua_block { ballast.control() } } }`,
  });
});

afterAll(async () => {
  await client.close();
  await edge?.close();
  await four?.close();
  six?.close();
  six?.closeAllConnections();
});

async function publish(app: string, weights: Record<string, number>): Promise<void> {
  version += 1;
  const { json } = await edge.call('POST', '/v1/upstreams', {
    term: 10,
    documents: [documentOf(app, { term: 10, version }, bodyOf(app, weights))],
  });
  expect(json).toMatchObject({ verdicts: [{ code: 'applied' }] });
}

const counts = async (app: string) => {
  const { json } = await edge.call('GET', '/v1/stats');
  return (json as { apps: Record<string, Record<string, { requests: number; failures: number }>> })
    .apps[app];
};

test('a listener and servers of IPv6 and IPv4, mixed, with exact shares', async () => {
  const [a = ''] = four.addresses;
  await publish('mixed', { [a]: 1, [`[::1]:${port}`]: 3 });
  for (const url of [edge.url, `http://[::1]:${listener}`])
    expect(await client.load(url, 'mixed.example', 400)).toEqual(
      new Map([
        ['six', 300],
        [a, 100],
      ]),
    );
});

// nginx writes an address in its shortest form; the document may hold another.
test.each(['[::1]', '[0:0:0:0:0:0:0:1]', '[0::1]'])(
  'a dead server written %s is excluded from the retry, marked, and counted under its name',
  async (text) => {
    const [dead = 0] = await freePorts(1);
    const address = `${text}:${dead}`;
    const app = `dead-${text.length}`;
    await publish(app, { [address]: 1000, [`[::1]:${port}`]: 1 });
    const seen = await client.load(edge.url, `${app}.example`, 200);
    expect(seen).toEqual(new Map([['six', 200]]));
    const failures = await until('counted', async () => (await counts(app))?.[address]?.failures);
    // Marked after two: not tried by each request.
    expect(failures).toBeLessThan(40);
    expect(Object.keys((await counts(app)) ?? {}).sort()).toEqual(
      [address, `[::1]:${port}`].sort(),
    );
  },
);

test('the endpoint on [::] serves loopback of both families without tokens', async () => {
  for (const host of ['127.0.0.1', '[::1]']) {
    const reply = await fetch(`http://${host}:${endpoint}/v1/state`);
    expect([host, reply.status]).toEqual([host, 200]);
  }
});
