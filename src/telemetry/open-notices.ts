// Kubernetes Events as the configuration has them; without `telemetry.events` there are none.
//
// Comes in: a checked configuration. Goes out: notices for the reporter, and the work that writes them. On
// failure: a ConfigError that names the place of a kubeconfig that cannot be used.

import { openEventWriter } from '../clusters/event-writer.ts';
import type { ClusterWorld } from '../clusters/world.ts';
import { ConfigError, type LoadedConfig } from '../config.ts';
import { openNotices, type Notices } from './notices.ts';

export interface OpenNotices {
  readonly notices?: Notices;
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export async function openNoticesOf(
  loaded: LoadedConfig,
  world: ClusterWorld,
  isLeading: () => boolean,
): Promise<OpenNotices> {
  const { environment, telemetry } = loaded.config;
  const home = telemetry.events;
  if (!home) return { run: async () => undefined, close: async () => undefined };
  const writer = await openEventWriter(home, world).catch((cause: Error) => {
    const key = home.inCluster ? ['inCluster'] : ['kubeconfig', 'path'];
    const place = loaded.where(['telemetry', 'events', ...key]);
    throw new ConfigError([`${place}: ${cause.message}`], { cause });
  });
  const { clock, log } = world;
  const wall = (): number => world.wall().getTime();
  const notices = openNotices({ writer, environment, isLeading, clock, wall, log });
  return { notices, run: (signal) => notices.run(signal), close: () => writer.close() };
}
