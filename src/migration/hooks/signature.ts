// How a question to a hook is signed: HMAC-SHA256 by the hook's secret over the time and the body.
//
// The time is signed too, so that whoever hears a question cannot ask it again later: a hook refuses what is
// older than some minutes. The headers' names are a contract (README).

import { createHmac } from 'node:crypto';

export const HEADERS = {
  /** Seconds since 1970, UTC. */
  timestamp: 'ballast-timestamp',
  /** `v1=` and 64 hex digits. */
  signature: 'ballast-signature',
  /** The same question has the same one, however often it is asked. */
  id: 'ballast-id',
} as const;

export function sign(secret: string, timestamp: string, body: string): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}
