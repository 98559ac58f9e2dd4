// Kubeconfigs in files, followed by their contents: a mounted Secret swaps a symlink, which no watch of
// files tells of.
//
// Comes in: how to read them all once. Goes out: a word whenever a content, or the set of files, is
// another; the first at once. On failure: what could not be read keeps its last good order, and is said.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import { type KubeconfigPlace, loadCluster } from './kubeconfig.ts';
import type { ClusterOrder, SourceWord } from './registry.ts';
import type { ClusterSettings } from './settings.ts';

export interface FilesSeen {
  /** By file or cluster. */
  readonly orders: ReadonlyMap<string, ClusterOrder>;
  readonly trouble: readonly string[];
}

/** Reads once; `good` is what it last gave. Throws nothing. */
export type FilesSource = (good: ReadonlyMap<string, ClusterOrder>) => Promise<FilesSeen>;

const PAUSE_MS = 1000;

/** Tells until the signal aborts. */
export async function followFiles(
  read: FilesSource,
  tell: (word: SourceWord) => Promise<void>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  let good: ReadonlyMap<string, ClusterOrder> = new Map();
  let said = '';
  while (!signal.aborted) {
    const { orders, trouble } = await read(good);
    if (signal.aborted) return;
    good = orders;
    const word = { orders: [...orders.values()], trouble };
    const words = JSON.stringify(word);
    if (words !== said) await tell(word);
    said = words;
    await clock.sleep(PAUSE_MS, signal);
  }
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The clusters that the configuration names one by one. */
export function listedSource(
  clusters: readonly ClusterSettings[],
  world: Parameters<typeof loadCluster>[1],
): FilesSource {
  return async (good) => {
    const orders = new Map<string, ClusterOrder>();
    const trouble: string[] = [];
    for (const settings of clusters) {
      const { name } = settings;
      try {
        orders.set(name, await listedOrder(settings, world));
      } catch (error) {
        const last = good.get(name);
        if (last) orders.set(name, last);
        trouble.push(`${(error as Error).message}${last ? '; its last good content stays' : ''}`);
      }
    }
    return { orders, trouble };
  };
}

async function listedOrder(
  settings: ClusterSettings,
  world: Parameters<typeof loadCluster>[1],
): Promise<ClusterOrder> {
  const load = () => loadCluster(settings, world);
  await load();
  return { settings, digest: await contentOf(settings.kubeconfig), load };
}

/** Paths of a configuration are absolute. */
async function contentOf(place: KubeconfigPlace | undefined): Promise<string> {
  return place ? digestOf(await readFile(place.path, 'utf8')) : '';
}
