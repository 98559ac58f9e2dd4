// A plan against the clusters of a configuration, with what lives there.
//
// Comes in: a source, and the configuration's file. Goes out: a plan; what could not be looked at stands on
// the error output. On failure: a ConfigError. Nothing is written anywhere.

import { pino } from 'pino';
import { clusterWorld } from '../../app.ts';
import { readOrders } from '../../clusters/named-orders.ts';
import { loadConfig } from '../../config.ts';
import { planLive } from '../../fanout/live/live.ts';
import type { Plan } from '../../fanout/plan/plan.ts';
import { checkClusters, sealingOf } from '../../named.ts';
import { namingOf } from '../../rules.ts';
import type { PlaceOptions, RoomOptions } from './options.ts';
import type { Source } from './source.ts';

export async function planOfConfig(
  { orders, options }: Source,
  file: string,
  { timeout, dryRun, room, headroom: headroomPercent, degrade }: PlaceOptions & RoomOptions,
): Promise<Plan> {
  const loaded = loadConfig(file, process.env);
  const world = clusterWorld(loaded, pino({ level: 'silent' }));
  const timeoutMs = timeout * 1000;
  await checkClusters(loaded, world);
  const named = await readOrders(loaded.config, world, timeoutMs);
  for (const text of named.trouble) process.stderr.write(`${text}\n`);
  const { plan, notes } = await planLive(orders, named.orders, world, {
    plan: { ...options, apps: namingOf(loaded.config), degrade, ...sealingOf(loaded) },
    timeoutMs,
    dryRun,
    ...((room || degrade) && { room: { headroomPercent } }),
  });
  for (const note of notes) process.stderr.write(`${note}\n`);
  return plan;
}
