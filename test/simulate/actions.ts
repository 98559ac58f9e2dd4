// What can happen in a run, and to whom: data, so that it can be shown, left out, and played again.

import type { CommandName } from '../../src/jobs/commands.ts';
import type { NewHold } from '../../src/words/of-holds.ts';
import type { Weather } from './network.ts';

export const CONTROLLERS = ['a', 'b'];
/** Whoever leads at that moment. */
export const LEADER = 'leader';
export const EDGES = ['e1', 'e2', 'e3'];
export const CLUSTERS = ['east', 'west', 'north'];
/** The last one is nowhere at the beginning. */
export const APPS = ['shop', 'cart', 'news', 'mail', 'late'];
/** Written at an edge's endpoint too, the first one only there. */
export const BY_HAND = ['hand', 'late'] as const;

export function addressOf(cluster: string, node: number): string {
  return `10.${cluster.length}.${cluster.charCodeAt(0) - 96}.${node}:80`;
}

export interface Release {
  readonly app: string;
  readonly image: string;
  readonly strategy: string;
  /** Leaves one of its objects out, and asks for its deletion. */
  readonly prune?: boolean;
}

export interface Move {
  readonly app: string;
  readonly to: string;
  /** Who asks the source: others than edges, and a person has to consent. */
  readonly callers: 'edges' | 'others';
}

export type Action = { readonly at: number } & (
  | { readonly do: 'pods'; readonly cluster: string; readonly app: string; readonly pods?: number }
  | { readonly do: 'nodes'; readonly cluster: string; readonly nodes: readonly number[] }
  | { readonly do: 'gone'; readonly app: string }
  | { readonly do: 'hold'; readonly hold: NewHold }
  | { readonly do: 'lift'; readonly id: string }
  | { readonly do: 'delete'; readonly app: string }
  | {
      readonly do: 'put';
      readonly edge: string;
      readonly app: string;
      readonly weight?: number;
      /** At the same moment it appears there. */
      readonly cluster?: string;
    }
  | { readonly do: 'adopt'; readonly app: string }
  | { readonly do: 'forged'; readonly edge: string; readonly part: number }
  | { readonly do: 'weather'; readonly weather: Weather; readonly ms: number }
  | { readonly do: 'redis-down'; readonly ms: number }
  | { readonly do: 'redis-restart' }
  | { readonly do: 'redis-wiped' }
  | { readonly do: 'redis-back'; readonly part: number; readonly keepsRunId: boolean }
  | {
      readonly do: 'fail-over';
      readonly behind: number;
      readonly clients: readonly string[];
      readonly ms: number;
    }
  | { readonly do: 'redis-clock'; readonly ms: number }
  | { readonly do: 'wall-clock'; readonly controller: string; readonly ms: number }
  | { readonly do: 'crash'; readonly controller: string; readonly ms: number }
  | {
      readonly do: 'crash-at-step';
      readonly controller: string;
      readonly step: number;
      readonly ms: number;
    }
  | { readonly do: 'stop'; readonly controller: string; readonly ms: number }
  | { readonly do: 'still'; readonly process: string; readonly ms: number }
  | {
      readonly do: 'deaf';
      readonly cluster: string;
      readonly controllers: readonly string[];
      readonly ms: number;
    }
  | {
      readonly do: 'short-list';
      readonly cluster: string;
      readonly controller: string;
      readonly part: number;
    }
  | {
      readonly do: 'edge-crash';
      readonly edge: string;
      readonly isDamaged: boolean;
      readonly ms: number;
    }
  | { readonly do: 'release'; readonly release: Release }
  | { readonly do: 'move'; readonly move: Move }
  | { readonly do: 'job-say'; readonly word: CommandName }
  | { readonly do: 'job-lift' }
  | { readonly do: 'by-hand'; readonly cluster: string; readonly app: string }
  | { readonly do: 'confirm-edges' }
  | { readonly do: 'edge-full'; readonly edge: string; readonly app: string; readonly ms: number }
);
