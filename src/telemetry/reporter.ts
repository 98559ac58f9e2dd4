// What the controller tells of itself: one log line for each change, the metrics, traces, Events.
//
// Stages return facts; only here do they become words and numbers for the outside.

import type { Logger } from 'pino';
import type { Settled } from '../edges/history-keeper.ts';
import type { AppName, ClusterName, ClusterState, Hold, Stamp } from '../model.ts';
import type { Change } from '../plan/diff.ts';
import type { Causes } from '../plan/history-entry.ts';
import type { RoundResult } from '../round.ts';
import type { CauseKind } from '../weights/cause.ts';
import type { EdgeAges } from './edge-ages.ts';
import type { Metrics } from './metrics.ts';
import type { Notices } from './notices.ts';
import { NO_TRACES, type TracedPush, type Traces } from './traces.ts';

export type RampState = 'stopped' | 'abandoned' | 'on';

/** Of a look at apps, in monotonic milliseconds. */
export interface LookTimes {
  /** Since when each app waited to be looked at; absent: a word, which nothing marked. */
  readonly marked?: ReadonlyMap<AppName, number>;
  readonly began: number;
  readonly looked: number;
}

export interface CommitReport {
  readonly stamp: Stamp;
  readonly changes: readonly Change[];
  readonly causes: Causes;
  readonly actor: string;
  readonly times: LookTimes;
}

/** A person's or a job's word that was written. */
export interface Said {
  readonly stamp: Stamp;
  readonly actor: string;
  readonly text: string;
  readonly before: readonly Hold[];
  readonly after: readonly Hold[];
}

export interface Reporter {
  cluster(name: ClusterName, state: ClusterState, reason: string | undefined): void;
  /** A cluster is asked for a second list, for so many apps. */
  secondLook(cluster: ClusterName, apps: number): void;
  round(result: RoundResult, times: LookTimes): void;
  committed(report: CommitReport): void;
  /** Every edge that gives word has a commit, or nobody waits for it any more. */
  settled(settled: Settled): void;
  said(said: Said): void;
  /** A cluster on its way up is stopped, or goes on. */
  ramp(app: AppName, from: ClusterName | 'vm', state: RampState, text: string): void;
  /** All apps whose published document cannot be read, and why. */
  unreadable(apps: ReadonlyMap<AppName, string>): void;
  recountDiffers(app: AppName): void;
  term(term: number, seeded: number): void;
  termOver(why: string): void;
  unexpected(error: unknown): void;
}

interface Waiting {
  /** When it was due. */
  readonly since: number | undefined;
  readonly at: number;
  readonly trace: string | undefined;
}

export interface ReporterParts {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Absent: none. */
  readonly traces?: Traces;
  readonly notices?: Notices;
  readonly ages?: EdgeAges;
}

export function createReporter(
  parts: ReporterParts,
): Reporter & { pushed(push: TracedPush): void } {
  const { log, metrics, now, traces = NO_TRACES, notices, ages } = parts;
  const refused = new Map<AppName, string>();
  /** Commits whose acknowledgements are waited for, by version. */
  const waiting = new Map<number, Waiting>();
  let unreadable = new Map<AppName, string>();
  let lastOver = '';

  return {
    cluster(name, state, reason) {
      const words = reason === undefined ? {} : { reason };
      if (state === 'fresh') log.info({ cluster: name, state }, 'cluster is fresh');
      else log.warn({ cluster: name, state, ...words }, `cluster is ${state}`);
    },
    secondLook(cluster, apps) {
      metrics.secondLooks.inc({ cluster });
      log.warn({ cluster, apps }, 'a list shows much less than before; a second one is asked for');
    },
    round(result, { began, looked }) {
      metrics.roundSeconds.observe({ value: (looked - began) / 1000 });
      for (const app of result.facts.keys()) refused.delete(app);
      for (const { app, reason } of result.refused) {
        // The same refusal at every round is one event.
        metrics.guardRefused.inc({ code: reason.code });
        refused.set(app, reason.code);
        notices?.refused(app, reason);
      }
      metrics.guardRefusing.set(refused.size);
    },
    committed({ stamp, changes, causes, actor, times }) {
      const done = now();
      const since = firstMarked(changes, times.marked);
      ages?.noted(stamp, done);
      const trace = traces.committed({
        stamp,
        apps: changes.map(({ app }) => app),
        cause: causeOf(changes[0], causes),
        actor,
        ...(since !== undefined && { marked: since }),
        began: times.began,
        looked: times.looked,
        done,
      });
      waiting.set(stamp.version, { since, at: done, trace });
      for (const change of changes) {
        metrics.weightChanges.inc({ cause: causeOf(change, causes) });
        log.info(
          {
            app: change.app,
            version: stamp.version,
            causes: (causes.get(change.app) ?? []).map(({ text }) => text),
            before: change.before?.servers.map(({ address, weight }) => `${address}=${weight}`),
            after: change.after.servers.map(({ address, weight }) => `${address}=${weight}`),
            actor,
            ...(trace !== undefined && { trace }),
          },
          'weights changed',
        );
      }
    },
    settled(settled) {
      const trace = traces.settled(settled);
      const commit = waiting.get(settled.version);
      waiting.delete(settled.version);
      // What an edge that gives word never took is no delay: its age tells of it.
      if (commit?.since === undefined || !settled.all || settled.had.size === 0) return;
      const last = commit.at + Math.max(...settled.had.values());
      metrics.propagationSeconds.observe({
        value: (last - commit.since) / 1000,
        ...exemplar(trace),
      });
    },
    pushed(push) {
      const trace = traces.pushed(push, now());
      if (push.failed !== undefined) return;
      const { edge, seconds } = push;
      metrics.pushSeconds.observe({ labels: { edge }, value: seconds, ...exemplar(trace) });
    },
    said({ stamp: { version }, actor, text, before, after }) {
      const trace = waiting.get(version)?.trace;
      log.info({ actor, text, version, ...(trace !== undefined && { trace }) }, 'said');
      notices?.held(before, after);
    },
    ramp(app, from, state, text) {
      if (state === 'on') log.info({ app, from, text }, 'a ramp goes on');
      else log.warn({ app, from, text }, `a ramp is ${state}`);
    },
    unreadable(apps) {
      for (const [app, why] of apps) {
        if (unreadable.get(app) !== why) log.error({ app, why }, 'a document cannot be read');
      }
      for (const app of unreadable.keys()) {
        if (!apps.has(app)) log.info({ app }, 'the document can be read again');
      }
      unreadable = new Map(apps);
      metrics.unreadableDocuments.set(apps.size);
    },
    recountDiffers(app) {
      metrics.recountDifferences.inc();
      log.error({ app }, 'a full recount differs from the increments');
    },
    term(term, seeded) {
      lastOver = '';
      log.info({ term, seeded }, 'leading');
    },
    termOver(why) {
      if (why === lastOver) return;
      lastOver = why;
      log.warn({ why }, 'not leading');
    },
    unexpected(error) {
      log.error({ err: error }, 'an error that nobody expected');
    },
  };
}

function causeOf(change: Change | undefined, causes: Causes): CauseKind | 'none' {
  const [cause] = (change && causes.get(change.app)) ?? [];
  return cause?.kind ?? 'none';
}

function firstMarked(changes: readonly Change[], marked: LookTimes['marked']): number | undefined {
  const times = changes.flatMap(({ app }) => marked?.get(app) ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

function exemplar(trace: string | undefined): object {
  return trace === undefined ? {} : { exemplarLabels: { trace_id: trace } };
}
