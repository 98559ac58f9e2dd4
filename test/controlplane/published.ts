// Every document that was ever published, against what was true at the time.
//
// In: the history in Redis, which has each commit with the servers of its app; what the API servers say
// before and after a change. Out: nothing. On failure: the test fails with each document that no truth
// between the two explains: less than both is a dip, more than both was never there.

import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { readEntry, type HistoryEntry } from '../../src/plan/history-entry.ts';

/** Pods of each app in each cluster, as its API server says. */
export type Truth = ReadonlyMap<string, ReadonlyMap<string, number>>;

interface Entry extends Pick<HistoryEntry, 'causes' | 'after'> {
  readonly app: string;
  readonly at: number;
}

/** Ingress nodes of each cluster: all of them count through the whole run. */
const NODES = 2;
const BASE = 10;

export class PublishedSoFar {
  readonly #redis: Redis;
  readonly #key: string;
  #last = '-';
  #documents = 0;

  constructor(url: string, environment: string) {
    this.#redis = new Redis(url);
    this.#key = `{ballast:${environment}}:history`;
  }

  /** How many were checked. */
  get documents(): number {
    return this.#documents;
  }

  /** What was published since the last call has to lie between the two. */
  async expectBetween(before: Truth, after: Truth): Promise<void> {
    const wrong: string[] = [];
    for (const entry of await this.#next()) {
      const fault = faultOf(entry, before, after);
      if (fault !== undefined) wrong.push(`${fault}: ${JSON.stringify(entry)}`);
    }
    expect(wrong).toEqual([]);
  }

  async #next(): Promise<Entry[]> {
    const from = this.#last === '-' ? '-' : `(${this.#last}`;
    const found = await this.#redis.xrange(this.#key, from, '+');
    this.#last = found.at(-1)?.[0] ?? this.#last;
    this.#documents += found.length;
    return found.map(([, fields]) => {
      const field = (name: string): string => fields[fields.indexOf(name) + 1] ?? '';
      const entry = readEntry(field('entry'));
      if (!entry) throw new Error(`no entry of the history: ${field('entry')}`);
      return { app: field('app'), at: Number(field('at')), ...entry };
    });
  }

  close(): void {
    this.#redis.disconnect();
  }
}

function faultOf({ app, after }: Entry, lower: Truth, upper: Truth): string | undefined {
  const clusters = new Set([...(lower.get(app)?.keys() ?? []), ...(upper.get(app)?.keys() ?? [])]);
  if (clusters.size === 0) return `${app} is no app`;
  for (const { from } of after) if (!clusters.has(from)) return `${from} has no ${app}`;
  for (const cluster of clusters) {
    const ends = [lower, upper].map((truth) => truth.get(app)?.get(cluster) ?? 0);
    const weights = after.filter(({ from }) => from === cluster).map(({ weight }) => weight);
    const pods = podsOf(weights);
    if (pods === undefined) return `no count of pods gives ${app} in ${cluster} ${weights}`;
    if (pods < Math.min(...ends) || pods > Math.max(...ends)) {
      return `${app} has ${pods} pods in ${cluster}, the truth went from ${ends.join(' to ')}`;
    }
  }
  return undefined;
}

/** The rule, backwards; it is exact, because BASE is a multiple of NODES. */
function podsOf(weights: readonly number[]): number | undefined {
  if (weights.length === 0) return 0;
  const [weight = 0] = weights;
  const pods = (weight * NODES) / BASE;
  const sound = weights.length === NODES && weights.every((one) => one === weight);
  return sound && Number.isInteger(pods) ? pods : undefined;
}
