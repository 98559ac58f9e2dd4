// How a fan-out is brought out: what the FanOut says, or all at once.

import type { Amount, ClosedHours, ErrorLimit, Strategy, Wave } from '../model.ts';
import type { Report } from '../report.ts';
import type { WrittenFanout, WrittenStrategy } from '../schemas/own.ts';
import type { Read } from './checked.ts';
import { filterOf } from './own.ts';

export function strategyOf(fanout: Read<WrittenFanout> | undefined, report: Report): Strategy {
  const strategy = fanout?.read.spec.strategy ?? {};
  if (fanout) strategyFaults(fanout, strategy, report);
  const { maxConcurrency, floor, deadline, errors } = strategy;
  return {
    ...WITHOUT_WORDS,
    ...plainWords(strategy),
    waves: wavesOf(strategy),
    closedHours: closedHoursOf(strategy),
    soakSeconds: secondsOf(strategy.soak ?? '0s'),
    ...(maxConcurrency !== undefined && { maxConcurrency: amountOf(maxConcurrency) }),
    ...(deadline !== undefined && { deadlineSeconds: secondsOf(deadline) }),
    ...(floor !== undefined && { floor: amountOf(floor) }),
    ...(errors !== undefined && { errors: errorsOf(errors) }),
  };
}

const WITHOUT_WORDS = {
  order: 'parallel',
  maxFailures: 0,
  approval: 'none',
  drain: 'auto',
  weights: 'auto',
  onFailure: 'pause',
} as const satisfies Partial<Strategy>;

/** What is taken as it is written. */
function plainWords(strategy: WrittenStrategy): Partial<Strategy> {
  const keys = Object.keys(WITHOUT_WORDS) as (keyof typeof WITHOUT_WORDS)[];
  return Object.fromEntries(
    keys.filter((key) => strategy[key] !== undefined).map((key) => [key, strategy[key]]),
  );
}

interface StrategyFault {
  readonly key: keyof WrittenStrategy;
  readonly text: string;
  readonly is: (strategy: WrittenStrategy) => boolean;
}

const FAULTS: readonly StrategyFault[] = [
  {
    key: 'waves',
    text: 'is missing: the order is waves',
    is: ({ order, waves = [] }) => order === 'waves' && waves.length === 0,
  },
  {
    key: 'waves',
    text: 'has no effect: the order is not waves',
    is: ({ order, waves = [] }) => order !== 'waves' && waves.length > 0,
  },
  {
    key: 'errors',
    text: 'has no effect: weights is none',
    is: ({ weights, errors }) => weights === 'none' && errors !== undefined,
  },
  {
    key: 'maxConcurrency',
    text: 'is 0: nothing would ever begin',
    is: ({ maxConcurrency }) => maxConcurrency === '0' || maxConcurrency === '0%',
  },
];

function strategyFaults(
  { document }: Read<WrittenFanout>,
  strategy: WrittenStrategy,
  report: Report,
): void {
  const path = ['spec', 'strategy'];
  for (const { key, text, is } of FAULTS) {
    if (is(strategy)) report.fault(document, [...path, key], text);
  }
  for (const [index, { clusters }] of (strategy.waves ?? []).entries()) {
    if (clusters.length > 0) continue;
    report.fault(document, [...path, 'waves', index, 'clusters'], 'names no cluster');
  }
  const names = wavesOf(strategy).map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) === index) continue;
    const text = `two waves are called ${name}: an approval would not say which`;
    report.fault(document, [...path, 'waves', index], text);
  }
}

function wavesOf({ waves = [] }: WrittenStrategy): Wave[] {
  return waves.map(({ name, clusters, approval = 'none', maxFailures }, index) => ({
    name: name ?? `${index + 1}`,
    clusters: clusters.map(filterOf),
    approval,
    ...(maxFailures !== undefined && { maxFailures }),
  }));
}

function closedHoursOf({ closedHours = [] }: WrittenStrategy): ClosedHours[] {
  return closedHours.map(({ days = [], from, to, zone = 'UTC' }) => ({ days, from, to, zone }));
}

function errorsOf(errors: NonNullable<WrittenStrategy['errors']>): ErrorLimit {
  const { percent, requests = 100, for: duration = '1m' } = errors;
  return { percent, requests, seconds: secondsOf(duration) };
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

function secondsOf(duration: string): number {
  return Number.parseInt(duration, 10) * (SECONDS[duration.slice(-1)] ?? 1);
}

function amountOf(amount: string): Amount {
  const number = Number.parseInt(amount, 10);
  return amount.endsWith('%') ? { percent: number } : { count: number };
}
