// How one resource of a cluster is followed right now. Pure types.

import type { PodSelector } from './cluster.ts';
import type { ResourceKind } from './resource.ts';

export interface ResourceHealth {
  readonly kind: ResourceKind;
  readonly title: string;
  readonly health: Health;
  /** Of `app-pods`. */
  readonly pods?: PodSelector;
  /** Of what is followed in each namespace that the configuration names. */
  readonly namespace?: string;
  /** Begun after the others: until it is listed, it alone is not known. */
  readonly late?: boolean;
}

export interface Health {
  readonly listed: boolean;
  /** A list is in and what follows it is being watched, or about to be after a proper end. */
  readonly open: boolean;
  /** When the last good word came. */
  readonly lastWord: number;
  readonly lists: number;
  /** When the last whole list began. */
  readonly listedFrom?: number;
  readonly trouble?: Trouble;
}

export interface Trouble {
  readonly since: number;
  readonly text: string;
  readonly status?: number;
}
