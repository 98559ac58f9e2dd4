// Since when no request went to an app's servers of a cluster, as every edge says.
//
// Comes in: the servers. Goes out: for how long all of them were quiet, or who is not. On failure: what one
// edge does not tell is no quiet, and it begins anew.

import type { Outcome } from '../../jobs/kind.ts';
import { done, failed, isHomeward, wait, wayOf, type Doing, type RunParts } from './doing.ts';
import { stillHeld, weightTrouble } from './held.ts';
import type { Memory } from './memory.ts';
import { faulty, serversOf } from './shift.ts';
import { grown, underWay, unknownEdge, type Tallies } from './tallied.ts';

export interface Quiet {
  began: number;
  /** Since when all edges are known, however often it began anew. */
  watched?: number;
  before?: Tallies;
  faultSince?: number;
}

/** On record of the drain: also when those servers have left the upstream. */
export interface Drained {
  readonly servers: readonly string[];
}

export type Stillness =
  | Still
  | { readonly kind: 'unknown'; readonly text: string }
  /** `watched`: for so many seconds. */
  | { readonly kind: 'asked'; readonly text: string; readonly watched: number };

interface Still {
  readonly kind: 'quiet';
  readonly seconds: number;
  readonly underWay: number;
  readonly watched: number;
}

export function stillness(
  doing: Doing,
  parts: RunParts,
  { memory, servers }: { readonly memory: Memory<Quiet>; readonly servers: readonly string[] },
): Stillness {
  const now = parts.clock.now();
  const at = memory.of(doing, now, () => ({ began: now }));
  const edges = parts.traffic.edges();
  const tallies = parts.traffic.tallies(doing.app.app, servers);
  const unknown = unknownEdge(edges, tallies, { since: at.began, now });
  if (unknown !== undefined) return { kind: 'unknown', text: unknown };
  at.before ??= tallies;
  at.watched ??= now;
  const more = grown(edges, at.before, tallies);
  if (!more) return anew(at, now, 'an edge began to count anew');
  const requests = more.reduce((sum, one) => sum + one.requests, 0);
  if (requests > 0) return anew(at, now, `${requests} more requests`);
  const left = underWay(edges, tallies);
  if (left === undefined)
    return { kind: 'unknown', text: 'an edge does not tell what is under way' };
  const from = Math.max(...[...at.before.values()].map((one) => one.at));
  const to = Math.min(...edges.map((edge) => tallies.get(edge)?.at ?? 0));
  const watched = (now - at.watched) / 1000;
  return { kind: 'quiet', seconds: Math.max(0, to - from) / 1000, underWay: left, watched };
}

function anew(at: Quiet, now: number, text: string): Stillness {
  at.began = now;
  delete at.before;
  return { kind: 'asked', text, watched: (now - (at.watched ?? now)) / 1000 };
}

export async function drain(
  doing: Doing,
  parts: RunParts,
  memory: Memory<Quiet>,
): Promise<Outcome> {
  const { app, intent } = doing;
  if (!app.weights) return done('no edge sends requests to it');
  const holds = stillHeld(doing, parts.traffic);
  if (holds) return holds;
  const now = parts.clock.now();
  const fault = weightTrouble(doing, parts.traffic);
  const at = memory.of(doing, now, () => ({ began: now }));
  if (fault !== undefined) return disturbed(at, doing, { fault, now });
  delete at.faultSince;
  const { servers = [] } = (intent?.data ?? {}) as Partial<Drained>;
  return drained(doing, stillness(doing, parts, { memory, servers }));
}

/** What was quiet until then proves nothing. */
function disturbed(
  at: Quiet,
  { job }: Doing,
  { fault, now }: { readonly fault: string; readonly now: number },
): Outcome {
  at.began = now;
  delete at.before;
  delete at.watched;
  return faulty(at, { fault, now, gates: job.plan.gates });
}

function drained(doing: Doing, still: Stillness): Outcome {
  const { quietSeconds, drainSeconds, cut } = doing.job.plan.gates;
  const text = `${wayOf(doing).from}: ${stillText(still, quietSeconds)}`;
  // Who is silent may yet tell: nothing is known then.
  if (still.kind === 'unknown') return wait(text);
  const isOver = still.watched > drainSeconds + quietSeconds;
  if (still.kind === 'asked') return isOver ? failed(text) : wait(text);
  const isQuiet = still.seconds >= quietSeconds;
  if (isQuiet && still.underWay === 0) return done(`no request for ${quietSeconds} s`);
  if (still.underWay === 0 || !isOver) return wait(text);
  return cut && isQuiet ? done(`${still.underWay} requests are cut`) : failed(text);
}

export function stillText(still: Stillness, quietSeconds: number): string {
  if (still.kind !== 'quiet') return still.text;
  const left = still.underWay === 0 ? '' : `${still.underWay} requests under way; `;
  return `${left}no new one for ${Math.floor(still.seconds)} of ${quietSeconds} s`;
}

/** Of the cluster that requests leave: as the journal has them, and those that are published now. */
export function leftServers(doing: Doing, parts: RunParts): readonly string[] {
  const { job, app } = doing;
  const step = job.steps[`${app.app}:${isHomeward(doing) ? 'return.drain' : 'drain'}`];
  const { servers = [] } = (step?.intent.data ?? {}) as Partial<Drained>;
  return [...new Set([...servers, ...serversOf(doing, parts, wayOf(doing).from)])];
}
