// Whether what is published is what a move's pins say, and whose hold is in the way: a person's is narrower,
// or drains. Pure.

import type { Hold, Server, Upstream } from '../../model.ts';
import { speaksOf } from '../../weights/holds.ts';
import type { JobHold } from '../../words/of-jobs.ts';
import type { MigrationPlan } from '../plan/model.ts';

type Ways = Pick<MigrationPlan, 'from' | 'to'>;

/**
 * Undefined: all is as it was said. A cluster whose pin is 0 need not be there at all, nor one that is
 * neither source nor destination: others have its share then. `from`: what requests leave. `others`: holds
 * that are not the job's.
 */
export function weightFault(
  upstream: Upstream | undefined,
  wanted: readonly JobHold[],
  { from, to }: Ways,
  others: readonly Hold[],
): string | undefined {
  if (!upstream) return 'nothing is published of it';
  const faults = wanted.flatMap((hold) => {
    const servers = upstream.servers.filter((server) => server.from === hold.cluster);
    if (servers.length === 0 && hold.cluster !== from && hold.cluster !== to) return [];
    if (hold.kind === 'drain') return drainFault(hold, servers);
    if (hold.kind !== 'pin' || (hold.cluster === from && isEmptied(upstream, servers, others)))
      return [];
    return pinFault(hold, servers).map((fault) => `${fault}${inTheWay(upstream, servers, others)}`);
  });
  return faults[0];
}

/** A person has drained what requests leave anyway: it gets none of its part any more. */
function isEmptied(
  { app }: Upstream,
  servers: readonly Server[],
  others: readonly Hold[],
): boolean {
  const drains = others.filter(({ kind }) => kind === 'drain');
  const isDrained = (server: Server): boolean =>
    server.weight === 0 && drains.some((hold) => speaksOf(hold, app, server));
  return servers.length > 0 && servers.every(isDrained);
}

/** A freeze is weaker than a pin, whoever says it. */
function inTheWay({ app }: Upstream, servers: readonly Server[], others: readonly Hold[]): string {
  const found = others.filter(
    (hold) => hold.kind !== 'freeze' && servers.some((server) => speaksOf(hold, app, server)),
  );
  const words = found.map(({ kind, id, who, why }) => `${kind} ${id} of ${who} stands (${why})`);
  return words.length === 0 ? '' : `: ${words.join(', ')}`;
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
