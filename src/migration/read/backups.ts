// What is in the backups of a cluster of the apps that are asked for.
//
// Comes in: the configuration's entry for the cluster, apps with their namespaces. Goes out: each with what
// its newest usable backup has, or why there is none. On failure: a StoreFailure.

import type { ClusterOrder } from '../../clusters/registry.ts';
import type { Clock } from '../../clock.ts';
import { collect } from '../manifests/collect.ts';
import { moveOf } from '../manifests/move.ts';
import type { AppWorld, PlanWorld } from '../plan/model.ts';
import { findWorkload } from '../plan/workload.ts';
import type { BackupSettings } from '../settings.ts';
import { openStore, policyOf } from '../velero/open-store.ts';
import { findBackups, type FoundApp, type UsableBackup } from '../velero/velero.ts';
import { inTime } from './links.ts';

export interface BackupSearch {
  readonly settings: BackupSettings;
  /** Of the cluster whose backups they are, where it is known. */
  readonly cluster: ClusterOrder['settings'] | undefined;
  readonly appOf: PlanWorld['appOf'];
  /** Of its namespaces, where it answers. */
  readonly uids: ReadonlyMap<string, string>;
  /** The backup that a plan was made by: that one alone, however old it is by now. */
  readonly only?: string | undefined;
  readonly clock: Clock;
  readonly wall: () => Date;
}

const SEARCH_MS = 300_000;
/** What is only missing in a backup: an older one may have it. */
const LACKING = ['missing', 'no-stable-version', 'unread'];
const NO_MAPS = { images: {}, ingressClasses: {}, storageClasses: {}, stateful: true, replicas: 1 };

export async function searchBackups(
  search: BackupSearch,
  apps: readonly AppWorld[],
): Promise<ReadonlyMap<AppWorld, FoundApp>> {
  const { settings, clock, wall, uids } = search;
  const store = await openStore(settings);
  const asked = apps.filter(({ namespace }) => namespace !== undefined);
  const wanted = asked.map((one) => {
    const { app, namespace = '' } = one;
    const namespaceUid = uids.get(namespace);
    const lacks = (backup: UsableBackup) =>
      search.only === undefined || search.only === backup.name
        ? lacksOf(one, backup, search)
        : [`the plan was made by ${search.only}`];
    return { app, namespace, lacks, ...(namespaceUid !== undefined && { namespaceUid }) };
  });
  try {
    const usual = policyOf(settings);
    const policy = search.only === undefined ? usual : { ...usual, maxAgeMs: Infinity };
    const now = wall().getTime();
    const found = await inTime(
      clock,
      (signal) => findBackups({ store, policy, now, signal }, wanted),
      SEARCH_MS,
    );
    return new Map(found.map((one, index) => [asked[index] as AppWorld, one]));
  } finally {
    store.close();
  }
}

function lacksOf(
  app: AppWorld,
  { objects, unread }: UsableBackup,
  { appOf, cluster }: BackupSearch,
): string[] {
  const found = findWorkload(app, objects, appOf);
  if ('finding' in found) return [found.finding.text];
  const { workload } = found;
  const { findings } = moveOf(workload, { objects, unread }, NO_MAPS);
  const lacking = findings.filter(
    ({ severity, code }) => severity === 'refuse' && LACKING.includes(code),
  );
  const parts = collect(workload, { objects, unread }).objects.map(({ kind }) => kind);
  const isRouted = parts.includes('Ingress') || parts.includes('HTTPRoute');
  return [
    ...lacking.map(({ object, text }) => `${object}: ${text}`),
    ...(isRouted || cluster?.routed === 'off' ? [] : ['no Ingress or HTTPRoute leads to it']),
  ];
}
