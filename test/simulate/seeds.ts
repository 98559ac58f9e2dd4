// Many seeds, in a thread for each processor.
//
// Comes in: the first seed, how many, which of them, perhaps a planted bug. Goes out: the verdicts that are wrong, by
// seed. On failure: a thread that dies ends all.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { PlantedBug } from './plant.ts';
import type { Verdict } from './run.ts';
import type { Shrunk } from './shrink.ts';
import type { Request } from './worker.ts';

export interface Seeds {
  readonly first: number;
  readonly count: number;
  readonly bug?: PlantedBug;
  readonly threads?: number;
  /** The others are passed over. */
  readonly only?: (seed: number) => boolean;
  /** Ends with the first wrong one. */
  readonly untilWrong?: boolean;
  readonly onVerdict?: (verdict: Verdict) => void;
}

export async function runSeeds(seeds: Seeds): Promise<Verdict[]> {
  const { first, count, bug, only, untilWrong, onVerdict } = seeds;
  const { threads = availableParallelism() } = seeds;
  const wrong: Verdict[] = [];
  let next = first;
  const work = async (): Promise<void> => {
    const worker = openWorker(bug);
    try {
      while (next < first + count && !(untilWrong && wrong.length > 0)) {
        const seed = next++;
        if (only && !only(seed)) continue;
        const verdict = await ask<Verdict>(worker, { seed });
        onVerdict?.(verdict);
        if (verdict.wrong !== undefined) wrong.push(verdict);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, count) }, work));
  return wrong.toSorted((a, b) => a.seed - b.seed);
}

/** A failing seed with as few actions as suffice, where the bug is. */
export async function shrinkPlanted(bug: PlantedBug, seed: number): Promise<Shrunk> {
  const worker = openWorker(bug);
  try {
    return await ask<Shrunk>(worker, { seed, shrinks: true });
  } finally {
    await worker.terminate();
  }
}

function openWorker(bug: PlantedBug | undefined): Worker {
  return new Worker(new URL('worker.ts', import.meta.url), { workerData: bug });
}

function ask<Answer>(worker: Worker, request: Request): Promise<Answer> {
  return new Promise((resolve, reject) => {
    worker.removeAllListeners();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error(`the thread of seed ${request.seed} ended`)));
    worker.postMessage(request);
  });
}
