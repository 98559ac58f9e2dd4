// What the configuration says of apps and weights, as clusters and rounds take it.

import type { AppSource, AppSources } from './clusters/cluster.ts';
import type { Config } from './config.ts';
import type { Rules } from './controller-parts.ts';
import type { AppNaming } from './fanout/plan/world.ts';
import type { ToldApp } from './inventory/inventory.ts';
import { settlePolicy } from './inventory/policy.ts';
import type { Minimum } from './plan/guard.ts';
import { minimumOf, shareLimitsOf } from './plan/settings.ts';
import type { MigrationRules } from './migration/migrations.ts';
import type { AppName } from './model.ts';
import { rampOf } from './weights/settings.ts';

export function rulesOf(config: Config): Rules {
  return {
    told: toldApps(config),
    policy: settlePolicy(config.apps.policy),
    hostsFromIngress: config.apps.discover?.hosts !== 'off',
    base: config.weights.base ?? 10,
    secondLookMs: (config.guard.secondLookSeconds ?? 10) * 1000,
    ramp: rampOf(config.weights),
    share: shareLimitsOf(config.guard),
    minimum: minimums(config),
  };
}

export function appSourcesOf(config: Config): AppSources {
  const { discover } = config.apps;
  return { told: toldSources(config), ...(discover && { serviceLabel: discover.services }) };
}

export function migrationRulesOf(config: Config): MigrationRules {
  const { migration, weights, apps } = config;
  return {
    sources: appSourcesOf(config),
    importance: new Map(
      (apps.list ?? []).map(({ name, core = false, importance = 0, floor = 1 }) => [
        name,
        { core, importance, floor },
      ]),
    ),
    migration,
    base: weights.base ?? 10,
  };
}

export function namingOf(config: Config): AppNaming {
  const { discover, list = [] } = config.apps;
  return { list, sources: toldSources(config), ...(discover && { label: discover.services }) };
}

function minimums({ guard, apps }: Config): (app: AppName) => Minimum {
  const forAll = minimumOf(guard);
  const own = new Map(
    (apps.list ?? [])
      .filter(({ minimum }) => minimum)
      .map(({ name, minimum }) => [name, minimumOf(guard, minimum)]),
  );
  return (app) => own.get(app) ?? forAll;
}

function toldApps(config: Config): Map<AppName, ToldApp> {
  const told = new Map<AppName, ToldApp>();
  for (const { name, hosts, policy } of config.apps.list ?? []) {
    const settled = settlePolicy(config.apps.policy, policy);
    told.set(name, { app: name, policy: settled, ...(hosts && { hosts }) });
  }
  return told;
}

function toldSources(config: Config): AppSource[] {
  return (config.apps.list ?? []).flatMap(({ name, service, namespace, services, pods }) => {
    if (pods) return [{ app: name, services: [], pods }];
    if (services) return [{ app: name, services }];
    if (namespace === undefined) return [];
    return [{ app: name, services: [{ namespace, name: service ?? name }] }];
  });
}
