// Migrations as jobs, wired: what the app has of clusters, weights, edges and hooks.
//
// Comes in: parts of the app. Goes out: the kind of job, and what ends it. On failure: as run.ts.

import type { Pollers } from '../../api/pollers.ts';
import type { Clock } from '../../clock.ts';
import type { Controller } from '../../controller.ts';
import type { EdgeBook } from '../../edges/edge-book.ts';
import type { Statistics } from '../../edges/statistics.ts';
import type { WriterOf } from '../../fanout/run/writes.ts';
import type { JobKind } from '../../jobs/kind.ts';
import type { TracedPlaces } from '../../jobs/traces.ts';
import type { Bookings } from '../capacity/bookings.ts';
import type { JobPlan } from '../flow/next.ts';
import { createHooks } from '../hooks/hooks.ts';
import type { HookSettings } from '../hooks/settings.ts';
import { webhook } from '../hooks/webhook.ts';
import { liveLedgers } from './live-ledgers.ts';
import { liveMoveTraffic } from './live-traffic.ts';
import { openProbe } from './probe.ts';
import { migrationKind } from './run.ts';
import type { MoveWorld } from './world.ts';

export interface MoveParts {
  readonly writerOf: WriterOf;
  readonly controller: Pick<Controller, 'published' | 'say' | 'facts'>;
  readonly book: EdgeBook;
  readonly statistics: Statistics;
  readonly pollers: Pollers;
  readonly bookings: Bookings;
  readonly world: MoveWorld;
  readonly hooks: () => readonly HookSettings[];
  readonly environment: string;
  readonly places: TracedPlaces;
  readonly clock: Clock;
  readonly wall: () => Date;
}

export interface Moves {
  readonly kind: JobKind<JobPlan>;
  close(): Promise<void>;
}

export function openMoves(parts: MoveParts): Moves {
  const { clock, wall, environment, hooks: settings } = parts;
  const over = new AbortController();
  const { signal } = over;
  const post = webhook({ wall, signal });
  const hooks = createHooks({ settings, environment, post, clock, signal });
  const probes = openProbe(clock);
  const kind = migrationKind({
    ...liveLedgers({ ...parts, hooks }),
    environment,
    writerOf: parts.writerOf,
    places: parts.places,
    traffic: liveMoveTraffic(parts),
    world: parts.world,
    probe: probes.probe,
    clock,
  });
  return {
    kind,
    async close() {
      over.abort();
      await probes.close();
    },
  };
}
