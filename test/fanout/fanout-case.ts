// A case of test/cases/fanout/: what is written, which clusters there are, and what comes of it.

import type { WriterScope } from '../../src/clusters/writer-scope.ts';
import { needOf } from '../../src/migration/capacity/need.ts';
import type { DestinationView } from '../../src/migration/capacity/room.ts';
import { readFanout } from '../../src/fanout/fanout.ts';
import type { FanoutCluster, Manifest } from '../../src/fanout/model.ts';
import { planWithRoom } from '../../src/fanout/plan/degrade.ts';
import type { Plan } from '../../src/fanout/plan/plan.ts';
import type { Space } from '../../src/fanout/plan/space.ts';
import { type PlanOptions, type Rank, USUAL, type World } from '../../src/fanout/plan/world.ts';

export interface FanoutCase {
  /** One stream, or several files by name. */
  readonly input: string | Readonly<Record<string, string>>;
  readonly federatedNamespaces?: readonly string[];
  /** By name alone, or with what is special about them. */
  readonly clusters: readonly (string | WrittenCluster)[];
  readonly options?: Partial<PlanOptions> & {
    readonly ranks?: Readonly<Record<string, Rank>>;
  };
  readonly expected: Expected;
}

interface WrittenCluster extends Partial<FanoutCluster> {
  readonly name: string;
  readonly live?: NonNullable<World['clusters'][number]['live']>;
  readonly unread?: string;
  /** By an object's key, as in entries. */
  readonly room?: Readonly<Record<string, number>>;
  /** Nodes with so many cores and pods each; `unread`: what could not be read. */
  readonly space?: WrittenSpace;
  /** Where jobs may write. */
  readonly scope?: WriterScope;
  /** By app: which migration took it away. */
  readonly movedAway?: Readonly<Record<string, string>>;
}

interface WrittenSpace {
  readonly nodes?: readonly { readonly name: string; readonly cpu: string }[];
  readonly quotas?: DestinationView['quotas'];
  readonly limitRanges?: DestinationView['limitRanges'];
  readonly unread?: readonly (keyof DestinationView)[];
  /** By key: pods of one core each. */
  readonly booked?: Readonly<Record<string, number>>;
}

const CORE = needOf({
  namespace: 'prod',
  labels: {},
  spec: { containers: [{ name: 'app', resources: { requests: { cpu: '1' } } }] },
});

function spaceOf(written: WrittenSpace): Space {
  const { nodes = [], quotas = [], limitRanges = [], unread = [], booked = {} } = written;
  const view: DestinationView = {
    nodes: nodes.map(({ name, cpu }) => ({
      metadata: { name },
      status: { allocatable: { cpu, memory: '64Gi', pods: '20' } },
    })),
    pods: [],
    quotas,
    limitRanges,
    headroomPercent: 0,
  };
  const known = Object.entries(view).filter(([key]) => !unread.includes(key as keyof typeof view));
  const bookings = Object.entries(booked).map(([key, pods]) => ({ key, pods, need: CORE }));
  return { view: Object.fromEntries(known) as unknown as DestinationView, bookings };
}

export interface Expected {
  /** Of the reading, or of the plan. */
  readonly faults?: readonly string[];
  /** `code place: text`. */
  readonly warnings?: readonly string[];
  /** What each cluster is to have, whole. */
  readonly objects?: Readonly<Record<string, readonly Manifest[]>>;
  /** `cluster: action kind/name replicas` */
  readonly entries?: readonly string[];
  readonly reasons?: Readonly<Record<string, readonly string[]>>;
  /** By cluster, of all its objects: `path: before -> after`. */
  readonly differences?: Readonly<Record<string, readonly string[]>>;
  readonly notes?: Readonly<Record<string, readonly string[]>>;
  readonly totals?: readonly string[];
  readonly leftOut?: readonly string[];
  readonly waves?: readonly string[];
  /** `rung words: app before -> after` */
  readonly ladder?: readonly string[];
}

export function filesOf(input: FanoutCase['input']) {
  const files = typeof input === 'string' ? { 'a.yaml': input } : input;
  return Object.entries(files).map(([name, text]) => ({ name, text }));
}

export function worldOf(clusters: FanoutCase['clusters']): World {
  const written: WrittenCluster[] = clusters.map((one) =>
    typeof one === 'string' ? { name: one } : one,
  );
  return {
    clusters: written.map(({ live = [], unread, room, space, scope, movedAway, ...cluster }) => ({
      cluster: { ready: true, labels: {}, zones: [], taints: [], ...cluster },
      ...(unread === undefined ? { live } : { trouble: unread }),
      ...(room && { room: new Map(Object.entries(room)) }),
      ...(space && { space: spaceOf(space) }),
      ...(scope && { scope }),
      ...(movedAway && { movedAway: new Map(Object.entries(movedAway)) }),
    })),
  };
}

/** All that a case may say something of. */
export function outcomeOf({
  input,
  federatedNamespaces = [],
  clusters,
  options,
}: FanoutCase): Required<Expected> {
  const read = readFanout(filesOf(input), { federatedNamespaces });
  if (read.kind === 'faults') return { ...NOTHING, faults: read.faults, warnings: said(read) };
  const plan = planWithRoom(read.orders, worldOf(clusters), optionsOf(options));
  const by = <Value>(pick: (entry: Plan['entries'][number]) => readonly Value[]) => {
    const groups = Object.entries(Object.groupBy(plan.entries, ({ cluster }) => cluster));
    const values = groups.map(([name, entries = []]) => [name, entries.flatMap(pick)] as const);
    return Object.fromEntries(values.filter(([, list]) => list.length > 0));
  };
  return {
    faults: plan.faults,
    warnings: said(plan),
    objects: by(({ object }) => (object ? [object] : [])),
    entries: plan.entries.map(({ cluster, action, key, replicas }) => {
      const [kind, , , name] = key.split('|');
      const count = replicas?.after === undefined ? '' : ` ${replicas.after}`;
      return `${cluster}: ${action} ${kind}/${name}${count}`;
    }),
    reasons: by(({ replicas }) => replicas?.reasons ?? []),
    differences: by(({ differences }) => differences.map(differenceText)),
    notes: by(({ notes }) => notes),
    totals: plan.totals.map(
      ({ object, asked, written, unplaced, overflow, group }) =>
        `${object}: ${written} of ${asked}, ${unplaced} unplaced, ${overflow} over${group && ` in ${group}`}`,
    ),
    leftOut: plan.totals.flatMap(({ leftOut }) =>
      leftOut.map((one) => `${one.cluster}: ${one.why}`),
    ),
    ladder: ladderOf(plan),
    waves: plan.waves.map(
      ({ name, clusters: names, concurrency }) => `${name}: ${names.join(', ')} by ${concurrency}`,
    ),
  };
}

function optionsOf({ ranks, ...options }: NonNullable<FanoutCase['options']> = {}): PlanOptions {
  const list = Object.entries(ranks ?? {}).map(([name, rank]) => ({ name, ...rank }));
  return { ...USUAL, ...options, ...(ranks && { apps: { list } }) };
}

const NOTHING: Required<Expected> = {
  faults: [],
  warnings: [],
  objects: {},
  entries: [],
  reasons: {},
  differences: {},
  notes: {},
  totals: [],
  leftOut: [],
  waves: [],
  ladder: [],
};

function ladderOf({ ladder }: Plan): string[] {
  if (!ladder) return [];
  const apps = ladder.apps.map(({ app, before, after, deferred }) => {
    return deferred ? `${app} deferred` : `${app} ${before} -> ${after}`;
  });
  return [`rung ${ladder.rung}, ${ladder.words}`, ...apps];
}

const said = ({ warnings }: Pick<Plan, 'warnings'>): string[] =>
  warnings.map(({ code, place, text }) => `${code} ${place}: ${text}`);

const differenceText = ({ path, before, after }: Plan['entries'][number]['differences'][number]) =>
  `${path}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`;
