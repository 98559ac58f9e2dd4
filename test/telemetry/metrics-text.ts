// What /metrics of a controller in memory says, in Prometheus' text.

import { keepEdgeAges } from '../../src/telemetry/edge-ages.ts';
import type { Metrics } from '../../src/telemetry/metrics.ts';
import { showState, type State } from '../../src/telemetry/show-state.ts';

type Own = Pick<State, 'controller' | 'book' | 'now'> & Partial<State>;

export async function metricsText(metrics: Metrics, own: Own): Promise<string> {
  const nothing = {
    sources: [],
    wall: 0,
    forgottenHours: 24,
    showJobs: () => undefined,
    ages: keepEdgeAges(),
    bounds: { servers: true, most: 1000 },
    measured: () => new Map<string, number>(),
  };
  return (await showState(metrics, { ...nothing, ...own })).text;
}
