// Traces at a real collector: which spans a commit leaves, and that one in trouble is only said.

import { afterEach, expect, test } from 'vitest';
import { openTraces } from '../../src/telemetry/open-traces.ts';
import { NO_TRACES, type Traces } from '../../src/telemetry/traces.ts';
import type { Config } from '../../src/config.ts';
import { until } from '../controlplane/until.ts';
import { startCollector, type Collector } from './collector.ts';

let collector: Collector | undefined;
let traces: Traces = NO_TRACES;
afterEach(async () => {
  await traces.close();
  await collector?.close();
});

const told: string[] = [];
const log = {
  info: (_fields: unknown, text = String(_fields)) => void told.push(text),
  warn: (_fields: unknown, text: string) => void told.push(text),
};
const START = 1_700_000_000_000;
let now = 0;

async function open(config: object, environment: Record<string, string> = {}): Promise<Traces> {
  const world = { environment, version: '1.2.3', now: () => now, wall: () => START + now, log };
  const whole = { environment: 'prod', telemetry: config } as unknown as Config;
  traces = await openTraces(whole, world as never);
  return traces;
}

const COMMIT = {
  stamp: { term: 7, version: 3 },
  apps: ['shop', 'news'],
  cause: 'pods',
  actor: 'controller',
  marked: 90,
  began: 100,
  looked: 110,
  done: 120,
} as const;

test('a commit is one trace: round, look, commit, a push and an acknowledgement for each edge', async () => {
  collector = await startCollector();
  await open({ traces: { endpoint: collector.endpoint } });
  now = 120;
  const id = traces.committed(COMMIT);
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  now = 150;
  const mark = { term: 7, version: 3 };
  expect(traces.pushed({ edge: 'edge-1', mark, seconds: 0.02 }, now)).toBe(id);
  expect(traces.pushed({ edge: 'edge-2', mark, seconds: 0.01, failed: 'refused' }, now)).toBe(id);
  expect(traces.pushed({ edge: 'edge-1', mark, seconds: 0.02 }, now)).toBeUndefined();
  const had = new Map([['edge-1', 40]]);
  expect(traces.settled({ version: 3, had, missing: ['edge-2'] })).toBe(id);
  await traces.close();
  const { spans } = collector;
  const parent = spans.find(({ name }) => name === 'round')?.spanId;
  const shown = spans.map(({ name, attributes, startTimeUnixNano, endTimeUnixNano, status }) => {
    const at = (nanos: string): number => Number(BigInt(nanos) / 1_000_000n) - START;
    const edge = attributes['ballast.edge'];
    const wrong = status?.code === 2 ? status.message : undefined;
    return [name, edge, at(startTimeUnixNano), at(endTimeUnixNano), wrong];
  });
  expect(shown.toSorted()).toEqual([
    ['acknowledged', 'edge-1', 120, 160, undefined],
    ['commit', undefined, 110, 120, undefined],
    ['look', undefined, 100, 110, undefined],
    ['push', 'edge-1', 130, 150, undefined],
    ['push', 'edge-2', 140, 150, 'refused'],
    ['round', undefined, 100, 160, 'no word from edge-2'],
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([id]));
  for (const { name, parentSpanId } of spans) {
    expect([name, parentSpanId ?? '']).toEqual([name, name === 'round' ? '' : parent]);
  }
  expect(spans.find(({ name }) => name === 'round')).toMatchObject({
    attributes: {
      'ballast.term': 7,
      'ballast.version': 3,
      'ballast.apps': 2,
      'ballast.app.names': ['shop', 'news'],
      'ballast.cause': 'pods',
      'ballast.actor': 'controller',
      'ballast.waited_ms': 10,
    },
    resource: {
      'service.name': 'ballast',
      'service.version': '1.2.3',
      'deployment.environment.name': 'prod',
    },
  });
});

test('one push carries all commits that waited for it, of its term and up to its mark', async () => {
  collector = await startCollector();
  await open({ traces: { endpoint: collector.endpoint } });
  for (const version of [3, 4, 5]) {
    traces.committed({ ...COMMIT, stamp: { term: 7, version } });
  }
  traces.committed({ ...COMMIT, stamp: { term: 8, version: 2 } });
  traces.pushed({ edge: 'edge-1', mark: { term: 7, version: 4 }, seconds: 0.01 }, 150);
  for (const version of [2, 3, 4, 5]) {
    traces.settled({ version, had: new Map(), missing: [] });
  }
  await traces.close();
  const { spans } = collector;
  const versions = spans
    .filter(({ name }) => name === 'push')
    .map(({ traceId }) => spans.find((one) => one.traceId === traceId && one.name === 'round'))
    .map((round) => round?.attributes['ballast.version']);
  expect(versions.toSorted()).toEqual([3, 4]);
});

test('OpenTelemetry’s own variables switch them on, and off', async () => {
  collector = await startCollector();
  const OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = collector.endpoint;
  expect(await open({})).toBe(NO_TRACES);
  for (const off of [{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }]) {
    expect(await open({}, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, ...off })).toBe(NO_TRACES);
  }
  expect(await open({}, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT })).not.toBe(NO_TRACES);
});

test('a ratio of 0 traces nothing, and gives no id', async () => {
  collector = await startCollector();
  await open({ traces: { endpoint: collector.endpoint, ratio: 0 } });
  expect(traces.committed(COMMIT)).toBeUndefined();
  expect(traces.settled({ version: 3, had: new Map(), missing: [] })).toBeUndefined();
  await traces.close();
  expect(collector.spans).toEqual([]);
});

test('a collector that takes nothing is said once, and once that it does again', async () => {
  collector = await startCollector();
  told.length = 0;
  await open({ traces: { endpoint: collector.endpoint } });
  const commit = (version: number): void => {
    traces.committed({ ...COMMIT, stamp: { term: 7, version } });
    traces.settled({ version, had: new Map(), missing: [] });
  };
  const requests = (): number => collector?.text().split('\n').length ?? 0;
  collector.answer(400);
  commit(1);
  await until('one was refused', () => requests() >= 2);
  await until('it is said', () => told.length > 0);
  const before = requests();
  commit(2);
  await until('another was refused', () => requests() > before);
  collector.answer(200);
  commit(3);
  await until('it is taken', () => (collector?.spans.length ?? 0) > 0);
  await until('that is said', () => told.length > 1);
  expect(told).toEqual([
    'traces are not taken; those of this time are lost',
    'traces are taken again',
  ]);
});
