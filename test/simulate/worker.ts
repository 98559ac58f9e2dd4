// Runs seeds as it is told to, in a thread of its own; with a planted bug, where it is given one.
//
// Comes in: a seed a message, and whether to shrink it; in its data, perhaps a bug. Goes out: an answer
// for each. On failure: the thread ends, and whoever started it knows.

import { parentPort, workerData } from 'node:worker_threads';
import type { PlantedBug } from './plant.ts';

export interface Request {
  readonly seed: number;
  readonly shrinks?: boolean;
}

const bug = workerData as PlantedBug | undefined;
if (bug) (await import('./plant.ts')).plant(bug);
const { run } = await import('./run.ts');
const { shrink } = await import('./shrink.ts');

parentPort?.on('message', ({ seed, shrinks }: Request) => {
  const work: Promise<object> = shrinks ? shrink(seed) : run(seed);
  void work.then((answer) => parentPort?.postMessage(answer));
});
