// One line of history: what a commit changed in one app, why, and the sum behind it. Pure.
//
// Comes in: a change, or bytes. Goes out: JSON text of bounded length, or what it says. On failure:
// undefined for a text that is none.
//
// Every server stands once, in `after`; `before` has only what was otherwise (null: it was not there),
// so that an entry is about half as long as the body that its commit wrote.

import type { HistoryLine } from '../edges/history-store.ts';
import type { Address, AppName, ClusterName, Upstream } from '../model.ts';
import { CAUSE_KINDS, type Cause, type CauseKind } from '../weights/cause.ts';
import type { Weighed } from '../weights/rule.ts';

export type Causes = ReadonlyMap<AppName, readonly Cause[]>;

type From = ClusterName | 'vm';
type Servers = Upstream['servers'];

/** In words, for each cluster: `12 pods * 10 / 3 ingress nodes = 40`. */
export type Sums = ReadonlyMap<From, string>;

export interface PlacedWeight {
  readonly address: Address;
  readonly from: From;
  readonly weight: number;
}

export interface HistoryEntry {
  readonly actor: string;
  readonly causes: readonly Cause[];
  /** Version of the document before; 0: there was none; absent: it is not known. */
  readonly previous?: number;
  readonly before: readonly PlacedWeight[];
  readonly after: readonly PlacedWeight[];
  readonly sums: ReadonlyMap<From, { readonly before?: string; readonly after?: string }>;
}

export interface Made {
  readonly app: AppName;
  readonly actor: string;
  readonly causes: readonly Cause[];
  readonly previous: number;
  readonly before: Servers;
  readonly after: Servers;
  readonly sumsBefore?: Sums | undefined;
  readonly sumsAfter?: Sums | undefined;
}

/** A word that moves thousands of apps is in the entry of each. */
const CAUSE_LENGTH = 200;
const MOST_CAUSES = 10;
const SUM_LENGTH = 200;

export function writeEntry(made: Made): HistoryLine {
  const after = grouped(made.after);
  const before = grouped(made.before);
  const text = JSON.stringify({
    actor: made.actor,
    causes: made.causes.slice(0, MOST_CAUSES).map(({ kind, text }) => [kind, clip(text)]),
    previous: made.previous,
    after: Object.fromEntries(
      [...after].map(([from, weights]) => [from, Object.fromEntries(weights)]),
    ),
    before: differing(before, after),
    sums: sumsOf(made),
  });
  return { app: made.app, text };
}

/** The sum of each cluster; where its servers have several, each once. */
export function sumsByCluster({ upstream, sums }: Weighed): Sums {
  const texts = new Map<From, Set<string>>();
  for (const { address, from } of upstream.servers) {
    const formula = sums.get(address)?.formula;
    if (formula === undefined) continue;
    texts.set(from, (texts.get(from) ?? new Set()).add(formula));
  }
  return new Map([...texts].map(([from, all]) => [from, clip([...all].join(' | '), SUM_LENGTH)]));
}

function clip(text: string, length = CAUSE_LENGTH): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

type Grouped = ReadonlyMap<From, ReadonlyMap<Address, number>>;

function grouped(servers: Servers): Grouped {
  const groups = new Map<From, Map<Address, number>>();
  for (const { address, from, weight } of servers) {
    groups.set(from, (groups.get(from) ?? new Map<Address, number>()).set(address, weight));
  }
  return groups;
}

function differing(before: Grouped, after: Grouped): object {
  const groups: Record<From, Record<Address, number | null>> = {};
  for (const from of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(from), after.get(from)];
    const addresses = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
    const moved = [...addresses].filter((address) => old?.get(address) !== now?.get(address));
    if (moved.length === 0) continue;
    groups[from] = Object.fromEntries(moved.map((address) => [address, old?.get(address) ?? null]));
  }
  return groups;
}

function sumsOf({ sumsBefore, sumsAfter }: Made): object {
  const froms = new Set([...(sumsBefore?.keys() ?? []), ...(sumsAfter?.keys() ?? [])]);
  const pairs = [...froms].map((from) => {
    const [old, now] = [sumsBefore?.get(from) ?? null, sumsAfter?.get(from) ?? null];
    return [from, old === now ? [now] : [old, now]] as const;
  });
  return Object.fromEntries(pairs);
}

export function readEntry(text: string): HistoryEntry | undefined {
  try {
    return read(JSON.parse(text) as Stored);
  } catch {
    return undefined;
  }
}

interface Stored {
  readonly actor: string;
  readonly causes: readonly (readonly [string, string])[];
  readonly previous?: number;
  readonly after: Readonly<Record<From, Readonly<Record<Address, number>>>>;
  readonly before?: Readonly<Record<From, Readonly<Record<Address, number | null>>>>;
  readonly sums?: Readonly<Record<From, readonly (string | null)[]>>;
}

function read(stored: Stored): HistoryEntry {
  const { actor, previous } = stored;
  const causes = stored.causes.map(([kind, text]) => ({ kind: kindOf(kind), text }));
  const sums = Object.entries(stored.sums ?? {}).map(
    ([from, pair]) => [from, sumOf(pair)] as const,
  );
  return {
    actor,
    causes,
    ...(previous !== undefined && { previous }),
    before: previous === undefined ? [] : beforeOf(stored),
    after: placed(Object.entries(stored.after)),
    sums: new Map(sums),
  };
}

/** A kind of a later version is shown as the word that it is. */
function kindOf(text: string): CauseKind {
  return CAUSE_KINDS.find((kind) => kind === text) ?? 'word';
}

function sumOf(pair: readonly (string | null)[]): { before?: string; after?: string } {
  const [before, after = before] = pair;
  return { ...(before && { before }), ...(after && { after }) };
}

function beforeOf({ after, before = {} }: Stored): PlacedWeight[] {
  const froms = new Set([...Object.keys(after), ...Object.keys(before)]);
  const groups = [...froms].map(
    (from) => [from, { ...after[from], ...before[from] }] as [From, Record<Address, number | null>],
  );
  return placed(groups);
}

function placed(groups: readonly (readonly [From, Readonly<Record<Address, number | null>>])[]) {
  return groups
    .flatMap(([from, weights]) =>
      Object.entries(weights).flatMap(([address, weight]) =>
        weight === null ? [] : [{ address, from, weight }],
      ),
    )
    .toSorted((a, b) => (a.address < b.address ? -1 : 1));
}
