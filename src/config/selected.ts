// What a configuration selects in its clusters: ingress nodes, ingress pods, pods of apps.

import { parseSelector } from '../clusters/selector.ts';
import type { Fault } from './faults.ts';
import type { Config } from './schema.ts';

const NO_SELECTOR = 'is no label selector (a=b, a!=b, a in (b, c), a, !a, with commas between)';

export function ingressFaults(config: Config): Fault[] {
  return config.clusters.flatMap(({ ingress }, index) => {
    const path = ['clusters', index, 'ingress'];
    const faults: Fault[] = [];
    if (!parseSelector(ingress.nodes)) faults.push({ path: [...path, 'nodes'], text: NO_SELECTOR });
    if (ingress.pods && !isPodSelector(ingress.pods.selector)) {
      faults.push({ path: [...path, 'pods', 'selector'], text: NO_SELECTOR });
    }
    return faults;
  });
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
