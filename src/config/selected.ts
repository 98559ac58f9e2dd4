// What a configuration selects in its clusters: ingress nodes, ingress pods, pods of apps.

import { parseSelector } from '../clusters/selector.ts';
import type { ClusterSettings } from '../clusters/settings.ts';
import type { Fault } from './faults.ts';
import type { Path } from './place.ts';
import type { Config } from './schema.ts';

const NO_SELECTOR = 'is no label selector (a=b, a!=b, a in (b, c), a, !a, with commas between)';

export function ingressFaults(config: Config): Fault[] {
  return (['clusters', 'clusterSources'] as const).flatMap((key) =>
    config[key].flatMap(({ ingress }, index) => faultsAt([key, index, 'ingress'], ingress)),
  );
}

function faultsAt(path: Path, ingress: ClusterSettings['ingress']): Fault[] {
  const { nodes, pods } = ingress;
  const faults: Fault[] = [...wayFaults(ingress, path)];
  if (nodes !== undefined && !parseSelector(nodes))
    faults.push({ path: [...path, 'nodes'], text: NO_SELECTOR });
  if (pods && !isPodSelector(pods.selector)) {
    faults.push({ path: [...path, 'pods', 'selector'], text: NO_SELECTOR });
  }
  return faults;
}

/** Either nodes, whose addresses are looked for in one place, or the Service of a load balancer. */
function* wayFaults(ingress: Config['clusters'][number]['ingress'], path: Path): Generator<Fault> {
  const { nodes, service, addressType, addressAnnotation } = ingress;
  if ((nodes === undefined) === (service === undefined)) {
    yield { path, text: 'needs either nodes or service' };
  }
  if (addressType !== undefined && addressAnnotation !== undefined) {
    const text = 'stands instead of addressType';
    yield { path: [...path, 'addressAnnotation'], text };
  }
  if (service === undefined) return;
  for (const key of ['pods', 'addressType', 'addressAnnotation'] as const) {
    const text = 'has an effect only with nodes: the addresses are those of service';
    if (ingress[key] !== undefined) yield { path: [...path, key], text };
  }
}

export function podFaults(config: Config): Fault[] {
  return (config.apps.list ?? []).flatMap(({ pods = [], ...app }, index) => {
    const path = ['apps', 'list', index, 'pods'];
    const others = app.services ?? app.service ?? app.namespace;
    if (pods.length > 0 && others !== undefined) {
      return [{ path, text: 'stands instead of service, namespace and services' }];
    }
    return pods.flatMap(({ selector }, at) =>
      isPodSelector(selector) ? [] : [{ path: [...path, at, 'selector'], text: NO_SELECTOR }],
    );
  });
}

/** The API server reads these, and knows `a>1` too. */
function isPodSelector(text: string): boolean {
  return parseSelector(text.replace(/\s*[<>]\s*-?[0-9]+/g, '')) !== undefined;
}
