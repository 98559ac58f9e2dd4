// Whether the VMs can be read, for metrics and log.
//
// Comes in: a source's trouble as it changes, and all sources. Goes out: a gauge for each, a line a change.
// Never fails.

import type { Logger } from 'pino';
import type { Metrics } from './metrics.ts';

interface VmSource {
  readonly name: string;
  /** Why it cannot be read. */
  readonly reason?: string;
}

export interface VmTelling {
  tell(source: string, trouble: string | undefined): void;
  show(sources: readonly VmSource[]): void;
}

export function tellOfVms({ vmsTrouble }: Pick<Metrics, 'vmsTrouble'>, log: Logger): VmTelling {
  const set = (source: string, trouble: string | undefined): void =>
    vmsTrouble.set({ source }, trouble === undefined ? 0 : 1);
  return {
    tell(source, trouble) {
      set(source, trouble);
      if (trouble === undefined) log.info({ source }, 'VMs are read again');
      else log.warn({ source, trouble }, 'VMs cannot be read; the last ones stay');
    },
    show(sources) {
      vmsTrouble.reset();
      for (const { name, reason } of sources) set(name, reason);
    },
  };
}
