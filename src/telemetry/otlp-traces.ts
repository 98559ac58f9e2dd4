// Spans of commits over OTLP. Loaded only where traces are on: this file is the only one that imports
// OpenTelemetry's packages. The spans are made afterwards, from the times that were measured anyway.

import { ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, HrTime, Span } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import type { Traces } from './traces.ts';

export interface OtlpPlace {
  /** Absent: the OTEL_EXPORTER_OTLP_… variables say it. */
  readonly endpoint?: string;
  readonly ratio?: number;
  readonly environment: string;
  readonly version: string;
  readonly now: () => number;
  /** Milliseconds of the time of day. */
  readonly wall: () => number;
  /** Once for each change. */
  readonly tell: (trouble: string | undefined) => void;
}

interface Open {
  readonly span: Span;
  readonly context: Context;
  readonly done: number;
  readonly term: number;
  readonly pushed: Set<string>;
}

const ANSWER_MS = 5000;
const NAMES = 10;

export function openOtlpTraces(place: OtlpPlace): Traces {
  const { now, wall } = place;
  const url = place.endpoint === undefined ? {} : { url: place.endpoint };
  const exporter = told(new OTLPTraceExporter({ ...url, timeoutMillis: ANSWER_MS }), place.tell);
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(
        resourceFromAttributes({
          'service.name': 'ballast',
          'service.version': place.version,
          'deployment.environment.name': place.environment,
        }),
      )
      // What the person who runs it says of it goes before.
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: new TraceIdRatioBasedSampler(place.ratio ?? 1),
    // Bounded: what a slow collector does not take is dropped.
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: 1000,
        exportTimeoutMillis: 2 * ANSWER_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('ballast', place.version);
  const open = new Map<number, Open>();
  const timeOf = (at: number): HrTime => nanosOf(wall() - (now() - at));

  return {
    committed({ stamp, apps, cause, actor, marked, began, looked, done }) {
      const attributes = {
        'ballast.term': stamp.term,
        'ballast.version': stamp.version,
        'ballast.apps': apps.length,
        'ballast.app.names': apps.slice(0, NAMES),
        'ballast.cause': cause,
        'ballast.actor': actor,
        ...(marked !== undefined && { 'ballast.waited_ms': Math.round(began - marked) }),
      };
      const span = tracer.startSpan('round', { attributes, startTime: timeOf(began) });
      const context = trace.setSpan(ROOT_CONTEXT, span);
      const part = (name: string, from: number, to: number): void =>
        tracer.startSpan(name, { startTime: timeOf(from) }, context).end(timeOf(to));
      part('look', began, looked);
      part('commit', looked, done);
      if (!span.isRecording()) return undefined;
      open.set(stamp.version, { span, context, done, term: stamp.term, pushed: new Set() });
      return span.spanContext().traceId;
    },
    pushed({ edge, mark, seconds, failed }, at) {
      let last: Open | undefined;
      // One push carries all commits that waited for it.
      for (const [version, one] of open) {
        if (one.term !== mark.term || version > mark.version || one.pushed.has(edge)) continue;
        one.pushed.add(edge);
        last = one;
        const attributes = { 'ballast.edge': edge };
        const startTime = timeOf(Math.max(one.done, at - seconds * 1000));
        const span = tracer.startSpan('push', { attributes, startTime }, one.context);
        if (failed !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failed });
        span.end(timeOf(at));
      }
      return last?.span.spanContext().traceId;
    },
    settled({ version, had, missing }) {
      const one = open.get(version);
      if (!one) return undefined;
      open.delete(version);
      const { span, context, done } = one;
      for (const [edge, ms] of had) {
        const attributes = { 'ballast.edge': edge };
        const startTime = timeOf(done);
        const acknowledged = tracer.startSpan('acknowledged', { attributes, startTime }, context);
        acknowledged.end(timeOf(done + ms));
      }
      if (missing.length > 0) {
        const message = `no word from ${missing.slice(0, NAMES).join(', ')}`;
        span.setStatus({ code: SpanStatusCode.ERROR, message });
      }
      span.end(timeOf(Math.max(done, ...[...had.values()].map((ms) => done + ms))));
      return span.spanContext().traceId;
    },
    async close() {
      await provider.shutdown().catch(() => undefined);
    },
  };
}

/** Seconds and nanoseconds: a plain number could be taken for one of another clock. */
function nanosOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}

/** Says once that the collector takes nothing, and once that it does again. */
function told(exporter: SpanExporter, tell: OtlpPlace['tell']): SpanExporter {
  let trouble: string | undefined;
  return {
    export(spans, answer) {
      exporter.export(spans, (result) => {
        const why = result.code === 0 ? undefined : (result.error?.message ?? 'not taken');
        if (why !== trouble) tell(why);
        trouble = why;
        answer(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}
