// The identity of a body: SHA-1, because Redis scripts, Node and nginx's Lua all have it. Not a
// defence against anybody.

import { createHash } from 'node:crypto';

/** 40 lower-case hex digits; `-` for a tombstone. */
export function digestOf(body: string | undefined): string {
  return body === undefined ? '-' : createHash('sha1').update(body).digest('hex');
}
