// Which workload is an app's: the one whose pods its Services select. Pure.

import { isRollout } from '../manifests/rollout.ts';
import { selects } from '../manifests/service.ts';
import {
  at,
  groupOf,
  nameOf,
  textAt,
  textsAt,
  type Finding,
  type FindingCode,
  type Manifest,
} from '../manifests/manifest.ts';
import { staysBehind } from '../manifests/metadata.ts';
import type { AppName } from '../../model.ts';
import type { AppWorld, PlanWorld } from './model.ts';

const KINDS = ['Rollout', 'Deployment', 'StatefulSet'];

export type FoundWorkload = { readonly workload: Manifest } | { readonly finding: Finding };

export function findWorkload(
  app: Pick<AppWorld, 'app' | 'namespace' | 'selects'>,
  objects: readonly Manifest[],
  appOf: PlanWorld['appOf'],
): FoundWorkload {
  const place = `${app.namespace ?? ''}/${app.app}`;
  const said = (code: FindingCode, text: string): FoundWorkload => ({
    finding: { severity: 'refuse', code, object: `app ${place}`, text },
  });
  const services = objects.filter((one) => one.kind === 'Service' && groupOf(one) === '');
  const own = services.filter((one) => appOf(one) === app.app);
  if (own.length === 0 && !app.selects) return said('no-workload', 'no Service of it is there');
  const candidates = workloadsIn(objects).filter((one) => {
    const labels = podLabels(one, objects);
    return app.selects?.(labels) ?? own.some((service) => selects(service, labels));
  });
  const [workload] = candidates;
  if (!workload) return said('no-workload', 'none has pods that its Services select');
  if (candidates.length > 1)
    return said('several-workloads', `${candidates.map(nameOf).join(', ')} are selected`);
  const others = othersOf(services, podLabels(workload, objects), { app: app.app, appOf });
  if (others.length > 0)
    return said('several-apps', `${nameOf(workload)} is selected for ${others.join(', ')} too`);
  return { workload };
}

/** A Deployment whose template a Rollout takes is that Rollout's. */
function workloadsIn(objects: readonly Manifest[]): Manifest[] {
  const taken = new Set(
    objects.filter(isRollout).map(({ spec }) => textAt(spec, 'workloadRef', 'name')),
  );
  return objects.filter(
    (one) =>
      KINDS.includes(one.kind) &&
      (staysBehind(one) === undefined || textAt(one.metadata, 'deletionTimestamp') !== undefined) &&
      !(one.kind === 'Deployment' && taken.has(one.metadata.name)),
  );
}

function podLabels(workload: Manifest, objects: readonly Manifest[]): Record<string, string> {
  const name = isRollout(workload) ? textAt(workload, 'spec', 'workloadRef', 'name') : undefined;
  const holder = objects.find((one) => one.kind === 'Deployment' && one.metadata.name === name);
  return textsAt(at(holder ?? workload, 'spec', 'template'), 'metadata', 'labels');
}

function othersOf(
  services: readonly Manifest[],
  labels: Readonly<Record<string, string>>,
  { app, appOf }: { readonly app: AppName; readonly appOf: PlanWorld['appOf'] },
): AppName[] {
  const apps = services.filter((one) => selects(one, labels)).map(appOf);
  return [...new Set(apps.filter((one) => one !== undefined && one !== app))] as AppName[];
}
