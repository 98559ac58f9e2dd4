// Whether there are traces, and if so what makes them.
//
// Comes in: the configuration, the environment. Goes out: Traces. OpenTelemetry's packages take as long to
// load as all the rest together, so they are loaded here and only where somebody wants them.

import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { NO_TRACES, type Traces } from './traces.ts';

export interface TraceWorld {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly now: () => number;
  readonly wall: () => number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

export async function openTraces(config: Config, world: TraceWorld): Promise<Traces> {
  const { traces } = config.telemetry;
  if (!traces && !isAskedFor(world.environment)) return NO_TRACES;
  const { openOtlpTraces } = await import('./otlp-traces.ts');
  const { log } = world;
  return openOtlpTraces({
    ...world,
    ...traces,
    environment: config.environment,
    tell(trouble) {
      if (trouble === undefined) log.info('traces are taken again');
      else log.warn({ trouble }, 'traces are not taken; those of this time are lost');
    },
  });
}

/** As OpenTelemetry's own variables have it. The configuration goes before them. */
function isAskedFor(environment: TraceWorld['environment']): boolean {
  if (environment['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false;
  if (environment['OTEL_TRACES_EXPORTER'] === 'none') return false;
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own, OTEL_EXPORTER_OTLP_ENDPOINT: all } = environment;
  return (own ?? '') !== '' || (all ?? '') !== '';
}
