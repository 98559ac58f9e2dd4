// What the page is served from where no edge has to be real: a whole controller in memory, clusters that a
// test drives, edges that say what they are told to say.

import { join } from 'node:path';
import { readPage } from '../../src/api/page.ts';
import type { ApiParts } from '../../src/api/server.ts';
import { systemClock } from '../../src/clock.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { openMemoryStore } from '../../src/edges/memory.ts';
import type { EdgeState } from '../../src/edges/edge-state.ts';
import type { RunsOwn } from '../api/memory-runs.ts';
import { openApi } from '../api/open-api.ts';
import { until } from '../controlplane/until.ts';

export { closeAll } from '../api/open-api.ts';

const BUILT = join(import.meta.dirname, '..', '..', 'src', 'admin', 'built');

export interface Size {
  readonly apps: number;
  readonly clusters: number;
  readonly nodes?: number;
  /** Absent: any. */
  readonly port?: number;
}

export async function openStanding(
  size: Size,
  more: Partial<ApiParts> = {},
  own: Pick<RunsOwn, 'objects' | 'kinds'> = {},
) {
  const page = await readPage(BUILT);
  if (!page) throw new Error('the page is not built: run `npm run browser`, which builds it');
  const clusters = clustersOf(size);
  const names = appNames(size.apps);
  const opened = await openApi(
    // Its history tells times of day.
    { ...own, clusters, wall: () => new Date(), store: openMemoryStore(() => Date.now()) },
    { wall: () => new Date(), page, ...more },
  );
  const { controller, book, api } = opened;
  await until('every app is published', () => {
    const published = controller.published();
    return names.every((name) => published?.app(name) !== undefined);
  });
  const url = await api.listen({ host: '127.0.0.1', port: size.port ?? 0 });
  return {
    ...opened,
    url,
    clusters,
    /** An edge says that it has everything, or what else is told. */
    hear: (name: string, told: Partial<EdgeState> = {}): void => {
      const mark = controller.published()?.mark ?? { term: 0, version: 0 };
      beat += 1;
      const state = { ...stateOf(name, mark), beat, ...told };
      book.hear(state, systemClock.now());
    },
  };
}

let beat = 0;

function stateOf(name: string, mark: { term: number; version: number }): EdgeState {
  return {
    name,
    start: 'a',
    beat: 1,
    control: 'http://127.0.0.1:1',
    highest: mark.term,
    mark,
    saved: mark,
    workers: [
      { pid: 11, mark },
      { pid: 12, mark },
    ],
    refused: [],
    compared: mark.term,
    above: [],
    documents: 3,
    source: 'redis',
  };
}

function clustersOf({ apps, clusters, nodes = 2 }: Size): MemoryCluster[] {
  const names = ['east', 'north', 'south', 'west'];
  return Array.from({ length: clusters }, (_, at) => {
    const cluster = new MemoryCluster(names[at] ?? `cluster-${at + 1}`);
    cluster.setNodes(
      Array.from({ length: nodes }, (_node, node) => ({
        name: `${cluster.name}-${node + 1}`,
        address: `10.${at + 1}.0.${node + 1}:80`,
      })),
    );
    for (const [rank, name] of appNames(apps).entries()) {
      const pods = 1 + ((rank * 7 + at * 3) % 12);
      cluster.set(name, { pods, hosts: [`${name}.example.com`] });
    }
    return cluster;
  });
}

const NAMED = ['shop', 'cart', 'pay', 'search', 'login', 'mail'];

export function appNames(count: number): string[] {
  return Array.from(
    { length: count },
    (_, at) => NAMED[at] ?? `app-${String(at).padStart(5, '0')}`,
  );
}
