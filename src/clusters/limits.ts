// How long a cluster may take for what. Tests have shorter ones.

import type { LinkLimits } from './link.ts';
import type { PageLimits } from './pages.ts';

interface WatchLimits extends PageLimits {
  readonly watchSeconds: number;
  /** A list in which something is missing is made again so much later: it may have been a short one. */
  readonly checkMs: number;
  /** However well a watch goes, a list now and then proves it. */
  readonly proveMs: number;
  /** A watch without any line for so long is of no use; bookmarks come every 60 s. */
  readonly silentMs: number;
  /** HTTP/1.1 has no pings: short watches, and one that does not end in time is half-open. */
  readonly http1WatchSeconds: number;
  readonly http1GraceMs: number;
}

export type Limits = WatchLimits & LinkLimits;

export const LIMITS: Limits = {
  pageSize: 500,
  pageMs: 30_000,
  watchSeconds: 300,
  checkMs: 10_000,
  proveMs: 3_600_000,
  silentMs: 180_000,
  http1WatchSeconds: 15,
  http1GraceMs: 8_000,
  connectMs: 10_000,
  headersMs: 20_000,
  pingMs: 10_000,
  credentialsMs: 30_000,
};
