// The last step of a job: what it had in clusters for its own sake goes.
//
// Comes in: a job that has nothing more to write. Goes out: done, once nothing is left. On failure: a cluster
// that does not answer is asked again for a minute, then left behind, and that is said: a job that is at its
// end must not lock its apps for a cluster that is gone. What is left goes when it answers (search.ts).

import type { Outcome, Scene } from './kind.ts';
import type { JobHead } from './record.ts';
import type { TracedPlaces } from './traces.ts';

const PATIENCE_MS = 60_000;
const AGAIN_SECONDS = 2;

export async function clear(
  { id, clusters }: Pick<JobHead, 'id' | 'clusters'>,
  scene: Pick<Scene, 'check' | 'waitedMs'>,
  places: Pick<TracedPlaces, 'clear'>,
): Promise<Outcome> {
  await scene.check();
  const left = await Promise.all(
    clusters.map(async (cluster) => {
      const text = await places.clear(cluster, id);
      return text === undefined ? [] : [`${cluster}: ${text}`];
    }),
  );
  const text = left.flat().join('; ');
  if (text === '') return { kind: 'done', text: 'nothing of it is left' };
  if (scene.waitedMs < PATIENCE_MS) return { kind: 'wait', text, seconds: AGAIN_SECONDS };
  return { kind: 'done', text: `left behind: ${text}` };
}
