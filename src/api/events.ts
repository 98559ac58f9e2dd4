// The event stream (server-sent events): first what there is, then `synced`, then what changes.
//
// Comes in: a caller, perhaps with the id of the last event that it has. Goes out: events that this caller
// may see, in batches; a comment every 15 s where nothing happens. On failure: a client that does not
// read is cut, never waited for; one whose token is no longer good is ended. At the end of the
// process streams end as answers do, so that clients turn to another controller.

import type { ServerResponse } from 'node:http';
import { Type } from 'typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BallastError } from '../errors.ts';
import type { Access } from './access/access.ts';
import { grantsFor, seesAll, type Caller } from './access/caller.ts';
import { openFeed, type Frame } from './event-feed.ts';
import { REQUEST_ID } from './problem.ts';
import type { ReadParts } from './reads.ts';
import { PROBLEMS } from './shapes.ts';

export interface EventParts extends ReadParts {
  readonly access: Access;
  /** How many streams are open. */
  readonly streams?: (count: number) => void;
  /** No more than so many streams at once; absent: 2000. */
  readonly mostStreams?: number;
}

/** Changes within this time are one batch. */
const BATCH_MS = 100;
/** What no commit tells of (edges, clusters) is looked at so often. */
const LOOK_MS = 500;
const BEAT_MS = 15_000;
const MOST_STREAMS = 2000;
/** So much may wait for a client beyond what there was when it joined. */
const MOST_WAITING = 1024 * 1024;
const BEAT = Buffer.from(': alive\n\n');

const STREAM = {
  description: 'events: app, cluster, edge, hold, job, leader, gone, reset, synced',
  content: { 'text/event-stream': { schema: Type.String() } },
};

interface Client {
  readonly request: FastifyRequest;
  readonly response: ServerResponse;
  caller: Caller;
  /** Bytes that it was given to begin with. */
  allowed: number;
  /** Something waited for it at the last beat. */
  late: boolean;
}

export function addEventRoutes(api: FastifyInstance, parts: EventParts): void {
  const { clock, signal, mostStreams = MOST_STREAMS } = parts;
  const feed = openFeed(parts);
  const clients = new Set<Client>();
  let running: Promise<void> | undefined;

  const send = (client: Client, frames: readonly Frame[]): void => {
    const seen = frames.filter(({ isSeen }) => isSeen(client.caller));
    if (seen.length > 0) write(client, Buffer.concat(seen.map(({ bytes }) => bytes)));
  };
  const write = (client: Client, bytes: Buffer): void => {
    // Looked at before: one big batch is nobody's slowness.
    if (client.response.writableLength > client.allowed + MOST_WAITING) cut(client);
    else client.response.write(bytes);
  };
  const cut = (client: Client): void => {
    clients.delete(client);
    client.response.destroy();
  };
  const broadcast = (frames: readonly Frame[]): void => {
    if (frames.length === 0) return;
    // Most see everything: the same bytes for all of them.
    const whole = Buffer.concat(frames.map(({ bytes }) => bytes));
    for (const client of clients) {
      if (seesAll(client.caller)) write(client, whole);
      else send(client, frames);
    }
  };
  const join = (client: Client, id: string | undefined): void => {
    const from = id === undefined ? undefined : feed.numberOf(id);
    const frames = feed.frames(from).filter(({ isSeen }) => isSeen(client.caller));
    const { term, version } = parts.controller.published()?.mark ?? { term: 0, version: 0 };
    const isNew = id !== undefined && from === undefined;
    const bytes = Buffer.concat([
      ...(isNew ? [feed.mark('reset', {})] : []),
      ...frames.map((frame) => frame.bytes),
      feed.mark('synced', { term, version }),
    ]);
    client.allowed = bytes.length;
    write(client, bytes);
  };
  /** Tokens end, and grants change, while streams are open. */
  const beat = async (client: Client): Promise<void> => {
    const isWaiting = client.response.writableLength > 0;
    if (isWaiting && client.late) return cut(client);
    client.late = isWaiting;
    const caller = await admitAgain(parts.access, client);
    if (!clients.has(client)) return undefined;
    if (!caller) {
      clients.delete(client);
      client.response.end();
      return undefined;
    }
    const isOther = JSON.stringify(caller) !== JSON.stringify(client.caller);
    client.caller = caller;
    if (isOther) join(client, '');
    client.response.write(BEAT);
    return undefined;
  };
  const run = async (): Promise<void> => {
    let beaten = clock.now();
    while (clients.size > 0 && !signal.aborted) {
      await parts.controller.nextCommit(LOOK_MS, signal);
      await clock.sleep(BATCH_MS, signal);
      if (clock.now() - beaten >= BEAT_MS) {
        beaten = clock.now();
        // Before the next batch: what was just written waits for everybody.
        await Promise.all([...clients].map(beat));
      }
      broadcast(feed.look());
    }
    running = undefined;
  };

  api.addHook('preClose', async () => {
    for (const { response } of clients) response.end();
    clients.clear();
    await running;
  });
  api.get(
    '/api/v1/events',
    {
      config: { needs: 'viewer' },
      exposeHeadRoute: false,
      schema: {
        summary: 'What changes, as server-sent events',
        response: { 200: STREAM, ...PROBLEMS },
      },
    },
    async (request, reply) => {
      if (clients.size >= mostStreams) {
        throw new BallastError('events-full', `${clients.size} streams are open`);
      }
      // Before the answer has begun: what goes wrong here is a problem like others.
      broadcast(feed.look());
      reply.hijack();
      const client: Client = {
        request,
        response: reply.raw,
        caller: request.caller,
        allowed: 0,
        late: false,
      };
      client.response.writeHead(200, {
        [REQUEST_ID]: request.id,
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        // nginx would keep events back.
        'x-accel-buffering': 'no',
      });
      const leave = (): void => {
        clients.delete(client);
        parts.streams?.(clients.size);
      };
      client.response.on('close', leave);
      client.response.on('error', leave);
      const id = [request.headers['last-event-id']].flat()[0];
      join(client, id);
      if (client.response.destroyed) return;
      clients.add(client);
      parts.streams?.(clients.size);
      running ??= run().catch(() => {
        // They come back, and are told what is wrong.
        for (const one of clients) cut(one);
        running = undefined;
      });
    },
  );
}

/** Undefined: it may not go on. While whoever vouches is silent it may. */
async function admitAgain(
  access: Access,
  { request, caller }: Pick<Client, 'request' | 'caller'>,
): Promise<Caller | undefined> {
  try {
    const now = (await access.admit(request)).caller;
    return grantsFor(now, 'viewer').length > 0 ? now : undefined;
  } catch (error) {
    const isUnknown = error instanceof BallastError && error.code === 'access-unavailable';
    return isUnknown ? caller : undefined;
  }
}
