// How long a cluster may take for what. Tests have shorter ones.

import type { LinkLimits } from './link.ts';
import type { ReflectorLimits } from './reflector.ts';

export type Limits = ReflectorLimits & LinkLimits;

export const LIMITS: Limits = {
  pageSize: 250,
  pageMs: 30_000,
  watchSeconds: 300,
  silentMs: 180_000,
  http1WatchSeconds: 15,
  http1GraceMs: 8_000,
  connectMs: 10_000,
  headersMs: 20_000,
  pingMs: 10_000,
  credentialsMs: 30_000,
};
