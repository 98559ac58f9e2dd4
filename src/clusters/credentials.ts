// Until when the credentials of all clusters last.
//
// Comes in: the orders of clusters as they are now, and the file of the API's own certificate. Goes out:
// their lives. On failure: a credential that cannot be read has none; who uses it says so.

import { readFile } from 'node:fs/promises';
import type { ClusterName } from '../model.ts';
import { readShown } from './access.ts';
import { livesOf, type CredentialLife } from './credential-life.ts';
import { loadCluster, type LoadedConfig, type LoadWorld } from './kubeconfig.ts';
import type { ClusterOrder } from './registry.ts';

export interface Credential extends CredentialLife {
  /** Absent: of the API. */
  readonly cluster?: ClusterName;
  readonly use: 'watch' | 'jobs' | 'api';
}

type Order = Pick<ClusterOrder, 'settings' | 'load'>;

export interface CredentialPlaces {
  readonly orders: readonly Order[];
  /** The file of the API's certificate. */
  readonly certificate?: string | undefined;
  readonly world: LoadWorld;
}

export async function readCredentials(places: CredentialPlaces): Promise<readonly Credential[]> {
  const { orders, certificate, world } = places;
  const all: Credential[] = [];
  // One after the other: a whole fleet of them is parsed beside the rounds.
  for (const order of orders) all.push(...(await ofOrder(order, world)));
  if (certificate !== undefined) {
    const cert = await readFile(certificate, 'utf8').catch(() => undefined);
    all.push(...livesOf({ cert }).map((life) => ({ ...life, use: 'api' }) as const));
  }
  return all;
}

async function ofOrder({ settings, load }: Order, world: LoadWorld): Promise<Credential[]> {
  const { name: cluster, jobs } = settings;
  const watch = (await livesBy(load)).map((life) => ({ ...life, cluster, use: 'watch' }) as const);
  const { kubeconfig, inCluster = false } = jobs ?? {};
  // Without one of their own jobs use the one above.
  if (kubeconfig === undefined && !inCluster) return watch;
  const place = { name: cluster, ...(kubeconfig && { kubeconfig }), inCluster };
  const lives = await livesBy(() => loadCluster(place, world));
  return [...watch, ...lives.map((life) => ({ ...life, cluster, use: 'jobs' }) as const)];
}

async function livesBy(load: () => Promise<LoadedConfig>): Promise<readonly CredentialLife[]> {
  try {
    const loaded = await load();
    return loaded.plugin ? [] : livesOf(await readShown(loaded));
  } catch {
    return [];
  }
}
