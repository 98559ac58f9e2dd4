// The text of all metrics: Prometheus' own, or OpenMetrics with exemplars for who asks for it.

import { Registry, type Metric } from 'prom-client';

export interface MetricsText {
  readonly type: string;
  readonly text: string;
}

/** `accept`: the header of who asks. */
export async function writeMetrics(
  registry: Registry,
  accept: string | undefined,
): Promise<MetricsText> {
  const type = wantsOpenMetrics(accept)
    ? Registry.OPENMETRICS_CONTENT_TYPE
    : Registry.PROMETHEUS_CONTENT_TYPE;
  const asked = new Registry();
  asked.setContentType(type as never);
  for (const metric of registry.getMetricsAsArray()) {
    // OpenMetrics takes the `_total` off a counter's name for good: so off the name of a shade of it.
    asked.registerMetric(Object.create(metric) as Metric);
  }
  return { type, text: await asked.metrics() };
}

/** Prometheus names OpenMetrics first, and its own text behind it. */
function wantsOpenMetrics(accept = ''): boolean {
  const asked = accept.split(',').find((part) => part.includes('application/openmetrics-text'));
  return asked !== undefined && !/;\s*q=0(\.0*)?\s*(;|$)/.test(asked);
}
