// What passes through an edge besides plain requests, by the blocks that README gives.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import {
  connect,
  createServer as createHttp2Server,
  type ClientHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';
import { startEdge, type TestEdge } from './edge.ts';
import { bodyOf, documentOf } from './leader.ts';
import { readmeBlocks } from './readme-blocks.ts';
import { openClient } from './servers.ts';

const redisUrl = 'redis://127.0.0.1:1';
const [map = '', socketLocation = ''] = readmeBlocks('WebSocket');
const [uploadLocation = ''] = readmeBlocks('Uploads as they come');
const [grpcUpstream = '', grpcLocation = ''] = readmeBlocks('gRPC');

const client = openClient();
let edge: TestEdge;
let grpc: ClientHttp2Session;
let version = 0;

beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  edge = await startEdge({
    redisUrl,
    http: `${map} ${grpcUpstream}
      server { listen 127.0.0.1:${port} http2; ${grpcLocation} }`,
    // A WebSocket client names no other host than its URL's: this location is told the app.
    locations: `${socketLocation.replace('proxy_pass', 'set $ballast_app socket; proxy_pass')}
      ${uploadLocation}`,
  });
  grpc = connect(`http://127.0.0.1:${port}`);
});

afterAll(async () => {
  grpc?.close();
  await client.close();
  await edge?.close();
});

async function publish(app: string, weights: Record<string, number>): Promise<void> {
  version += 1;
  const { json } = await edge.call('POST', '/v1/upstreams', {
    term: 10,
    documents: [documentOf(app, { term: 10, version }, bodyOf(app, weights))],
  });
  expect(json).toMatchObject({ verdicts: [{ code: 'applied' }] });
}

async function listen(server: Server | ReturnType<typeof createHttp2Server>): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

// ---- HTTP/1.1

test('connections to servers are kept: far fewer of them than requests', async () => {
  let connections = 0;
  const server = createServer((_, response) => response.end());
  server.keepAliveTimeout = 60_000;
  server.on('connection', () => (connections += 1));
  try {
    await publish('kept', { [await listen(server)]: 1 });
    for (let i = 0; i < 200; i++)
      expect(await client.get(edge.url, 'kept.example')).toMatchObject({ status: 200 });
    expect(connections).toBeLessThanOrEqual(edge.pids().workers.length);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

// ---- WebSocket

/** Says back each short text it is told, after its own name. */
function echo(request: IncomingMessage, socket: Duplex, name: string): void {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on('error', () => {});
  socket.on('data', (frame: Buffer) => {
    const length = (frame[1] ?? 0) & 0x7f;
    if (((frame[0] ?? 0) & 0x0f) === 8) return socket.end();
    const mask = frame.subarray(2, 6);
    const text = Buffer.from(
      frame.subarray(6, 6 + length).map((byte, i) => byte ^ (mask[i % 4] ?? 0)),
    );
    const answer = Buffer.concat([Buffer.from(`${name}: `), text]);
    socket.write(Buffer.concat([Buffer.from([0x81, answer.length]), answer]));
    return undefined;
  });
}

async function openSocket(): Promise<{ ask(text: string): Promise<unknown>; close(): void }> {
  const url = `${edge.url.replace('http', 'ws')}/socket`;
  const socket = new WebSocket(url);
  await once(socket, 'open');
  return {
    async ask(text) {
      const answer = once(socket, 'message');
      socket.send(text);
      const [message] = (await answer) as [MessageEvent];
      return message.data;
    },
    close: () => socket.close(),
  };
}

test('a WebSocket passes, and neither an update nor a drain cuts it', async () => {
  const servers = ['one', 'two'].map((name) => {
    const server = createServer();
    server.on('upgrade', (request, socket) => echo(request, socket, name));
    return server;
  });
  try {
    const [one = '', two = ''] = await Promise.all(servers.map(listen));
    await publish('socket', { [one]: 1 });
    const first = await openSocket();
    expect(await first.ask('hello')).toBe('one: hello');
    await publish('socket', { [one]: 0, [two]: 1 });
    const second = await openSocket();
    expect(await second.ask('who')).toBe('two: who');
    expect(await first.ask('still')).toBe('one: still');
    first.close();
    second.close();
  } finally {
    for (const server of servers) server.close();
  }
});

// ---- uploads

test('an upload streams: the server has its beginning before its end is sent', async () => {
  const seen: string[] = [];
  const server = createServer((incoming, response) => {
    incoming.setEncoding('utf8');
    incoming.on('data', (text: string) => seen.push(text));
    incoming.on('end', () => response.end(seen.join('')));
  });
  try {
    await publish('upload', { [await listen(server)]: 1 });
    const call = upload('upload');
    call.write('begin ');
    await until('the beginning is there', () => seen.length > 0);
    call.end('end');
    const [reply] = (await once(call, 'response')) as [IncomingMessage];
    expect(await reply.toArray().then((parts) => Buffer.concat(parts).toString())).toBe(
      'begin end',
    );
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

const upload = (app: string) =>
  request(`${edge.url}/upload`, {
    method: 'POST',
    headers: { host: `${app}.example` },
    agent: false,
  });

test('a server that refuses costs no streamed upload', async () => {
  const server = createServer((incoming, response) => {
    let length = 0;
    incoming.on('data', (part: Buffer) => (length += part.length));
    incoming.on('end', () => response.end(String(length)));
  });
  const [dead = 0] = await freePorts(1);
  try {
    await publish('refused', { [await listen(server)]: 1, [`127.0.0.1:${dead}`]: 1 });
    for (let i = 0; i < 20; i++) {
      const call = upload('refused');
      call.end(Buffer.alloc(300_000));
      const [reply] = (await once(call, 'response')) as [IncomingMessage];
      const text = Buffer.concat(await reply.toArray()).toString();
      expect([reply.statusCode, text]).toEqual([200, '300000']);
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

// ---- gRPC

/** One call with a stream in both directions, as gRPC makes them. */
function call(app: string) {
  const stream = grpc.request({
    ':method': 'POST',
    ':path': '/shop.Cart/Add',
    ':authority': `${app}.example`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => {});
  const headers = once(stream, 'response').then(([found]) => found as Record<string, unknown>);
  const trailers = once(stream, 'trailers').then(([found]) => found as Record<string, unknown>);
  trailers.catch(() => {});
  return { stream, headers, trailers };
}

function startGrpc(name: string, sockets: Set<Socket>) {
  const server = createHttp2Server();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    stream.on('data', (part: Buffer) => stream.write(`${name} heard ${part}`));
    stream.on('end', () => stream.end());
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  });
  return server;
}

test('gRPC passes both ways at once, with its trailers; connections are kept', async () => {
  const sockets = new Set<Socket>();
  const servers = ['one', 'two'].map((name) => startGrpc(name, sockets));
  try {
    const [one = '', two = ''] = await Promise.all(servers.map(listen));
    await publish('grpc', { [one]: 1 });
    const { stream, headers, trailers } = call('grpc');
    const parts: string[] = [];
    stream.setEncoding('utf8').on('data', (text: string) => parts.push(text));
    stream.write('a');
    await until('an answer before the end', () => parts.length === 1);
    await publish('grpc', { [one]: 0, [two]: 1 });
    stream.end('b');
    expect(await headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc' });
    expect(await trailers).toMatchObject({ 'grpc-status': '0' });
    expect(parts.join('|')).toBe('one heard a|one heard b');
    for (let i = 0; i < 40; i++) {
      const next = call('grpc');
      next.stream.end(`${i}`);
      const text = Buffer.concat(await next.stream.toArray()).toString();
      expect(text).toBe(`two heard ${i}`);
      expect(await next.trailers).toMatchObject({ 'grpc-status': '0' });
    }
    expect(sockets.size).toBeLessThanOrEqual(2 * edge.pids().workers.length);
  } finally {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  }
});

test('gRPC: no server for the app is 503 with Retry-After; a dead server costs no call', async () => {
  const sockets = new Set<Socket>();
  const server = startGrpc('alive', sockets);
  const [dead = 0] = await freePorts(1);
  try {
    await publish('none', { '10.0.0.1:80': 0 });
    const refused = call('none');
    refused.stream.end();
    expect(await refused.headers).toMatchObject({ ':status': 503, 'retry-after': '1' });
    refused.stream.close();
    await publish('half', { [await listen(server)]: 1, [`127.0.0.1:${dead}`]: 1 });
    for (let i = 0; i < 20; i++) {
      const next = call('half');
      next.stream.end('x');
      expect(Buffer.concat(await next.stream.toArray()).toString()).toBe('alive heard x');
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
