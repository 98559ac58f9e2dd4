// The clusters of a plan: as the configuration names them, with what lives there; or from a list, of
// which nothing is read.

import { pino } from 'pino';
import { Type } from 'typebox';
import { LineCounter, parseDocument } from 'yaml';
import { clusterWorld } from '../../app.ts';
import { failureOf } from '../../clusters/call-failure.ts';
import { loadCluster } from '../../clusters/kubeconfig.ts';
import { LIMITS } from '../../clusters/limits.ts';
import { Link } from '../../clusters/link.ts';
import { readLiveObjects, type WantedObject } from '../../clusters/live-objects.ts';
import { type ClusterSettings, clusterTraits } from '../../clusters/settings.ts';
import type { ClusterWorld } from '../../clusters/world.ts';
import { loadConfig } from '../../config.ts';
import { schemaFaults } from '../../config/faults.ts';
import { placeOf } from '../../config/place.ts';
import type { FanoutCluster, Orders } from '../../fanout/model.ts';
import { modernise } from '../../fanout/plan/modern.ts';
import { FANOUT_LABEL, type World, type WorldCluster } from '../../fanout/plan/world.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';

export interface Reading {
  readonly timeout: number;
  readonly name?: string;
}

type Traits = Pick<ClusterSettings, 'name' | 'labels' | 'provider' | 'region' | 'zones' | 'taints'>;

export async function worldOfConfig(
  file: string,
  orders: Orders,
  reading: Reading,
): Promise<World> {
  const loaded = loadConfig(file, process.env);
  const world = clusterWorld(loaded, pino({ level: 'silent' }));
  const wanted = orders.orders.map(({ object, namespace }): WantedObject => {
    const { apiVersion, kind, metadata } = modernise(object).object;
    return { apiVersion, kind, namespace, name: metadata.name };
  });
  const { clusters, clusterSources } = loaded.config;
  if (clusterSources.length > 0) {
    process.stderr.write('clusters of clusterSources are not asked: name them under clusters\n');
  }
  const asked = clusters.map((settings) => readCluster(settings, wanted, { world, reading }));
  return { clusters: await Promise.all(asked) };
}

async function readCluster(
  settings: ClusterSettings,
  wanted: readonly WantedObject[],
  { world, reading }: { readonly world: ClusterWorld; readonly reading: Reading },
): Promise<WorldCluster> {
  const load = () => loadCluster(settings, world);
  const link = new Link(await load(), load, { ...world, limits: LIMITS });
  const label = reading.name === undefined ? undefined : `${FANOUT_LABEL}=${reading.name}`;
  try {
    const signal = AbortSignal.timeout(reading.timeout * 1000);
    const { found, unserved, unlisted } = await readLiveObjects(
      { link, signal, isOld },
      wanted,
      label,
    );
    for (const what of unlisted) {
      process.stderr.write(
        `${settings.name}: may not list ${what}: what left is not known there\n`,
      );
    }
    return { cluster: clusterOf(settings, true), live: found, unserved };
  } catch (error) {
    return { cluster: clusterOf(settings, false), trouble: failureOf(error).text };
  } finally {
    await link.close();
  }
}

/** Pods without a node for so long have been looked at, and found none. */
const OLD_MS = 60_000;

const isOld = (time: string): boolean => Date.now() - Date.parse(time) > OLD_MS;

function clusterOf(traits: Traits, ready: boolean): FanoutCluster {
  const { name, labels = {}, provider, region, zones = [], taints = [] } = traits;
  return {
    name,
    ready,
    labels,
    zones,
    taints,
    ...(provider !== undefined && { provider }),
    ...(region !== undefined && { region }),
  };
}

const Clusters = Type.Array(
  Type.Object(
    {
      name: Type.String({ minLength: 1 }),
      ready: Type.Optional(Type.Boolean()),
      ...clusterTraits,
    },
    { additionalProperties: false },
  ),
);

/** Names alone, or with what a cluster's entry in the configuration may say. */
export function clustersFromFile({ name: file, text }: { name: string; text: string }): World {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true });
  const [broken] = document.errors;
  if (broken) throw new CommandFailure(EXIT.failed, `${file}: ${broken.message.split('\n')[0]}`);
  const written: unknown = document.toJS({ maxAliasCount: 100 });
  if (!Array.isArray(written)) {
    const text = `${file}: must be a list of clusters: - east, or - {name: east, labels: {…}}`;
    throw new CommandFailure(EXIT.failed, text);
  }
  const clusters = written.map((one: unknown) => (typeof one === 'string' ? { name: one } : one));
  const faults = schemaFaults(Clusters, clusters);
  if (faults.length > 0) {
    const place = { document, counter, file };
    const lines = faults.map((fault) => `${placeOf(place, fault.path)}: ${fault.text}`);
    throw new CommandFailure(EXIT.failed, lines.join('\n'));
  }
  const list = clusters as (Traits & { ready?: boolean })[];
  return {
    clusters: list.map(({ ready = true, ...traits }) => ({
      cluster: clusterOf(traits, ready),
      trouble: 'not asked: no configuration was given',
    })),
  };
}
