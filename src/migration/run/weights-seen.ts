// Whether what is published is what a move's pins say: a person's hold is narrower, or drains. Pure.

import type { Server, Upstream } from '../../model.ts';
import type { JobHold } from '../../words/of-jobs.ts';
import type { MigrationPlan } from '../plan/model.ts';

type Ways = Pick<MigrationPlan, 'from' | 'to'>;

/**
 * Undefined: all is as it was said. A cluster whose pin is 0 need not be there at all, nor one that is
 * neither source nor destination: others have its share then.
 */
export function weightFault(
  upstream: Upstream | undefined,
  wanted: readonly JobHold[],
  { from, to }: Ways,
): string | undefined {
  if (!upstream) return 'nothing is published of it';
  const faults = wanted.flatMap((hold) => {
    const servers = upstream.servers.filter((server) => server.from === hold.cluster);
    if (servers.length === 0 && hold.cluster !== from && hold.cluster !== to) return [];
    if (hold.kind === 'drain') return drainFault(hold, servers);
    return hold.kind === 'pin' ? pinFault(hold, servers) : [];
  });
  return faults[0];
}

function drainFault({ cluster }: JobHold, servers: readonly Server[]): string[] {
  const sum = sumOf(servers);
  return sum === 0 ? [] : [`${cluster} is published with ${sum}, and is to have 0`];
}

/** Of a sum over several servers each has the whole part, at least 1. */
function pinFault({ cluster, weight = 0 }: JobHold, servers: readonly Server[]): string[] {
  const sum = sumOf(servers);
  const { length: count } = servers;
  if (weight > 0 && count === 0) return [`${cluster} has no server of it any more`];
  const isSo = weight === 0 ? sum === 0 : Math.abs(sum - Math.max(weight, count)) < count + 1;
  return isSo ? [] : [`${cluster} is published with ${sum}, and is to have ${weight}`];
}

function sumOf(servers: readonly Server[]): number {
  return servers.reduce((sum, { weight }) => sum + weight, 0);
}
