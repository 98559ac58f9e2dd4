// What the control loop is made of, and what others see of it.

import type { Clock } from './clock.ts';
import type { Clusters } from './clusters/registry.ts';
import type { EdgeBook } from './edges/edge-book.ts';
import type { HistoryBounds } from './edges/history-keeper.ts';
import type { Push } from './edges/edge-link.ts';
import type { Published } from './edges/published.ts';
import type { Lease } from './edges/store.ts';
import type { TermOptions } from './edges/term.ts';
import type { AppInventory, ToldApp } from './inventory/inventory.ts';
import type { Vms } from './inventory/vms.ts';
import type { AppName, ClusterName, ClusterStatus, Dirty, Policy, Stamp } from './model.ts';
import type { Minimum } from './plan/guard.ts';
import type { ShareLimits } from './plan/share-limit.ts';
import type { AppFacts } from './round.ts';
import type { Reporter } from './telemetry/reporter.ts';
import type { Preview, Word } from './words/word.ts';
import type { CountErrors } from './ramp-steps.ts';
import type { RampSettings } from './weights/ramps.ts';

/** What the configuration says of apps and weights. */
export interface Rules {
  readonly told: ReadonlyMap<AppName, ToldApp>;
  readonly policy: Policy;
  readonly hostsFromIngress: boolean;
  readonly base: number;
  /** How much later a second list has to be (inventory/second-look.ts). */
  readonly secondLookMs: number;
  /** Absent: nothing is ramped. */
  readonly ramp?: RampSettings;
  /** Absent: no limit to what moves at once. */
  readonly share?: ShareLimits;
  /** Absent: one of each. */
  readonly minimum?: (app: AppName) => Minimum;
}

export interface ControllerParts {
  readonly clusters: Clusters;
  readonly vms: Vms;
  /** Asked for at every round: the configuration may be read again. */
  readonly rules: () => Rules;
  readonly term: Omit<TermOptions, 'onPhase' | 'onContents'>;
  readonly push: (push: Push) => void;
  readonly book: EdgeBook;
  readonly clock: Clock;
  /** The time of day: when holds are over, and for people when a change was made. */
  readonly wall: () => Date;
  /** What the edges counted lately; absent: nothing. */
  readonly errors?: CountErrors;
  /** Of history and audit; absent: the defaults. */
  readonly bounds?: () => HistoryBounds;
  readonly reporter: Reporter;
  /** What is done for as long as a term lasts: called when it begins, ended with it. */
  readonly duty?: (lease: Lease) => () => Promise<void>;
}

export interface Leader {
  readonly leading: boolean;
  /** In words: `leading`, `gathering: no word yet from edge-1`, `standby of ...`. */
  readonly phase: string;
  readonly term?: number;
  /** Where the one that leads takes writes, while this one stands by. */
  readonly address?: string;
}

export interface Controller {
  leader(): Leader;
  published(): Published | undefined;
  /**
   * What an edge that asks the controller is given, in Redis' stead: only under a term that is ours,
   * and only what was committed. While we gather it is what Redis held when the term began (R3).
   */
  served(): Published | undefined;
  facts(app: AppName): AppFacts | undefined;
  apps(): readonly AppName[];
  /** Those that are there, then those that are gone and still published. */
  clusters(): readonly ClusterStatus[];
  /** How an app is named now; `known` by the configuration or a cluster. */
  standing(app: AppName): AppInventory['standing'];
  /** A source names this cluster now. */
  isNamed(cluster: ClusterName): boolean;
  mark(dirty: Dirty): void;
  /** An edge met a higher term than ours: ours is over (R2). */
  termOver(highestCounter: number): void;
  /** Resolves when something is published or served after this call, or `ms` later. */
  nextCommit(ms: number, signal: AbortSignal): Promise<void>;
  /** Has a word written. Rejects with `not-leader` where another leads. */
  say(word: Word): Promise<Stamp>;
  /** What a word would change. Throws what would refuse it. */
  preview(word: Word): Preview;
  /** Runs until the signal aborts; then hands the lease over. */
  run(signal: AbortSignal): Promise<void>;
}
