// What a reload of the configuration takes in, as the stages want it, and what it does not. Pure.
//
// Comes in: a checked configuration. Goes out: rules and bounds, all of one configuration. On failure: there
// is none here.

import type { Config } from './config.ts';
import { boundsOf } from './edges/settings.ts';
import { removedOf } from './plan/settings.ts';
import { appSourcesOf, migrationRulesOf, namingOf, rulesOf } from './rules.ts';
import { boundsOfSeries } from './telemetry/settings.ts';

export function liveOf(config: Config) {
  return {
    rules: rulesOf(config),
    removed: removedOf(config.guard),
    wanted: appSourcesOf(config),
    forgottenHours: config.holds.forgottenHours ?? 24,
    bounds: boundsOf(config),
    migration: migrationRulesOf(config),
    series: boundsOfSeries(config.telemetry),
    naming: namingOf(config),
  };
}

/** Keys that differ, and that only a restart takes in. */
export function needRestart(started: Config, now: Config): string[] {
  const keys = ['environment', 'redis', 'leader', 'edges', 'api'] as const;
  const own = ['traces', 'events'] as const;
  const differs = (one: unknown, other: unknown): boolean =>
    JSON.stringify(one) !== JSON.stringify(other);
  return [
    ...keys.filter((key) => differs(started[key], now[key])),
    ...own
      .filter((key) => differs(started.telemetry[key], now.telemetry[key]))
      .map((key) => `telemetry.${key}`),
  ];
}
