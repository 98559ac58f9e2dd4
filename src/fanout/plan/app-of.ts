// Which app a workload is: the one whose Service selects its pods, as the stream has them. Without such a
// Service, or where it is of no app, a workload is the app of its own name.

import { isMap } from '../document.ts';
import { podPath } from '../kinds.ts';
import type { Manifest, Order } from '../model.ts';
import type { AppNaming } from './world.ts';

/** Undefined of what has no pods. */
export function appNames(
  orders: readonly Order[],
  naming: AppNaming = { list: [] },
): (order: Order) => string | undefined {
  const services = orders.filter(({ object }) => object.kind === 'Service');
  return ({ object, namespace }) => {
    const labels = podLabels(object);
    if (!labels) return undefined;
    const own = services.filter((one) => one.namespace === namespace && selects(one, labels));
    const named = own.flatMap((service) => nameOf(service, naming) ?? []);
    return named.toSorted()[0] ?? object.metadata.name;
  };
}

function nameOf({ object, namespace }: Order, { label, list }: AppNaming): string | undefined {
  const { name, labels = {} } = object.metadata;
  const told = list.find((app) => app.service === name && app.namespace === namespace);
  return told?.name ?? (label === undefined ? undefined : labels[label]);
}

function podLabels(object: Manifest): Record<string, unknown> | undefined {
  const path = podPath(object);
  if (!path) return undefined;
  let at: unknown = object;
  for (const key of path.slice(0, -1)) at = isMap(at) ? at[key] : undefined;
  const metadata = isMap(at) ? at['metadata'] : undefined;
  const labels = isMap(metadata) ? metadata['labels'] : undefined;
  return isMap(labels) ? labels : {};
}

/** A Service without a selector selects nothing. */
function selects({ object }: Order, labels: Record<string, unknown>): boolean {
  const { spec } = object;
  const selector = isMap(spec) ? spec['selector'] : undefined;
  const pairs = isMap(selector) ? Object.entries(selector) : [];
  return pairs.length > 0 && pairs.every(([key, value]) => labels[key] === value);
}
