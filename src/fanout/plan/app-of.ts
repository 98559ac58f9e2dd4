// Which app a workload is: the one whose Service selects its pods, as the stream has it, or else as it
// lives; or that is said to have such pods. Pure.
//
// Comes in: a workload. Goes out: the apps that have its pods: none where nothing is weighed by them, and
// where there are several nobody knows which one to drain.

import type { AppSource } from '../../clusters/cluster.ts';
import { parseSelector } from '../../clusters/selector.ts';
import { isMap } from '../document.ts';
import { podPath } from '../kinds.ts';
import type { Manifest, Order } from '../model.ts';
import type { AppNaming } from './world.ts';

export type Placed = Pick<Order, 'object' | 'namespace'>;
/** In order, each once. */
export type AppsOf = (workload: Placed) => readonly string[];

/** `live`: Services of clusters. */
export function appNames(
  orders: readonly Placed[],
  naming: AppNaming = { list: [] },
  live: readonly Manifest[] = [],
): AppsOf {
  const { sources = [] } = naming;
  const coming = orders.filter(({ object }) => object.kind === 'Service');
  const here = new Set(coming.map(placeOf));
  const there = live
    .map((object) => ({ object, namespace: object.metadata.namespace ?? '' }))
    .filter((one) => !here.has(placeOf(one)));
  const services = [...coming, ...there];
  return ({ object, namespace }) => {
    const labels = podLabels(object);
    if (!labels) return [];
    const own = services.filter((one) => one.namespace === namespace && selects(one, labels));
    const named = own.flatMap((service) => nameOf(service, naming) ?? []);
    const told = sources.filter((one) => hasPods(one, namespace, labels)).map(({ app }) => app);
    return [...new Set([...named, ...told])].toSorted();
  };
}

const placeOf = ({ object, namespace }: Placed): string => `${namespace}/${object.metadata.name}`;

/** One that is told is only where it is told to be. */
function nameOf({ object, namespace }: Placed, naming: AppNaming): string | undefined {
  const { label, sources = [] } = naming;
  const { name, labels = {} } = object.metadata;
  const told = sources.find(({ services }) =>
    services.some((one) => one.name === name && one.namespace === namespace),
  );
  const found = label === undefined ? undefined : labels[label];
  return told?.app ?? (sources.some(({ app }) => app === found) ? undefined : found);
}

type Labels = Readonly<Record<string, string>>;

function hasPods({ pods = [] }: AppSource, namespace: string, labels: Labels): boolean {
  return pods.some((one) => {
    return one.namespace === namespace && parseSelector(one.selector)?.(labels) === true;
  });
}

/** Undefined of what has no pods. */
function podLabels(object: Manifest): Labels | undefined {
  const path = podPath(object);
  if (!path) return undefined;
  let at: unknown = object;
  for (const key of path.slice(0, -1)) at = isMap(at) ? at[key] : undefined;
  const metadata = isMap(at) ? at['metadata'] : undefined;
  const labels = isMap(metadata) ? metadata['labels'] : undefined;
  return isMap(labels) ? (labels as Labels) : {};
}

/** A Service without a selector selects nothing. */
function selects({ object }: Placed, labels: Labels): boolean {
  const { spec } = object;
  const selector = isMap(spec) ? spec['selector'] : undefined;
  const pairs = isMap(selector) ? Object.entries(selector) : [];
  return pairs.length > 0 && pairs.every(([key, value]) => labels[key] === value);
}
