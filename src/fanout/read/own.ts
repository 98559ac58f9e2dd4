// A FanOut: which objects of the stream go to which clusters, and how. Beside another system's YAML it
// holds the strategy alone.

import { namespaceOf, replicasKey, replicasOf } from '../kinds.ts';
import type { ClusterFilter, Division, Manifest, Order, Preference } from '../model.ts';
import type { Report } from '../report.ts';
import { requirementsOf } from '../../label-requirements.ts';
import { FanoutShape, type WrittenFanout } from '../schemas/own.ts';
import { isMap, type StreamDocument } from '../document.ts';
import { checked, type Read } from './checked.ts';

export const API_VERSION = 'ballast.io/v1';

export function isOwn({ apiVersion }: Manifest): boolean {
  return apiVersion.startsWith('ballast.io/');
}

/** At most one: a plan has one name and one strategy. */
export function readOwn(
  documents: readonly StreamDocument[],
  report: Report,
): Read<WrittenFanout> | undefined {
  const [document, ...others] = documents;
  if (!document) return undefined;
  for (const other of others) {
    const text = `a stream has one FanOut; the other is ${document.where([])}`;
    report.fault(other, [], text);
  }
  const { apiVersion, kind } = document.object;
  if (apiVersion !== API_VERSION || kind !== 'FanOut') {
    report.fault(document, ['kind'], `only FanOut of ${API_VERSION} is known`);
    return undefined;
  }
  const spot = { document, path: [], report };
  const read = checked(FanoutShape, written(document.object), spot);
  if (!read) return undefined;
  const one = { document, read, namespace: '' };
  rangeFaults(one, report);
  return one;
}

/** `all` is one selector of everything, a cluster's name a filter, a number an amount. */
function written(object: Manifest): unknown {
  const { spec } = object;
  if (!isMap(spec)) return object;
  const { objects, clusters, strategy } = spec;
  return {
    ...object,
    spec: {
      ...spec,
      ...(objects === 'all' && { objects: [{}] }),
      ...(clusters !== undefined && { clusters: filters(clusters) }),
      ...(isMap(strategy) && { strategy: writtenStrategy(strategy) }),
    },
  };
}

const filters = (clusters: unknown): unknown =>
  Array.isArray(clusters)
    ? clusters.map((one: unknown) => (typeof one === 'string' ? { name: one } : one))
    : clusters;

function writtenStrategy(strategy: Record<string, unknown>): unknown {
  const amounts = ['maxConcurrency', 'floor'].flatMap((key): [string, unknown][] => {
    const value = strategy[key];
    return typeof value === 'number' ? [[key, String(value)]] : [];
  });
  const { waves } = strategy;
  const named = Array.isArray(waves)
    ? waves.map((wave: unknown) =>
        isMap(wave) ? { ...wave, clusters: filters(wave['clusters']) } : wave,
      )
    : waves;
  return {
    ...strategy,
    ...Object.fromEntries(amounts),
    ...(named !== undefined && { waves: named }),
  };
}

function rangeFaults({ document, read }: Read<WrittenFanout>, report: Report): void {
  const { min = {}, max = {} } = read.spec.replicas ?? {};
  for (const name of new Set([...Object.keys(min), ...Object.keys(max)])) {
    const [least, most] = [of(min, name) ?? 0, of(max, name) ?? NO_LIMIT];
    if (most >= least) continue;
    const text = `is less than min, ${least}: no number is both`;
    report.fault(document, ['spec', 'replicas', 'max', name], text);
  }
}

const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/** Who is not named has what `*` says. */
function of(numbers: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(numbers, name) ? numbers[name] : numbers['*'];
}

export function names(fanout: Read<WrittenFanout>, { metadata, ...object }: Manifest): boolean {
  const labels = metadata.labels ?? {};
  return (fanout.read.spec.objects ?? []).some((selector) => {
    const wanted = Object.entries(selector.labels ?? {});
    return (
      (selector.kind ?? object.kind) === object.kind &&
      (selector.apiVersion ?? object.apiVersion) === object.apiVersion &&
      (selector.name ?? metadata.name) === metadata.name &&
      isIn(selector.namespace, { metadata, ...object }) &&
      wanted.every(([key, value]) => labels[key] === value)
    );
  });
}

const isIn = (wanted: string | undefined, object: Manifest): boolean =>
  wanted === undefined || wanted === namespaceOf(object);

/** The order of the list is the order of a serial run; a cluster must meet one of its entries. */
export function filterOf({
  name,
  labels,
}: {
  name?: string;
  labels?: Record<string, string>;
}): ClusterFilter {
  return {
    ...(name !== undefined && { names: [name] }),
    exclude: [],
    labels: requirementsOf({ matchLabels: labels ?? {} }),
    fields: [],
  };
}

export function readPlain(
  document: StreamDocument,
  { document: mine, read }: Read<WrittenFanout>,
  report: Report,
): Order {
  const { object } = document;
  const namespace = namespaceOf(object);
  const { clusters = [] } = read.spec;
  if (clusters.length === 0) {
    report.fault(mine, ['spec', 'clusters'], 'is missing: a plain object goes where this says');
  }
  return {
    dialect: 'plain',
    object,
    namespace,
    placement: {
      groups: [{ name: '', tiers: clusters.map(filterOf) }],
      within: [],
      readyOnly: false,
    },
    division: divisionOf(object, namespace, read.spec.replicas),
    patches: [],
    keep: { replicas: false, annotations: false, adopt: false },
    place: document.where([]),
    chosenBy: `FanOut ${read.metadata.name}`,
  };
}

function divisionOf(
  object: Manifest,
  namespace: string,
  replicas: WrittenFanout['spec']['replicas'],
): Division {
  if (!replicas || replicasKey(object) === undefined) return { kind: 'as-written' };
  const { total, weights = { '*': 1 }, min = {}, max = {} } = replicas;
  const named = new Set([...Object.keys(weights), ...Object.keys(min), ...Object.keys(max)]);
  const preferences = [...named].map((name): [string, Preference] => {
    const most = of(max, name);
    const weight = of(weights, name) ?? 0;
    const least = of(min, name) ?? 0;
    return [name, { weight, min: least, ...(most !== undefined && { max: most }) }];
  });
  return {
    kind: 'planner',
    total: total ?? replicasOf(object),
    key: `${namespace}/${object.metadata.name}`,
    rebalance: true,
    preferences: Object.fromEntries(preferences),
    others: 'object',
  };
}
