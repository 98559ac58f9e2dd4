// Whether a cluster that was given back serves well: by what the edges count since.
//
// Comes in: a lane whose cluster gets traffic again. Goes out: done, once it was watched for long enough and
// by enough requests; failed, where more of them fail than may. On failure: no requests are no answer: it
// waits, for as long as the strategy's deadline.

import type { Outcome, Scene } from '../../jobs/kind.ts';
import type { Lane } from './lanes.ts';
import type { FanoutJob } from './on-record.ts';
import type { Traffic } from './traffic.ts';

const LOOK_SECONDS = 1;

export function watchErrors(
  job: FanoutJob,
  { cluster, watches = [] }: Lane,
  { waitedMs }: Pick<Scene, 'waitedMs'>,
  traffic: Pick<Traffic, 'errors'>,
): Outcome {
  const { errors, deadlineSeconds } = job.plan.strategy;
  if (!errors) return { kind: 'done', text: 'nothing is asked of the edges' };
  const counted = watches.map((app) => ({ app, ...traffic.errors(app, cluster, waitedMs) }));
  const enough = counted.filter(({ requests }) => requests >= errors.requests);
  const bad = enough.find(({ requests, failures }) => failures * 100 > errors.percent * requests);
  if (bad) {
    const { app, requests, failures } = bad;
    return {
      kind: 'failed',
      text: `${failures} of ${requests} requests to ${app} failed there, ${errors.percent} % may`,
    };
  }
  const left = Math.ceil(errors.seconds - waitedMs / 1000);
  if (left > 0) return { kind: 'wait', text: `${left} s more`, seconds: LOOK_SECONDS };
  const few = counted.find(({ requests }) => requests < errors.requests);
  if (!few) return { kind: 'done', text: 'so few of its requests fail' };
  const text = `${few.requests} of ${errors.requests} requests to ${few.app} are there to judge by`;
  const isLate = deadlineSeconds !== undefined && waitedMs > deadlineSeconds * 1000;
  return isLate ? { kind: 'failed', text } : { kind: 'wait', text, seconds: LOOK_SECONDS };
}
