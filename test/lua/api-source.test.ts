// The edge's end of the controller's API, against a controller that is wrong on purpose.

import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { createCertificate } from '../simulated/certificate.ts';
import {
  holding,
  json,
  startController,
  steady,
  type Answer,
  type FakeController,
} from './asking.ts';
import { startEdge, type TestEdge } from './edge.ts';
import { bodyOf, documentOf } from './leader.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

const client = openClient();
const closers: (() => unknown)[] = [];
let folder: string;
let servers: TestServers;
let address = '';
const shop = () => documentOf('shop', { term: 100, version: 5 }, bodyOf('shop', { [address]: 1 }));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-asking-'));
  await chmod(folder, 0o711);
  servers = await startServers(1);
  [address = ''] = servers.addresses;
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});
afterAll(async () => {
  await servers.close();
  await client.close();
  await rm(folder, { recursive: true, force: true });
});

async function controllerBy(answer: Answer, tls?: { cert: string; key: string }) {
  const controller = await startController(answer, tls);
  closers.push(() => controller.close());
  return controller;
}

async function edgeBy(api: object, http = ''): Promise<TestEdge> {
  const edge = await startEdge({ source: { api }, http, workers: 1 });
  closers.push(() => edge.close());
  return edge;
}

const urlOf = ({ port }: FakeController, scheme = 'http', host = '127.0.0.1'): string =>
  `${scheme}://${host}:${port}`;

const marked = (edge: TestEdge, version: number, term = 100): Promise<unknown> =>
  until(`mark ${term} ${version}`, async () => {
    const { mark, api } = await edge.state();
    return mark?.term === term && mark.version === version && api?.ok;
  });

const complains = (edge: TestEdge, about: string): Promise<unknown> =>
  until(`a complaint about ${about}`, async () => {
    const { api } = await edge.state();
    if (api?.ok === false && api.error?.includes(about)) return true;
    throw new Error(JSON.stringify(api));
  });

test('it takes the documents, sends its token and its state, and keeps two connections', async () => {
  await writeFile(join(folder, 'token'), 'of-the-edge\n');
  const controller = await controllerBy(steady(100, 5, [shop()]));
  const token = { file: join(folder, 'token') };
  const edge = await edgeBy({ url: urlOf(controller), token });
  await marked(edge, 5);
  expect((await client.get(edge.url, 'shop.example')).body).toBe(address);
  await until('it waits for the next commit', () =>
    controller.requests.some(({ path }) => path.endsWith('?since=100-5&wait=30s')),
  );
  const beat = await until('a heartbeat with the mark', () =>
    controller.requests.findLast(
      ({ method, body }) => method === 'POST' && body.includes('"mark":{'),
    ),
  );
  expect(beat.path).toBe('/api/v1/edges/edge-1/heartbeat');
  expect(JSON.parse(beat.body)).toMatchObject({ name: 'edge-1', highest: 100, compared: 100 });
  for (const { headers } of controller.requests) {
    expect(headers['authorization']).toBe('Bearer of-the-edge');
  }
  expect(controller.connections()).toBe(2);
});

test('an answer in chunks, with an extension and a trailer, is read whole', async () => {
  const hold = holding(100, 5, [shop()]);
  const controller = await controllerBy((request, socket) => {
    if (request.path.includes('wait=')) return;
    const text = JSON.stringify(hold(request));
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    for (let at = 0; at < text.length; at += 7) {
      const piece = text.slice(at, at + 7);
      socket.write(`${piece.length.toString(16)};x=1\r\n${piece}\r\n`);
    }
    socket.write('0\r\nX-After: 1\r\n\r\n');
  });
  await marked(await edgeBy({ url: urlOf(controller) }), 5);
});

test('a connection that is closed between two requests is opened again, without a complaint', async () => {
  const hold = holding(100, 5, [shop()]);
  const controller = await controllerBy((request, socket) => {
    if (request.path.includes('wait=')) return;
    socket.write(json(hold(request)));
    if (request.path.includes('manifest')) socket.end();
  });
  const edge = await edgeBy({ url: urlOf(controller) });
  await marked(edge, 5);
  expect(controller.requests.filter(({ path }) => path.includes('limit=')).length).toBe(1);
});

const START = 'HTTP/1.1 200 OK\r\n';
test.each<[string, string | object, string]>([
  ['no HTTP', 'SSH-2.0-x\r\n\r\n', 'no HTTP/1.1 answer'],
  ['a body without length', `${START}\r\n{}`, 'a body without length'],
  ['two lengths', `${START}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 'two lengths'],
  ['a huge length', `${START}Content-Length: 99999999999\r\n\r\n{`, 'a body above'],
  ['an endless head', `${START}X: ${'y'.repeat(40_000)}`, 'bytes before'],
  ['a wrong chunk', `${START}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, "no chunk's size"],
  ['a long chunk', `${START}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n`, 'before a line'],
  ['no JSON', `${START}Content-Length: 3\r\n\r\n<p>`, 'no value'],
  ['another shape', { items: [] }, 'term and version expected'],
  ['no documents', { term: 100, version: 5, documents: 'x' }, 'documents: an array expected'],
  ['a document without name', { term: 100, version: 5, documents: [{}] }, 'documents[0].app'],
])('%s is refused, told, and moves no mark', async (_, answer, words) => {
  const text = typeof answer === 'string' ? answer : json(answer);
  const controller = await controllerBy((_request, socket) => void socket.write(text));
  const edge = await edgeBy({ url: urlOf(controller) });
  await complains(edge, words);
  expect((await edge.state()).mark).toBeNull();
  controller.answerBy(steady(100, 5, [shop()]));
  await marked(edge, 5);
});

test('an answer that drips is ended, though no single read takes too long', async () => {
  const controller = await controllerBy((_request, socket) => {
    socket.write(`${START}Content-Length: 1000\r\n\r\n`);
    const drip = setInterval(() => socket.write(' '), 200);
    socket.on('close', () => clearInterval(drip));
  });
  await complains(await edgeBy({ url: urlOf(controller) }), 'no whole answer in time');
});

test('of several controllers the one that leads is found, and the next one when it stops to', async () => {
  const standby: Answer = (_, socket) =>
    void socket.write(json({ code: 'not-leader', detail: 'standby of another' }, 503));
  const first = await controllerBy(standby);
  const second = await controllerBy(steady(100, 5, [shop()]));
  const edge = await edgeBy({ url: [urlOf(first), urlOf(second)] });
  await marked(edge, 5);
  first.answerBy(steady(200, 6, [shop()]));
  await second.close();
  await marked(edge, 6, 200);
});

test('a controller whose term lies below the highest seen is not believed', async () => {
  const controller = await controllerBy(steady(100, 5, [shop()]));
  const edge = await edgeBy({ url: urlOf(controller) });
  await marked(edge, 5);
  await edge.call('POST', '/v1/gather', { term: 150 });
  const other = documentOf('shop', { term: 100, version: 6 }, bodyOf('shop', { '10.0.0.1:1': 1 }));
  controller.answerBy(steady(100, 6, [other]));
  await edge.reload();
  await complains(edge, 'below the highest seen');
  expect((await client.get(edge.url, 'shop.example')).body).toBe(address);
});

test('what it holds above the controller is reported whole', async () => {
  const controller = await controllerBy(steady(100, 5, []));
  const edge = await edgeBy({ url: urlOf(controller) });
  await marked(edge, 5);
  const ahead = { ...shop(), version: 9 };
  await edge.call('POST', '/v1/upstreams', {
    term: 100,
    base: null,
    mark: null,
    documents: [ahead],
  });
  controller.answerBy(steady(101, 6, []));
  await edge.reload();
  await until('a heartbeat with what lies above', () =>
    controller.requests.some(
      ({ method, body }) =>
        method === 'POST' &&
        JSON.stringify((JSON.parse(body) as { above: unknown }).above) ===
          JSON.stringify([JSON.parse(sorted(ahead))]),
    ),
  );
});

function sorted(value: object): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );
}

test('by TLS it is verified, and kept', async () => {
  const good = createCertificate('controller');
  await writeFile(join(folder, 'controller.crt'), good.cert);
  await writeFile(join(folder, 'other.crt'), createCertificate('other').cert);
  const controller = await controllerBy(steady(100, 5, [shop()]), good);
  const trust = (name: string): string => `lua_ssl_trusted_certificate ${join(folder, name)};`;
  const url = urlOf(controller, 'https', 'localhost');
  await marked(await edgeBy({ url }, trust('controller.crt')), 5);
  expect(controller.connections()).toBe(2);
  await complains(await edgeBy({ url }, trust('other.crt')), '`lua_ssl_trusted_certificate`');
  const wrong = { url, tls: { serverName: 'elsewhere.test' } };
  await complains(await edgeBy(wrong, trust('controller.crt')), 'elsewhere.test');
});
