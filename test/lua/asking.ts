// A controller's API for tests of the edge, wrong on purpose: it answers as it is told.
//
// Comes in: how to answer. Goes out: its URL, and the requests it got.
import { createServer as createPlain, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer as createSecure } from 'node:tls';
import type { Duplex } from 'node:stream';
import type { WireDocument } from './leader.ts';

export interface AskedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Answer = (request: AskedRequest, socket: Duplex) => void;

export interface FakeController {
  readonly port: number;
  readonly requests: readonly AskedRequest[];
  /** Connections accepted so far. */
  connections(): number;
  /** Of requests that are no heartbeat. */
  answerBy(answer: Answer): void;
  close(): Promise<void>;
}

export const json = (value: unknown, status = 200): string => {
  const body = JSON.stringify(value);
  return `HTTP/1.1 ${status} X\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
};

/** Answers as a leader whose only commit is these documents. */
export function holding(term: number, version: number, documents: readonly WireDocument[]) {
  const line = ({ term: t, version: v, digest, owner }: WireDocument): string =>
    `${t} ${v} ${digest} ${owner}`;
  const manifest = Object.fromEntries(documents.map((doc) => [doc.app, line(doc)]));
  return ({ path }: AskedRequest): object => {
    if (path.includes('/manifest')) return { term, version, manifest };
    if (path.includes('apps=')) return { term, version, documents };
    if (path.includes(`since=${term}-${version}`)) return { term, version, documents: [] };
    return { term, version, compare: true };
  };
}

/** A long poll is left open; everything else is answered by `holding`. */
export function steady(term: number, version: number, documents: readonly WireDocument[]): Answer {
  const hold = holding(term, version, documents);
  return (request, socket) => {
    if (!request.path.includes('wait=')) socket.write(json(hold(request)));
  };
}

export async function startController(
  answer: Answer,
  tls?: { readonly cert: string; readonly key: string },
): Promise<FakeController> {
  const requests: AskedRequest[] = [];
  const sockets = new Set<Duplex>();
  let connections = 0;
  let current = answer;
  const accept = (socket: Duplex): void => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1');
      for (let next = readRequest(text); next; next = readRequest(text)) {
        text = next.rest;
        requests.push(next.request);
        if (next.request.method === 'POST') socket.write('HTTP/1.1 204 No Content\r\n\r\n');
        else current(next.request, socket);
      }
    });
  };
  const server: Server = tls ? createSecure(tls, accept) : createPlain(accept);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    connections: () => connections,
    answerBy: (next) => {
      current = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function readRequest(text: string): { request: AskedRequest; rest: string } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const [method = '', path = ''] = first.split(' ');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 2),
    ]),
  );
  const length = Number(headers['content-length'] ?? 0);
  const rest = text.slice(end + 4);
  if (rest.length < length) return undefined;
  const body = rest.slice(0, length);
  return { request: { method, path, headers, body }, rest: rest.slice(length) };
}
