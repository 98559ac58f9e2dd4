// Requests of which it is known when they began and which nginx worker answered.
//
// Comes in: an edge whose location says `WORKER_HEADER`, and servers. Goes out:
// lanes, each a connection of its own, so one worker's for as long as it is open.
// On failure: an answer other than 200, or a connection that ends, rejects.
import { connect, type Socket } from 'node:net';
import { startEdge, type EdgeOptions, type TestEdge } from './edge.ts';
import { freePorts } from '../controlplane/ports.ts';

export const WORKER_HEADER = 'add_header X-Worker $pid always;';

export interface LaneAnswer {
  /** The answer's body. */
  readonly server: string;
  readonly worker: number;
}

export interface Lane {
  /** Has begun when this returns. */
  ask(host: string): Promise<LaneAnswer>;
  close(): void;
}

const HEAD = /^HTTP\/1\.1 (\d+) [\s\S]*?\r\nContent-Length: (\d+)\r\n[\s\S]*?\r\n\r\n/;

export async function openLane(url: string): Promise<Lane> {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect(Number(port), hostname);
  socket.setNoDelay(true).setEncoding('latin1');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject);
  });
  let text = '';
  let waiting: { resolve(answer: LaneAnswer): void; reject(error: Error): void } | undefined;
  socket.on('data', (part: string) => {
    text += part;
    const [head, status, length] = HEAD.exec(text) ?? [];
    if (head === undefined || text.length < head.length + Number(length)) return;
    const worker = Number(/\r\nX-Worker: (\d+)\r\n/.exec(head)?.[1]);
    if (status === '200') waiting?.resolve({ server: text.slice(head.length), worker });
    else waiting?.reject(new Error(text));
    text = '';
    waiting = undefined;
  });
  const end = (): void => waiting?.reject(new Error(`the connection ended: ${text}`));
  socket.on('error', end).on('close', end);
  return {
    ask: (host) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      }),
    close: () => socket.destroy(),
  };
}

/** One lane for each of so many workers. */
export async function openLanes(url: string, host: string, workers: number) {
  const lanes = new Map<number, Lane>();
  const double: Lane[] = [];
  // The kernel gives a connection to whichever worker takes it first.
  for (let attempt = 0; lanes.size < workers; attempt++) {
    if (attempt > 5000)
      throw new Error(`only ${lanes.size} of ${workers} workers take connections`);
    const lane = await openLane(url);
    const { worker } = await lane.ask(host);
    if (lanes.has(worker)) double.push(lane);
    else lanes.set(worker, lane);
    if (double.length > 200) for (const spare of double.splice(0)) spare.close();
  }
  for (const lane of double) lane.close();
  return lanes;
}

/** Servers that an nginx of its own answers for, so that neither they nor Node are what a test waits
 *  for. The answer of the first is `0`. */
export async function startNginxServers(count: number) {
  const ports = await freePorts(count);
  const options: EdgeOptions = {
    name: 'servers',
    redisUrl: 'redis://127.0.0.1:1',
    workers: 1,
    http: ports
      .map(
        (port, i) => `server { listen 127.0.0.1:${port}; keepalive_requests 1000000;
          location / { return 200 "${i}"; } }`,
      )
      .join('\n'),
  };
  const nginx: TestEdge = await startEdge(options);
  return { addresses: ports.map((port) => `127.0.0.1:${port}`), close: () => nginx.close() };
}
