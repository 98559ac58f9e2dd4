// The rules that refuse a dangerous change. Pure: facts come in, verdicts go out, the controller
// logs and counts. A refused app keeps its published document whole.
//
//   servers above 0, clusters with one            verdict
//   as many as the minimum, or more               pass
//   no fewer than before                          pass: who has less than the minimum may change
//   fewer than before, and none                   refused: would-empty
//   fewer than before and than the minimum        refused: too-few-clusters, too-few-servers
//   an app without document                       pass
//
// A server counts as left where a hold that speaks of it allows that it goes: such a hold explains
// the loss of its own servers, and of no others.
//
// How far an app may change at once is share-limit.ts's.

import type { AppName, Reason, Server } from '../model.ts';
import type { Change } from './diff.ts';

export interface Refusal {
  readonly app: AppName;
  readonly reason: Reason & { readonly code: RefusalCode };
}

export type RefusalCode = 'would-empty' | 'too-few-clusters' | 'too-few-servers';

export interface Verdict {
  readonly pass: readonly Change[];
  readonly refused: readonly Refusal[];
}

/** So many are left above 0. The VMs are one cluster. */
export interface Minimum {
  readonly clusters: number;
  readonly servers: number;
}

export interface GuardView {
  /** A hold allows that the app loses this server. */
  readonly mayLose?: (app: AppName, server: Server) => boolean;
  /** Absent: one of each. */
  readonly minimum?: (app: AppName) => Minimum;
}

export function guard(changes: readonly Change[], view: GuardView = {}): Verdict {
  const pass: Change[] = [];
  const refused: Refusal[] = [];
  for (const change of changes) {
    const reason = whyRefused(change, view);
    if (reason) refused.push({ app: change.app, reason });
    else pass.push(change);
  }
  return { pass, refused };
}

const STAYS = 'The published weights stay until more serve again or a hold says allowEmpty';

function whyRefused(
  { app, before, after }: Change,
  { minimum, mayLose }: GuardView,
): Refusal['reason'] | undefined {
  if (!before) return undefined;
  const live = after.servers.filter(isLive);
  const stays = new Set(live.map(({ address }) => address));
  const explained = before.servers.filter(
    (server) => isLive(server) && !stays.has(server.address) && mayLose?.(app, server),
  );
  const [had, left] = [countOf(before.servers.filter(isLive)), countOf([...live, ...explained])];
  if (had.servers > 0 && left.servers === 0) {
    const text =
      `${app} would lose its last server: ${had.servers} serve${had.servers === 1 ? 's' : ''} now, ` +
      'none would. The published weights stay until a server returns or a hold says allowEmpty.';
    return { code: 'would-empty', text };
  }
  const least = minimum?.(app);
  if (!least) return undefined;
  return (
    tooFew(app, 'clusters', { had, left, least }) ?? tooFew(app, 'servers', { had, left, least })
  );
}

function tooFew(
  app: AppName,
  what: keyof Minimum,
  { had, left, least }: Readonly<Record<'had' | 'left' | 'least', Minimum>>,
): Refusal['reason'] | undefined {
  if (left[what] >= least[what] || left[what] >= had[what]) return undefined;
  const text =
    `${app} would be served by ${left[what]} ${left[what] === 1 ? what.slice(0, -1) : what}, where ${had[what]} serve now and at least ` +
    `${least[what]} must (guard.minimum.${what}). ${STAYS}, or the minimum is lowered.`;
  return { code: `too-few-${what}`, text };
}

function isLive({ weight }: Server): boolean {
  return weight > 0;
}

function countOf(servers: readonly Server[]): Minimum {
  return { servers: servers.length, clusters: new Set(servers.map(({ from }) => from)).size };
}
