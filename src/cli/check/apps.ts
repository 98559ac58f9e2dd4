// The apps as one cluster shows them. Comes in: an open, fresh cluster. Goes out: a finding for each kind
// of fault, with the apps that have it. Nothing here fails.

import type { AppSource } from '../../clusters/cluster.ts';
import type { OpenCluster } from '../../clusters/kubernetes.ts';
import type { AppName, ReasonCode } from '../../model.ts';
import { ask } from './ask.ts';
import type { Examined } from './examined.ts';
import { type Finding, plural, some } from './findings.ts';

const FAULTS: readonly (Pick<Finding, 'level' | 'fix'> & {
  readonly code: ReasonCode & Finding['code'];
})[] = [
  {
    code: 'two-namespaces',
    level: 'error',
    fix: 'name its Services under `apps.list[].services` so that they add up, or label only one of them',
  },
  {
    code: 'external-name',
    level: 'warning',
    fix: 'name a Service with pods under `apps.list`, or take the label off this one',
  },
  {
    code: 'not-routed',
    level: 'warning',
    fix: 'give the app an Ingress or HTTPRoute there, or say `routed: off` for the cluster',
  },
];

export async function appFindings(examined: Examined): Promise<Finding[]> {
  return [...faultFindings(examined), ...(await labelFindings(examined))];
}

function faultFindings({ cluster }: Examined): Finding[] {
  const apps = [...cluster.apps()].toSorted();
  return FAULTS.flatMap(({ code, level, fix }): Finding[] => {
    const words = apps.flatMap((app) => {
      const { reason } = cluster.footprint(app);
      return reason?.code === code ? [`${app}: ${reason.text}`] : [];
    });
    if (words.length === 0) return [];
    return [{ level, code, text: `${plural(words.length, 'app')} (${some(words)})`, fix }];
  });
}

async function labelFindings({ cluster, sources }: Examined): Promise<Finding[]> {
  const { told, serviceLabel } = sources;
  const names = new Set(told.map(({ app }) => app));
  if (serviceLabel === undefined || [...cluster.apps()].some((app) => !names.has(app))) return [];
  if (await isAnyLabelled(cluster, serviceLabel)) return [];
  return [
    {
      level: 'warning',
      code: 'nothing-selected',
      text: `no Service has the label ${serviceLabel} of \`apps.discover.services\``,
      fix: `label the Services of your apps: kubectl label service NAME ${serviceLabel}=APP`,
    },
  ];
}

/** Those of told apps do not count as discovered, and may all the same be labelled. */
async function isAnyLabelled(cluster: OpenCluster, label: string): Promise<boolean> {
  const query = new URLSearchParams({ labelSelector: label, limit: '1' });
  const places = cluster.watched().filter(({ path, fieldSelector }) => {
    return path.endsWith('/services') && fieldSelector === undefined;
  });
  for (const { path } of places) {
    const { json } = await ask(cluster, { path: `${path}?${query}` });
    if (((json as { items?: readonly unknown[] } | undefined)?.items ?? []).length > 0) return true;
  }
  return false;
}

/** Apps that the configuration says where to find, and that no cluster has there. */
export function absentApps(
  told: readonly AppSource[],
  clusters: readonly OpenCluster[],
): AppName[] {
  const present = clusters.map((cluster) => cluster.apps());
  return told.filter(({ app }) => present.every((apps) => !apps.has(app))).map(({ app }) => app);
}
