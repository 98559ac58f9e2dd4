// The apps as one cluster shows them. Comes in: an open, fresh cluster. Goes out: a finding for each kind
// of fault, with the apps that have it. Nothing here fails.

import type { AppSource } from '../../clusters/cluster.ts';
import type { OpenCluster } from '../../clusters/kubernetes.ts';
import type { AppName, ReasonCode } from '../../model.ts';
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

export function appFindings({ cluster, sources }: Examined): Finding[] {
  const apps = [...cluster.apps()].toSorted();
  const faults = FAULTS.flatMap(({ code, level, fix }): Finding[] => {
    const words = apps.flatMap((app) => {
      const { reason } = cluster.footprint(app);
      return reason?.code === code ? [`${app}: ${reason.text}`] : [];
    });
    if (words.length === 0) return [];
    return [{ level, code, text: `${plural(words.length, 'app')} (${some(words)})`, fix }];
  });
  const { serviceLabel } = sources;
  const told = new Set(sources.told.map(({ app }) => app));
  if (serviceLabel === undefined || apps.some((app) => !told.has(app))) return faults;
  const undiscovered: Finding = {
    level: 'warning',
    code: 'nothing-selected',
    text: `no Service has the label ${serviceLabel} of \`apps.discover.services\``,
    fix: `label the Services of your apps: kubectl label service NAME ${serviceLabel}=APP`,
  };
  return [...faults, undiscovered];
}

/** Apps that the configuration says where to find, and that no cluster has there. */
export function absentApps(
  told: readonly AppSource[],
  clusters: readonly OpenCluster[],
): AppName[] {
  const present = clusters.map((cluster) => cluster.apps());
  return told.filter(({ app }) => present.every((apps) => !apps.has(app))).map(({ app }) => app);
}
