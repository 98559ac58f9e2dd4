// Checks that look at several keys at once; each returns the faults it finds.

import { canonicalAddress } from '../address.ts';
import { apiFaults } from '../api/settings.ts';
import { callFault } from '../edges/place-url.ts';
import { redisFaults } from '../edges/redis-settings.ts';
import { migrationFaults } from '../migration/settings.ts';
import { nacosFaults } from '../inventory/nacos-settings.ts';
import { policyFault } from '../inventory/policy.ts';
import { telemetryFaults } from '../telemetry/settings.ts';
import type { Fault } from './faults.ts';
import { ingressFaults, podFaults } from './selected.ts';
import type { Path } from './place.ts';
import type { Config } from './schema.ts';

/** Faults that no single key shows. */
export function checkAcross(config: Config): Fault[] {
  return [
    ...redisFaults(config.redis).map(({ path, text }) => ({ path: ['redis', ...path], text })),
    ...twice(config.clusters, ['clusters'], 'name'),
    ...twice(config.edges, ['edges'], 'name'),
    ...twice(config.apps.list ?? [], ['apps', 'list'], 'name'),
    ...credentials(config),
    ...clusterSources(config),
    ...policies(config),
    ...appServices(config),
    ...appAddresses(config),
    ...nacosFaults(config.vms.nacos, config.apps.list),
    ...sharedHosts(config),
    ...ingressFaults(config),
    ...podFaults(config),
    ...twice(config.migration.backups ?? [], ['migration', 'backups'], 'cluster'),
    ...twice(config.migration.hooks ?? [], ['migration', 'hooks'], 'name'),
    ...migrationFaults(config.migration).map(({ path, text }) => ({
      path: ['migration', ...path],
      text,
    })),
    ...controls(config),
    ...apiFaults(config.api).map(({ path, text }) => ({ path: ['api', ...path], text })),
    ...telemetryFaults(config.telemetry).map(({ path, text }) => ({
      path: ['telemetry', ...path],
      text,
    })),
  ];
}

function twice<Key extends string>(
  entries: readonly Readonly<Record<Key, string>>[],
  path: Path,
  key: Key,
): Fault[] {
  const faults: Fault[] = [];
  const seen = new Map<string, number>();
  entries.forEach((entry, index) => {
    const first = seen.get(entry[key]);
    if (first === undefined) seen.set(entry[key], index);
    else
      faults.push({
        path: [...path, index, key],
        text: `"${entry[key]}" stands in [${first}] too`,
      });
  });
  return faults;
}

function credentials(config: Config): Fault[] {
  return [
    ...config.clusters.flatMap((cluster, index) => [
      ...oneWay(['clusters', index], cluster),
      ...oneWay(['clusters', index, 'jobs'], cluster.jobs),
    ]),
    ...config.clusterSources.flatMap(({ secrets, argocd }, index) => [
      ...oneWay(['clusterSources', index, 'secrets'], secrets),
      ...oneWay(['clusterSources', index, 'argocd'], argocd),
    ]),
  ];
}

function oneWay(
  path: Path,
  place: { readonly kubeconfig?: object; readonly inCluster?: boolean } | undefined,
): Fault[] {
  if (!place || (place.kubeconfig !== undefined) !== (place.inCluster === true)) return [];
  return [{ path, text: 'needs either kubeconfig or inCluster: true' }];
}

function clusterSources(config: Config): Fault[] {
  return config.clusterSources.flatMap(({ folder, secrets, argocd }, index) => {
    const kinds = [folder, secrets, argocd].filter((kind) => kind !== undefined);
    if (kinds.length === 1) return [];
    return [{ path: ['clusterSources', index], text: 'needs one of folder, secrets and argocd' }];
  });
}

function policies({ apps }: Config): Fault[] {
  const faultAt = (path: Path, fault: ReturnType<typeof policyFault>): Fault[] =>
    fault ? [{ path: [...path, 'policy', fault.key], text: fault.text }] : [];
  return [
    ...faultAt(['apps'], policyFault({}, apps.policy)),
    ...(apps.list ?? []).flatMap(({ policy }, index) =>
      policy ? faultAt(['apps', 'list', index], policyFault(apps.policy, policy)) : [],
    ),
  ];
}

function appServices(config: Config): Fault[] {
  return (config.apps.list ?? []).flatMap((app, index) => {
    const path = ['apps', 'list', index];
    if (app.services && (app.service ?? app.namespace) !== undefined) {
      return [{ path: [...path, 'services'], text: 'stands instead of service and namespace' }];
    }
    if (!app.services && app.service !== undefined && app.namespace === undefined) {
      return [{ path: [...path, 'namespace'], text: 'is missing: the namespace of the service' }];
    }
    return [];
  });
}

function appAddresses(config: Config): Fault[] {
  return (config.apps.list ?? []).flatMap((app, index) => {
    const vms = (app.vms ?? []).map(({ address }) => ({ address: canonicalAddress(address) }));
    return twice(vms, ['apps', 'list', index, 'vms'], 'address');
  });
}

function sharedHosts(config: Config): Fault[] {
  const faults: Fault[] = [];
  const owners = new Map<string, string>();
  for (const [index, { name, hosts }] of (config.apps.list ?? []).entries()) {
    for (const [at, host] of (hosts ?? []).entries()) {
      const owner = owners.get(host);
      if (owner === undefined) owners.set(host, name);
      else if (owner !== name) {
        const path = ['apps', 'list', index, 'hosts', at];
        faults.push({ path, text: `"${host}" of ${name} is a host of ${owner} too` });
      }
    }
  }
  return faults;
}

function controls(config: Config): Fault[] {
  return config.edges.flatMap(({ control }, index) => {
    if (control === undefined || control.startsWith('unix:')) return [];
    const text = callFault(control);
    return text === undefined ? [] : [{ path: ['edges', index, 'control'], text }];
  });
}
