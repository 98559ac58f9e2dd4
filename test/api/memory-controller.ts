// A whole controller in memory: memory clusters or others, a memory store, no edge that it reaches.
//
// Comes in: what a test has of its own. Goes out: the controller, and what it was made of. It runs until
// the test stops it, and its log says nothing.

import { pino } from 'pino';
import { type Clock, systemClock } from '../../src/clock.ts';
import type { ClusterReader } from '../../src/clusters/cluster.ts';
import { fixedClusters } from '../../src/clusters/memory.ts';
import { createController, type Controller } from '../../src/controller.ts';
import type { ControllerParts, Rules } from '../../src/controller-parts.ts';
import { openEdgeBook, type EdgeBook } from '../../src/edges/edge-book.ts';
import { openMemoryStore, type MemoryStore } from '../../src/edges/memory.ts';
import { joinVms } from '../../src/inventory/vms.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import { createReporter } from '../../src/telemetry/reporter.ts';

export const POLICY = { balance: 'smooth', whenUnhealthy: 'spread' } as const;

export interface Own {
  readonly clusters?: readonly ClusterReader[];
  readonly store?: MemoryStore;
  readonly clock?: Clock;
  readonly leaseMs?: number;
  readonly vms?: ControllerParts['vms'];
  readonly told?: Rules['told'];
  /** Names of the configured edges. */
  readonly edges?: readonly string[];
  readonly metrics?: Metrics;
  readonly secondLookMs?: number;
  readonly wall?: ControllerParts['wall'];
  readonly ramp?: Rules['ramp'];
  readonly share?: Rules['share'];
  readonly minimum?: Rules['minimum'];
  readonly errors?: ControllerParts['errors'];
  readonly holder?: string;
  readonly push?: ControllerParts['push'];
  readonly duty?: ControllerParts['duty'];
}

export interface InMemory {
  readonly controller: Controller;
  readonly store: MemoryStore;
  readonly book: EdgeBook;
}

export function controllerInMemory(own: Own = {}): InMemory {
  const { clock = systemClock, leaseMs = 5000 } = own;
  const { clusters = [], store = openMemoryStore(clock.now), metrics = createMetrics() } = own;
  const book = openEdgeBook(new Map());
  const rules = {
    told: own.told ?? new Map(),
    policy: POLICY,
    hostsFromIngress: true,
    base: 10,
    secondLookMs: own.secondLookMs ?? 10_000,
    ...(own.ramp && { ramp: own.ramp }),
    ...(own.share && { share: own.share }),
    ...(own.minimum && { minimum: own.minimum }),
  };
  const term = {
    store,
    links: [],
    edges: own.edges ?? [],
    holder: own.holder ?? 'one',
    address: 'http://127.0.0.1:1',
    leaseMs,
    clock,
    random: () => 0.5,
  };
  const controller = createController({
    clusters: fixedClusters(clusters),
    vms: own.vms ?? joinVms([]),
    rules: () => rules,
    term,
    push: own.push ?? (() => undefined),
    ...(own.duty && { duty: own.duty }),
    book,
    clock,
    wall: own.wall ?? (() => new Date(0)),
    ...(own.errors && { errors: own.errors }),
    reporter: createReporter({ log: pino({ level: 'silent' }), metrics, now: clock.now }),
  });
  return { controller, store, book };
}
