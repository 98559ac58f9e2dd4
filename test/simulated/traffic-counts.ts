// How many requests a stand-in answered, by host, status and node.

export interface TrafficCounts {
  readonly total: number;
  readonly byHost: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byNode: Readonly<Record<string, number>>;
  /** `HOST STATUS NODE` -> count, for what the three sums cannot tell. */
  readonly exact: Readonly<Record<string, number>>;
}

export interface TrafficCounter {
  readonly exact: Map<string, number>;
}

/** Strangers may send any Host; past this many combinations they are counted as one. */
const LIMIT = 20_000;
const OTHERS = '(others) 0 (others)';

export function createTrafficCounter(): TrafficCounter {
  return { exact: new Map() };
}

export function countRequest(
  { exact }: TrafficCounter,
  host: string,
  status: number,
  node: string,
): void {
  const key = `${host} ${status} ${node}`;
  const known = exact.get(key);
  if (known !== undefined) exact.set(key, known + 1);
  else if (exact.size < LIMIT) exact.set(key, 1);
  else exact.set(OTHERS, (exact.get(OTHERS) ?? 0) + 1);
}

export function readCounts(...counters: readonly TrafficCounter[]): TrafficCounts {
  const counts = { total: 0, byHost: {}, byStatus: {}, byNode: {}, exact: {} };
  for (const { exact } of counters) {
    for (const [key, count] of exact) {
      const [host = '', status = '', node = ''] = key.split(' ');
      counts.total += count;
      add(counts.byHost, host, count);
      add(counts.byStatus, status, count);
      add(counts.byNode, node, count);
      add(counts.exact, key, count);
    }
  }
  return counts;
}

function add(sums: Record<string, number>, key: string, count: number): void {
  sums[key] = (sums[key] ?? 0) + count;
}
