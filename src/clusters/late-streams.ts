// Answers to calls that are broken off meanwhile. Over HTTP/2 a call that is ended as soon as it was begun
// is forgotten by Node before the server hears that it ended; for the answer Node then makes a stream of
// its own, which nobody knows: an error of the connection after that ends the process ("uncaught"), and a
// watch in it would fill the connection's window unread.
//
// Comes in: Node's word of each new stream. Goes out: nothing. Such a stream is told by its headers: an
// answer's have a status, a call's do not.

import { subscribe } from 'node:diagnostics_channel';
import { type ClientHttp2Stream, constants, type OutgoingHttpHeaders } from 'node:http2';

interface Created {
  readonly stream: ClientHttp2Stream;
  readonly headers?: OutgoingHttpHeaders;
}

let follows = false;

/** Once for the process; calls after the first do nothing. */
export function endLateStreams(): void {
  if (follows) return;
  follows = true;
  subscribe('http2.client.stream.created', (message) => {
    const { stream, headers } = message as Created;
    if (headers?.[':status'] === undefined) return;
    stream.on('error', () => undefined);
    // Node is not done with it yet.
    queueMicrotask(() => stream.close(constants.NGHTTP2_CANCEL));
  });
}
