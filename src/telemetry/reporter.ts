// What the controller tells of itself: one log line for each change, and the metrics.
//
// Stages return facts; only here do they become words and numbers for the outside.

import type { Logger } from 'pino';
import type { Committed } from '../edges/store.ts';
import type { AppName, ClusterName, ClusterState } from '../model.ts';
import type { Change } from '../plan/diff.ts';
import type { Causes } from '../plan/history-entry.ts';
import type { RoundResult } from '../round.ts';
import type { Metrics } from './metrics.ts';

export type RampState = 'stopped' | 'abandoned' | 'on';

export interface Reporter {
  cluster(name: ClusterName, state: ClusterState, reason: string | undefined): void;
  /** A cluster is asked for a second list, for so many apps. */
  secondLook(cluster: ClusterName, apps: number): void;
  round(result: RoundResult, seconds: number): void;
  committed(commit: Committed, changes: readonly Change[], causes: Causes, actor?: string): void;
  /** A person's word was written. */
  said(actor: string, text: string): void;
  /** A cluster on its way up is stopped, or goes on. */
  ramp(app: AppName, from: ClusterName | 'vm', state: RampState, text: string): void;
  /** All apps whose published document cannot be read, and why. */
  unreadable(apps: ReadonlyMap<AppName, string>): void;
  recountDiffers(app: AppName): void;
  term(term: number, seeded: number): void;
  termOver(why: string): void;
  unexpected(error: unknown): void;
}

export function createReporter(log: Logger, metrics: Metrics): Reporter {
  const refused = new Map<AppName, string>();
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
    round(result, seconds) {
      metrics.roundSeconds.observe(seconds);
      for (const app of result.facts.keys()) refused.delete(app);
      for (const { app, reason } of result.refused) {
        // The same refusal at every round is one event.
        metrics.guardRefused.inc({ code: reason.code });
        refused.set(app, reason.code);
      }
      metrics.guardRefusing.set(refused.size);
    },
    committed(commit, changes, causes, actor = 'controller') {
      for (const change of changes) {
        const [cause] = causes.get(change.app) ?? [];
        metrics.weightChanges.inc({ cause: cause?.kind ?? 'none' });
        log.info(
          {
            app: change.app,
            version: commit.version,
            causes: (causes.get(change.app) ?? []).map(({ text }) => text),
            before: change.before?.servers.map(({ address, weight }) => `${address}=${weight}`),
            after: change.after.servers.map(({ address, weight }) => `${address}=${weight}`),
            actor,
          },
          'weights changed',
        );
      }
    },
    said(actor, text) {
      log.info({ actor, text }, 'said');
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
