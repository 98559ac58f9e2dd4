// Slices in turn: in each round every contender gets the same load for the same short time, so that
// whatever else the machine does falls on all of them, and ratios are made within a round.
import type { Contender } from './contender.ts';
import { runLoad } from './load.ts';

export interface Entrant {
  /** Of the samples. */
  readonly name: string;
  readonly contender: Contender;
  readonly apps: number;
  readonly first?: number;
  /** What else happens during its slices; ends when the signal says so. */
  readonly beside?: (signal: AbortSignal) => Promise<void>;
}

export interface Pace {
  readonly rounds: number;
  readonly milliseconds: number;
  /** Before the first round, for each app: until every server of it was connected to. */
  readonly warmMilliseconds: number;
}

export interface Samples {
  /** Microseconds of CPU for a request, a sample of each round. */
  readonly costs: Readonly<Record<string, readonly number[]>>;
  readonly requests: Readonly<Record<string, number>>;
  readonly failed: Readonly<Record<string, number>>;
}

export async function runSlices(entrants: readonly Entrant[], pace: Pace): Promise<Samples> {
  const costs: Record<string, number[]> = {};
  const requests: Record<string, number> = {};
  const failed: Record<string, number> = {};
  let order: readonly Entrant[] = [];
  // Round 0 opens connections and compiles, and is not counted.
  for (let round = 0; round <= pace.rounds; round++) {
    order = shuffled(entrants, order.at(-1));
    for (const entrant of order) {
      const { name } = entrant;
      const warm = round === 0 ? entrant.apps * pace.warmMilliseconds : 0;
      const slice = await runSlice(entrant, Math.max(warm, pace.milliseconds));
      failed[name] = (failed[name] ?? 0) + slice.failed;
      requests[name] = (requests[name] ?? 0) + slice.requests;
      if (round > 0) (costs[name] ??= []).push(slice.cost);
    }
  }
  return { costs, requests, failed };
}

/** Nobody twice in a row: its own slice before would have left it warm caches. */
function shuffled(entrants: readonly Entrant[], last: Entrant | undefined): readonly Entrant[] {
  const order = [...entrants];
  for (let i = order.length - 1; i > 0; i--) {
    const k = Math.floor(Math.random() * (i + 1));
    [order[i], order[k]] = [order[k] as Entrant, order[i] as Entrant];
  }
  return order.length > 1 && order[0] === last ? order.toReversed() : order;
}

async function runSlice({ contender, apps, first = 0, beside }: Entrant, milliseconds: number) {
  const controller = new AbortController();
  const besides = beside?.(controller.signal);
  const before = contender.cpu();
  const { requests, failed } = await runLoad({ port: contender.port, apps, first, milliseconds });
  controller.abort();
  await besides;
  return { cost: (contender.cpu() - before) / 1000 / requests, requests, failed };
}

/** Round by round, one against the other. */
export function ratios({ costs }: Samples, one: string, other: string): number[] {
  const others = costs[other] ?? [];
  return (costs[one] ?? []).map((cost, round) => cost / (others[round] ?? Number.NaN));
}
