// Listens on a port that was ours before: after a while away another program may sit on it for a moment,
// so a port in use is tried again for a second.
import type { Server } from 'node:net';
import { listenAt, listenOnFreePort } from '../controlplane/ports.ts';

const TRIES = 20;
const PAUSE_MS = 50;

/** The port; a free one when 0 was asked for. */
export async function listenAgain(server: Server, port: number): Promise<number> {
  if (port === 0) return listenOnFreePort(server);
  for (let tries = 1; ; tries++) {
    const failure = await listenAt(server, port);
    if (!failure) return port;
    if (failure.code !== 'EADDRINUSE' || tries === TRIES) throw failure;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
