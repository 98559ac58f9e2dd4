// What the configuration names, ready to be opened: with its files read, and the place of what is wrong
// with them. Comes in: a checked configuration. Goes out: what the stages are opened with. On failure: a
// ConfigError that names file, line and key.

import { readFileSync } from 'node:fs';
import { loadCluster } from './clusters/kubeconfig.ts';
import { ConfigError, type LoadedConfig } from './config.ts';
import type { RedisPlace } from './edges/redis-connection.ts';
import type { EdgeSettings } from './edges/settings.ts';
import { sealingBy, type Sealing } from './fanout/plan/seal.ts';

/** A kubeconfig that cannot be used ends the start, or the reload, with its place. */
export async function checkClusters(
  loaded: LoadedConfig,
  world: Parameters<typeof loadCluster>[1],
): Promise<void> {
  for (const [index, { name, jobs, ...settings }] of loaded.config.clusters.entries()) {
    const ways = [
      { way: settings, path: [] },
      { way: jobs, path: ['jobs'] },
    ];
    for (const { way, path } of ways) {
      if (!way) continue;
      try {
        await loadCluster({ name, ...way }, world);
      } catch (cause) {
        const key = way.inCluster ? ['inCluster'] : ['kubeconfig', 'path'];
        const place = loaded.where(['clusters', index, ...path, ...key]);
        throw new ConfigError([`${place}: ${(cause as Error).message}`], { cause });
      }
    }
  }
}

/** Of each edge that has an endpoint. */
export function openEdges<Opened>(
  loaded: LoadedConfig,
  open: (settings: EdgeSettings & { readonly control: string }) => Opened,
): Opened[] {
  return loaded.config.edges.flatMap((edge, index) => {
    const { control } = edge;
    if (control === undefined) return [];
    try {
      return [open({ ...edge, control })];
    } catch (cause) {
      const place = loaded.where(['edges', index, 'token', 'file']);
      throw new ConfigError([`${place}: ${(cause as Error).message}`], { cause });
    }
  });
}

export function redisPlace(loaded: LoadedConfig): RedisPlace {
  const { url, user, password, tls, sentinels, masterName, sentinelPassword } = loaded.config.redis;
  const read = (file: string | undefined, ...path: string[]): string | undefined =>
    file === undefined ? undefined : readText(loaded, file, ['redis', ...path]);
  return {
    url,
    user,
    password: read(password?.file, 'password', 'file')?.trim(),
    ca: read(tls?.ca, 'tls', 'ca'),
    serverName: tls?.serverName,
    sentinels,
    masterName,
    sentinelPassword: read(sentinelPassword?.file, 'sentinelPassword', 'file')?.trim(),
  };
}

/** Of what Secrets hold, by the key that all controllers have: a plan is compared with another’s. */
export function sealingOf(loaded: LoadedConfig): { readonly sealing?: Sealing } {
  const { forward } = loaded.config.api;
  if (!forward) return {};
  const path = ['api', 'forward', 'key', 'file'];
  return { sealing: sealingBy(readText(loaded, forward.key.file, path).trim()) };
}

function readText(loaded: LoadedConfig, file: string, path: readonly string[]): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const line = `${loaded.where(path)}: cannot be read: ${(cause as Error).message}`;
    throw new ConfigError([line], { cause });
  }
}
