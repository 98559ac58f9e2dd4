// What of an app is others' too, and they need it: it goes along, and stays at the source. Pure.
//
// Comes in: an object that goes along, the others that do, all that was read of the namespace. Goes out:
// who else needs it.

import { selects } from './collect.ts';
import { at, groupOf, nameOf, textsAt, type Manifest } from './manifest.ts';
import { leads } from './routes.ts';

const WORKLOADS = ['Rollout', 'Deployment', 'StatefulSet'];

/** Of a Service other workloads that it selects, of a route other Services that it leads to. */
export function othersOf(
  object: Manifest,
  own: readonly Manifest[],
  all: readonly Manifest[],
): string[] {
  const services = leads(object);
  const needs = (one: Manifest): boolean =>
    one.kind === 'Service'
      ? groupOf(one) === '' && services.includes(one.metadata.name)
      : WORKLOADS.includes(one.kind) && selects(object, podLabels(one));
  return all.filter((one) => !own.includes(one) && needs(one)).map(nameOf);
}

const podLabels = (workload: Manifest): Record<string, string> =>
  textsAt(at(workload, 'spec', 'template'), 'metadata', 'labels');
