// What a destination is like, for the apps that would come.
//
// Comes in: the cluster, the apps. Goes out: what bears on them there. On failure: the trouble stands in it.

import { failureOf } from '../../clusters/call-failure.ts';
import type { MigrationParts } from '../parts.ts';
import type { AppWorld, DestinationWorld } from '../plan/model.ts';
import { withLinks, type Order } from './links.ts';
import { readDestination } from './live.ts';

export async function destinationOf(
  parts: MigrationParts,
  order: Order,
  apps: readonly AppWorld[],
): Promise<DestinationWorld> {
  const { name, jobs } = order.settings;
  const status = parts.controller.clusters().find((one) => one.name === name);
  const ingressNodes = status?.ingressNodes.length ?? 0;
  const own = { ingressNodes, ...(jobs && { jobs }) };
  const objects = apps.flatMap(({ source }) => source?.objects ?? []);
  const ask = {
    namespaces: [...new Set(apps.flatMap(({ namespace }) => namespace ?? []))],
    kinds: new Set(objects.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`)),
    secrets: jobs?.secrets === true,
    headroomPercent: parts.rules().migration.headroomPercent ?? 10,
  };
  try {
    return await withLinks(order, parts.world, async (listings) => ({
      ...(await readDestination(listings, ask)),
      ...own,
    }));
  } catch (error) {
    return { ...UNREAD, ...own, trouble: failureOf(error).text };
  }
}

const UNREAD: Omit<DestinationWorld, 'ingressNodes'> = {
  view: { headroomPercent: 0 },
  overheads: {},
  namespaces: new Map(),
  classes: new Set(),
  classKinds: new Set(),
  unserved: new Set(),
  hosts: new Map(),
};
