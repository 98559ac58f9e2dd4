// Whether the destination serves well with so much gone over, by what was counted. Pure.

import type { Gates } from '../flow/gates.ts';
import type { Grown } from './tallied.ts';

export interface Checked {
  readonly kind: 'well' | 'ill' | 'few';
  readonly text: string;
  readonly facts: Readonly<Record<string, number>>;
}

type Limits = Pick<Gates, 'samples' | 'errorPercent' | 'slowSeconds'>;

/** An edge with fewer is judged only together with the others: one of ten is no tenth. */
const OWN_SAMPLES = 20;

/** `counted`: by each edge, and the probes. */
export function check(counted: readonly Grown[], limits: Limits): Checked {
  const total = sumOf(counted);
  const { requests, failures } = total;
  const facts = { requests, failures };
  if (requests < limits.samples) {
    return { kind: 'few', text: `${requests} of ${limits.samples} requests and probes`, facts };
  }
  const judged = [total, ...counted.filter((one) => one.requests >= OWN_SAMPLES)];
  const [ill] = judged.flatMap((one) => illness(one, limits));
  if (ill !== undefined) return { kind: 'ill', text: ill, facts };
  return { kind: 'well', text: `${requests} requests, ${failures} failed`, facts };
}

function sumOf(counted: readonly Grown[]): Grown {
  const sum = (key: 'requests' | 'failures' | 'answers' | 'seconds'): number =>
    counted.reduce((all, one) => all + one[key], 0);
  return {
    edge: 'all edges',
    requests: sum('requests'),
    failures: sum('failures'),
    answers: sum('answers'),
    seconds: sum('seconds'),
  };
}

function illness(
  { edge, requests, failures, answers, seconds }: Grown,
  { errorPercent, slowSeconds }: Limits,
): string[] {
  if (requests > 0 && (failures / requests) * 100 > errorPercent)
    return [`${edge}: ${failures} of ${requests} requests failed`];
  if (slowSeconds === undefined || answers === 0) return [];
  const mean = seconds / answers;
  return mean > slowSeconds ? [`${edge}: an answer takes ${mean.toFixed(3)} s`] : [];
}
