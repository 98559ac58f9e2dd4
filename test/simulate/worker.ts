// Runs seeds as it is told to, in a thread of its own; with a planted bug, where it is given one.
//
// Comes in: seeds, one message each; in its data, perhaps a bug. Goes out: a verdict for each. On failure:
// the thread ends, and whoever started it knows.

import { parentPort, workerData } from 'node:worker_threads';
import type { PlantedBug } from './planted.ts';

const bug = workerData as PlantedBug | undefined;
if (bug) (await import('./plant.ts')).plant(bug);
const { run } = await import('./run.ts');

parentPort?.on('message', (seed: number) => {
  void run(seed).then((verdict) => parentPort?.postMessage(verdict));
});
