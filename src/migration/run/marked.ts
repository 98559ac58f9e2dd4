// The job's mark stands in the namespace that a step is about to write to (jobs/marks.ts).
//
// On failure: as there; a cluster that gives no answer throws, and the step has not begun.

import { refOf } from '../../clusters/cluster-writer.ts';
import type { Marks } from '../../jobs/marks.ts';
import { leaving } from '../flow/steps.ts';
import { objectOf, type Doing, type RunParts } from './doing.ts';

export async function marked(
  doing: Doing,
  { writerOf }: Pick<RunParts, 'writerOf'>,
  marks: Marks,
): Promise<void> {
  const { job, scene } = doing;
  const { from, to, apps } = job.plan;
  const isSource = /^(delete|again)\./.test(doing.name);
  const cluster = isSource ? from : to;
  const namespace = objectOf(doing)?.manifest.metadata.namespace;
  const writes = () =>
    apps
      .filter(({ state }) => state === 'planned')
      .flatMap((app) => (isSource ? leaving(app) : app.objects))
      .map(({ manifest }) => refOf(manifest));
  await marks.put({ job, cluster, namespace, writes }, await writerOf(cluster), scene);
}
