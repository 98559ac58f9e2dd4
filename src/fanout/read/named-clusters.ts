// The clusters that a FanOut calls by name, each with its place. Which clusters there are is not known here:
// the plan says of which name there is none.

import type { Path } from '../../config/place.ts';
import type { NamedCluster } from '../model.ts';
import type { WrittenFanout } from '../schemas/own.ts';
import type { Read } from './checked.ts';

type Filters = readonly { readonly name?: string }[];

export function namedClusters(fanout: Read<WrittenFanout> | undefined): NamedCluster[] {
  if (!fanout) return [];
  const { document, read } = fanout;
  const { clusters, replicas = {}, strategy = {} } = read.spec;
  const { weights, min, max } = replicas;
  const spots = [
    ...ofFilters(clusters, ['spec', 'clusters']),
    ...Object.entries({ weights, min, max }).flatMap(([key, numbers = {}]) =>
      ofNumbers(numbers, ['spec', 'replicas', key]),
    ),
    ...(strategy.waves ?? []).flatMap((wave, index) =>
      ofFilters(wave.clusters, ['spec', 'strategy', 'waves', index, 'clusters']),
    ),
  ];
  return spots.map(({ name, path }) => ({ name, place: document.where(path) }));
}

interface Named {
  readonly name: string;
  readonly path: Path;
}

const ofFilters = (filters: Filters = [], path: Path): Named[] =>
  filters.flatMap(({ name }, index) =>
    name === undefined ? [] : [{ name, path: [...path, index] }],
  );

const ofNumbers = (numbers: Readonly<Record<string, number>>, path: Path): Named[] =>
  Object.keys(numbers)
    .filter((name) => name !== '*')
    .map((name) => ({ name, path: [...path, name] }));
