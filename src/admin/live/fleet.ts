// What there is, as the event stream tells it: one map for each kind.
//
// Comes in: events. Goes out: the last state of everything, whole since `synced`. On failure: after a
// `reset` the old state stays in sight until the new one is whole.

import type {
  AppSummaryAnswer,
  ClusterAnswer,
  EdgeAnswer,
  HoldAnswered,
  LeaderAnswer,
} from '../../api/shapes.ts';
import type { JobSummaryAnswer } from '../../api/job-shapes.ts';
import type { StreamEvent } from './events.ts';

export type LiveApp = AppSummaryAnswer;
export type LiveCluster = Omit<ClusterAnswer, 'ageSeconds'>;
export type LiveJob = Omit<JobSummaryAnswer, 'waits'>;
export type LiveHold = Omit<HoldAnswered, 'ageSeconds'>;
type Mark = NonNullable<NonNullable<EdgeAnswer['state']>['mark']>;
export interface LiveEdge extends Pick<EdgeAnswer, 'name' | 'configured' | 'status' | 'trouble'> {
  readonly mark?: Mark;
  readonly saved?: Mark;
  /** How many documents. */
  readonly refused?: number;
}

interface Maps {
  readonly app: Map<string, LiveApp>;
  readonly cluster: Map<string, LiveCluster>;
  readonly edge: Map<string, LiveEdge>;
  readonly hold: Map<string, LiveHold>;
  readonly job: Map<string, LiveJob>;
}

export interface Fleet {
  readonly apps: readonly LiveApp[];
  readonly clusters: readonly LiveCluster[];
  readonly edges: readonly LiveEdge[];
  readonly holds: readonly LiveHold[];
  readonly jobs: readonly LiveJob[];
  readonly leader?: LeaderAnswer;
  readonly mark?: Mark;
}

export const EMPTY: Fleet = { apps: [], clusters: [], edges: [], holds: [], jobs: [] };

export interface FleetReader {
  /** Forgets all: what comes next is the whole state. */
  begin(): void;
  take(event: StreamEvent): void;
  /** Whether a whole state is there. */
  isWhole(): boolean;
  /** What did not change is the same object as before. */
  fleet(): Fleet;
}

export function readFleet(): FleetReader {
  let maps = emptyMaps();
  let whole = false;
  let leader: LeaderAnswer | undefined;
  let mark: Mark | undefined;
  const touched = new Set<keyof Maps>();
  let last = EMPTY;

  const begin = (): void => {
    maps = emptyMaps();
    whole = false;
    for (const kind of Object.keys(maps) as (keyof Maps)[]) touched.add(kind);
  };
  const put = (kind: keyof Maps, data: string): void => {
    const one = JSON.parse(data) as Named;
    const map = maps[kind] as Map<string, unknown>;
    map.set(nameOf(one), one);
    touched.add(kind);
  };
  return {
    begin,
    isWhole: () => whole,
    take({ event, data }) {
      if (event === 'reset') begin();
      else if (event === 'synced') [whole, mark] = [true, JSON.parse(data) as Mark];
      else if (event === 'leader') leader = JSON.parse(data) as LeaderAnswer;
      else if (event === 'gone') {
        const { kind, name } = JSON.parse(data) as { kind: keyof Maps; name: string };
        maps[kind]?.delete(name);
        touched.add(kind);
      } else if (event in maps) put(event as keyof Maps, data);
    },
    fleet() {
      const list = <Kind extends keyof Maps, Item>(kind: Kind, before: readonly Item[]) =>
        touched.has(kind) ? ([...maps[kind].values()] as Item[]).toSorted(byName) : before;
      last = {
        apps: list('app', last.apps),
        clusters: list('cluster', last.clusters),
        edges: list('edge', last.edges),
        holds: list('hold', last.holds),
        jobs: list('job', last.jobs),
        ...(leader && { leader }),
        ...(mark && { mark }),
      };
      touched.clear();
      return last;
    },
  };
}

function emptyMaps(): Maps {
  return { app: new Map(), cluster: new Map(), edge: new Map(), hold: new Map(), job: new Map() };
}

function byName<Item>(a: Item, b: Item): number {
  const [one, other] = [nameOf(a), nameOf(b)];
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

interface Named {
  readonly name?: string;
  readonly id?: string;
}

/** Jobs have both: many may be called the same. */
function nameOf(item: unknown): string {
  const { name, id } = item as Named;
  return id ?? name ?? '';
}
