// The keys under `telemetry:`, and the faults that no single one of them shows.

import { Type, type Static } from 'typebox';
import { callFault } from '../edges/place-url.ts';
import type { Bounds } from './show-servers.ts';

const closed = { additionalProperties: false } as const;
const text = (description: string) => Type.String({ minLength: 1, description });

export const MOST_SERIES = 5000;

export const TelemetrySettings = Type.Object(
  {
    metrics: Type.Optional(
      Type.Object(
        {
          servers: Type.Optional(
            Type.Boolean({ default: true, description: 'series of each server of each app' }),
          ),
          most: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 1_000_000,
              default: MOST_SERIES,
              description: 'servers, and counts of apps in clusters, with series of their own',
            }),
          ),
        },
        closed,
      ),
    ),
    traces: Type.Optional(
      Type.Object(
        {
          endpoint: Type.String({
            pattern: '^https?://[^?#]+$',
            description: 'OTLP over HTTP, with its path: http://127.0.0.1:4318/v1/traces',
          }),
          ratio: Type.Optional(
            Type.Number({
              minimum: 0,
              maximum: 1,
              default: 1,
              description: 'of the commits that are traced',
            }),
          ),
        },
        closed,
      ),
    ),
    events: Type.Optional(
      Type.Object(
        {
          kubeconfig: Type.Optional(
            Type.Object(
              { path: text('kubeconfig'), context: Type.Optional(text('its context')) },
              closed,
            ),
          ),
          inCluster: Type.Optional(Type.Boolean({ description: 'the pod’s own service account' })),
          namespace: text('where the Events are written'),
        },
        closed,
      ),
    ),
  },
  { ...closed, default: {} },
);

export type TelemetrySettings = Static<typeof TelemetrySettings>;

export function boundsOfSeries({ metrics }: TelemetrySettings): Bounds {
  return { servers: metrics?.servers ?? true, most: metrics?.most ?? MOST_SERIES };
}

export interface TelemetryFault {
  /** Below `telemetry`. */
  readonly path: readonly string[];
  readonly text: string;
}

export function telemetryFaults({ events, traces }: TelemetrySettings): TelemetryFault[] {
  const faults: TelemetryFault[] = [];
  if (events && (events.kubeconfig !== undefined) === (events.inCluster === true)) {
    faults.push({ path: ['events'], text: 'needs either kubeconfig or inCluster: true' });
  }
  const text = traces && callFault(traces.endpoint);
  if (text !== undefined) faults.push({ path: ['traces', 'endpoint'], text });
  return faults;
}
