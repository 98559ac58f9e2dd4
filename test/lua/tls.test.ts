// HTTPS to ingress nodes, by the blocks that README gives: verified, and one name's connections never
// serve another's requests.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../controlplane/ports.ts';
import { createCertificate } from '../simulated/certificate.ts';
import { startEdge, type TestEdge } from './edge.ts';
import { bodyOf, documentOf } from './leader.ts';
import { readmeBlocks } from './readme-blocks.ts';
import { openClient } from './servers.ts';

const redisUrl = 'redis://127.0.0.1:1';
const client = openClient();
const [upstream = '', location = ''] = readmeBlocks('HTTPS to ingress nodes');
const names = ['east.internal', 'west.internal'] as const;
const certificates = new Map(
  [...names, 'other.internal'].map((name) => [name, createCertificate(name, { names: [name] })]),
);

let folder = '';
let edge: TestEdge;
let ingress: { server: Server; address: string; connections(): number };
let version = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-tls-'));
  const trusted = names.map((name) => certificates.get(name)?.cert).join('');
  await writeFile(join(folder, 'ca.pem'), trusted);
  await writeFile(join(folder, 'other.pem'), certificates.get('other.internal')?.cert ?? '');
  ingress = await startIngress();
  edge = await startEdge({
    redisUrl,
    // All in one pool of connections, where they could be mixed up.
    workers: 1,
    http: [...names, 'wrong.name', 'wrong.authority']
      .map((name) => block(upstream, name))
      .join('\n'),
    locations: [
      ...names.map((name) => block(location, name)),
      // A name that the certificate does not bear, and an authority that did not sign it.
      block(location, 'wrong.name'),
      block(location, 'wrong.authority')
        .replace('proxy_ssl_name wrong.authority', 'proxy_ssl_name east.internal')
        .replace('ca.pem', 'other.pem'),
    ].join('\n'),
  });
});

afterAll(async () => {
  await client.close();
  await edge?.close();
  ingress?.server.close();
  ingress?.server.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

function block(text: string, name: string): string {
  return text
    .replaceAll('ballast_east', `ballast_${name.replace('.', '_')}`)
    .replaceAll('ingress.east.example.com', name)
    .replaceAll('/etc/ballast/ingress-ca.pem', join(folder, 'ca.pem'))
    .replace('location /', `location /${name}`);
}

/** One ingress node for all names. Answers with the name that the connection was opened for. */
async function startIngress() {
  let connections = 0;
  const server = createServer({
    ...certificates.get('east.internal'),
    SNICallback: (name, done) => done(null, createSecureContext(certificates.get(name))),
  });
  server.keepAliveTimeout = 60_000;
  server.on('secureConnection', () => (connections += 1));
  server.on('request', ({ socket }, response) =>
    response.end(String((socket as TLSSocket & { servername?: string }).servername)),
  );
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { server, address: `127.0.0.1:${port}`, connections: () => connections };
}

async function publish(app: string, weights: Record<string, number>): Promise<void> {
  version += 1;
  const { json } = await edge.call('POST', '/v1/upstreams', {
    term: 10,
    documents: [documentOf(app, { term: 10, version }, bodyOf(app, weights))],
  });
  expect(json).toMatchObject({ verdicts: [{ code: expect.stringMatching(/^(applied|same)$/) }] });
}

test('one address, two names: each request has a connection of its own name, and they are kept', async () => {
  await publish('shop', { [ingress.address]: 1 });
  const before = ingress.connections();
  for (let i = 0; i < 100; i++) {
    const name = names[i % 2] ?? '';
    const answer = await client.get(`${edge.url}/${name}`, 'shop.example');
    expect([answer.status, answer.body]).toEqual([200, name]);
  }
  expect(ingress.connections() - before).toBeLessThanOrEqual(2);
});

test('a certificate that bears another name, or that another authority signed, is refused', async () => {
  await publish('shop', { [ingress.address]: 1 });
  for (const path of ['/wrong.name', '/wrong.authority']) {
    const { status } = await client.get(`${edge.url}${path}`, 'shop.example');
    expect([path, status]).toEqual([path, 502]);
  }
  expect(await edge.errorLog()).toContain('upstream SSL certificate');
});

test('no server, no app: 503 with Retry-After and 404, as without TLS; a dead node costs nothing', async () => {
  const url = `${edge.url}/east.internal`;
  await publish('empty', { [ingress.address]: 0 });
  expect(await client.get(url, 'empty.example')).toMatchObject({ status: 503, retryAfter: '1' });
  // Nothing whole has been read yet: it may come.
  expect(await client.get(url, 'nobody.example')).toMatchObject({ status: 503, retryAfter: '1' });
  const [dead = 0] = await freePorts(1);
  await publish('half', { [ingress.address]: 1, [`127.0.0.1:${dead}`]: 1 });
  const seen = await client.load(url, 'half.example', 100);
  expect(seen).toEqual(new Map([['east.internal', 100]]));
});
