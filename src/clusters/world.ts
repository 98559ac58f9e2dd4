// What a cluster is given from outside: time, chance, environment, a log. Pure types.

import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Limits } from './limits.ts';

export interface ClusterWorld {
  /** The kubeconfig's path is relative to this folder: the configuration file's. */
  readonly baseFolder: string;
  /** Of the service account, where `inCluster`; absent: where a kubelet puts it. */
  readonly accountFolder?: string;
  readonly clock: Clock;
  /** For credentials that expire at a time of day; nothing else is decided by it. */
  readonly wall: () => Date;
  readonly random: () => number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly limits?: Partial<Limits>;
}
