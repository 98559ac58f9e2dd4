// One change of an app as the API shows it. Pure.
//
// Comes in: a line of the history. Goes out: weights and shares before and after, with the sums behind
// them. On failure: a line that cannot be read is shown as that.

import { timeText } from '../clock.ts';
import type { KeptChange } from '../edges/history-store.ts';
import { readEntry, type HistoryEntry, type PlacedWeight } from '../plan/history-entry.ts';
import type { Cause } from '../weights/cause.ts';

export interface ChangeView {
  readonly id: string;
  readonly term: number;
  readonly version: number;
  readonly at: string;
  readonly app: string;
  readonly actor: string;
  readonly causes: readonly Cause[];
  /** Version of the document before; absent: there was none. */
  readonly previous?: number;
  readonly clusters: readonly ClusterView[];
  readonly servers: readonly ServerView[];
}

interface ClusterView {
  readonly name: string;
  /** Absent: it was not there, or what was is not known. */
  readonly before?: Part;
  readonly after?: Part;
}

interface Part {
  /** Of its servers together. */
  readonly weight: number;
  readonly share: number;
  readonly servers: number;
  readonly sum?: string;
}

interface ServerView {
  readonly address: string;
  readonly from: string;
  readonly before?: number;
  readonly after?: number;
}

const UNREADABLE: HistoryEntry = {
  actor: 'unknown',
  causes: [{ kind: 'word', text: 'this entry cannot be read' }],
  before: [],
  after: [],
  sums: new Map(),
};

export function viewChange({ id, term, version, at, app, text }: KeptChange): ChangeView {
  const entry = readEntry(text) ?? UNREADABLE;
  const { actor, causes, previous } = entry;
  return {
    id,
    term,
    version,
    at: timeText(at),
    app,
    actor,
    causes,
    ...(previous && { previous }),
    clusters: viewClusters(entry),
    servers: viewServers(entry),
  };
}

/** Its weights moved, or it is named as a cause. */
export function concernsCluster({ servers, causes }: ChangeView, cluster: string): boolean {
  if (causes.some(({ text }) => text.startsWith(`${cluster}:`))) return true;
  return servers.some(({ from, before, after }) => from === cluster && before !== after);
}

function viewClusters({ before, after, sums }: HistoryEntry): ClusterView[] {
  const froms = new Set([...before, ...after].map(({ from }) => from));
  return [...froms].toSorted().map((name) => {
    const sum = sums.get(name);
    const old = partOf(before, name, sum?.before);
    const now = partOf(after, name, sum?.after);
    return { name, ...(old && { before: old }), ...(now && { after: now }) };
  });
}

function partOf(
  servers: readonly PlacedWeight[],
  from: string,
  sum: string | undefined,
): Part | undefined {
  const own = servers.filter((server) => server.from === from);
  if (own.length === 0) return undefined;
  const weight = totalOf(own);
  const total = totalOf(servers);
  const share = total === 0 ? 0 : weight / total;
  return { weight, share, servers: own.length, ...(sum !== undefined && { sum }) };
}

function totalOf(servers: readonly PlacedWeight[]): number {
  return servers.reduce((sum, { weight }) => sum + weight, 0);
}

function viewServers({ before, after }: HistoryEntry): ServerView[] {
  const views = new Map<string, ServerView>();
  for (const { address, from, weight } of before) {
    views.set(`${address} ${from}`, { address, from, before: weight });
  }
  for (const { address, from, weight } of after) {
    const key = `${address} ${from}`;
    views.set(key, { ...views.get(key), address, from, after: weight });
  }
  return [...views.values()].toSorted((a, b) => (a.address < b.address ? -1 : 1));
}
