// Rehearsals by the clock, by the controller that leads.
//
// Comes in: how often. Goes out: a rehearsal soon after this controller came to lead, then one each time
// that it is due. On failure: it is logged, and tried again when the next one is due.

import type { Logger } from 'pino';
import type { Clock } from '../../clock.ts';
import type { Migrations } from '../migrations.ts';
import { lostOf } from './report.ts';

export interface RehearsalParts {
  readonly migrations: Pick<Migrations, 'rehearse'>;
  readonly leads: () => boolean;
  /** 0: never. Asked for anew each time. */
  readonly everyHours: () => number;
  /** Told at each look: since when this controller leads and is to rehearse; undefined: it is not to. */
  readonly wanted: (since: number | undefined) => void;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** Clusters are listed and edges heard by then. */
const FIRST_MS = 60_000;
const LOOK_MS = 10_000;

export async function rehearseRegularly(
  { migrations, leads, everyHours, wanted, clock, log }: RehearsalParts,
  signal: AbortSignal,
): Promise<void> {
  let since: number | undefined;
  let due = Number.POSITIVE_INFINITY;
  while (!signal.aborted) {
    const now = clock.now();
    if (!leads()) since = undefined;
    else if (since === undefined) {
      since = now;
      due = now + FIRST_MS;
    }
    const every = everyHours() * 3_600_000;
    wanted(every > 0 ? since : undefined);
    if (since !== undefined && every > 0 && now >= due) {
      await once();
      due = clock.now() + every;
    }
    await clock.sleep(LOOK_MS, signal);
  }

  async function once(): Promise<void> {
    try {
      const { clusters } = await migrations.rehearse();
      for (const one of clusters) {
        const { cluster, ok, apps } = one;
        const lost = lostOf(one);
        if (ok) log.info({ cluster, apps: apps.length }, 'rehearsed: its apps would come back');
        else log.warn({ cluster, lost }, 'rehearsed: not all of its apps would come back');
      }
    } catch (error) {
      log.error({ error }, 'no rehearsal');
    }
  }
}
