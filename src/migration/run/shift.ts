// Weights go over, one commit a step, and each step is looked at before the next.
//
// Comes in: the step. Goes out: an outcome. On failure: no word of an edge, or an old one, is waited for;
// so many failed checks in a row fail the step, and the app goes back; weights that somebody else has
// changed block.

import type { Outcome, Waiting } from '../../jobs/kind.ts';
import type { Gates } from '../flow/gates.ts';
import { check, type Checked } from './check.ts';
import { blocked, done, failed, wait, wayOf, type Doing, type RunParts } from './doing.ts';
import { held, stillHeld, weightTrouble } from './held.ts';
import { hooked } from './hooked.ts';
import type { Memory } from './memory.ts';
import { questionOf } from './ready.ts';
import { grown, unknownEdge, type Grown, type Tallies } from './tallied.ts';
import { changedThere, readyThere } from './there.ts';

export interface Gate {
  began: number;
  before?: Tallies;
  probes: Grown;
  failed: number;
  faultSince?: number;
}

const NO_PROBES: Grown = { edge: 'probes', requests: 0, failures: 0, answers: 0, seconds: 0 };

const freshGate = (now: number): Gate => ({ began: now, probes: NO_PROBES, failed: 0 });

export async function shift(doing: Doing, parts: RunParts, memory: Memory<Gate>): Promise<Outcome> {
  if (!doing.app.weights) return done('no edge sends requests to it');
  const holds = await held(doing, parts.traffic);
  if (holds) return holds;
  return gate(doing, parts, { memory, seconds: doing.job.plan.gates.intervalSeconds });
}

export async function bake(doing: Doing, parts: RunParts, memory: Memory<Gate>): Promise<Outcome> {
  if (!doing.app.weights) return done('no edge sends requests to it');
  const holds = stillHeld(doing, parts.traffic);
  if (holds) return holds;
  return gate(doing, parts, { memory, seconds: doing.job.plan.gates.bakeSeconds });
}

interface Gating {
  readonly memory: Memory<Gate>;
  readonly seconds: number;
}

async function gate(doing: Doing, parts: RunParts, { memory, seconds }: Gating): Promise<Outcome> {
  const now = parts.clock.now();
  const at = memory.of(doing, now, () => freshGate(now));
  const { gates } = doing.job.plan;
  const fault = weightTrouble(doing, parts.traffic);
  if (fault !== undefined) return faulty(at, { fault, now, gates });
  delete at.faultSince;
  const counted = await count(doing, parts, at);
  const look = Math.min(1, Math.max(0.05, seconds / 10));
  if (typeof counted === 'string') return wait(counted, look);
  const left = seconds - (now - at.began) / 1000;
  if (left > 0) return wait(`${sum(counted)} requests; ${Math.ceil(left)} s more`, look);
  return judged(doing, parts, { at, counted, now, memory });
}

/** The guard may let weights follow step by step; what stays so is somebody else's word. */
export function faulty(
  at: Pick<Gate, 'faultSince'>,
  { fault, now, gates }: { readonly fault: string; readonly now: number; readonly gates: Gates },
): Outcome {
  at.faultSince ??= now;
  const patienceMs = 2 * gates.intervalSeconds * 1000;
  return now - at.faultSince > patienceMs ? blocked(fault) : wait(fault);
}

/** Requests where they go over to since the step began, by each edge, and probes where they are few. */
async function count(doing: Doing, parts: RunParts, at: Gate): Promise<Grown[] | string> {
  const { traffic, clock } = parts;
  const { app, job } = doing;
  const edges = traffic.edges();
  const servers = serversOf(doing, parts, wayOf(doing).to);
  const tallies = traffic.tallies(app.app, servers);
  const unknown = unknownEdge(edges, tallies, { since: at.began, now: clock.now() });
  if (unknown !== undefined) return unknown;
  if (!at.before) {
    at.before = tallies;
    at.began = clock.now();
  }
  const more = grown(edges, at.before, tallies);
  if (!more) {
    restart(at, clock.now());
    return 'an edge began to count anew';
  }
  if (sum(more) < job.plan.gates.samples) at.probes = plus(at.probes, await probeAll(doing, parts));
  return [...more, at.probes];
}

export function serversOf({ app }: Doing, { traffic }: RunParts, cluster: string): string[] {
  const { servers = [] } = traffic.upstream(app.app) ?? {};
  return servers.filter(({ from }) => from === cluster).map(({ address }) => address);
}

function restart(at: Gate, now: number): void {
  at.began = now;
  delete at.before;
  at.probes = NO_PROBES;
}

async function probeAll(doing: Doing, parts: RunParts): Promise<Grown> {
  const ask = questionOf(doing, parts);
  const nodes = parts.traffic.seen(doing.app.app, wayOf(doing).to)?.nodes ?? [];
  const answers = ask ? await Promise.all(nodes.map((node) => parts.probe(ask(node)))) : [];
  return answers.reduce<Grown>((all, answer) => {
    const isGood = 'status' in answer && answer.status < 500;
    const seconds = 'seconds' in answer && isGood ? answer.seconds : 0;
    const one = { requests: 1, failures: isGood ? 0 : 1, answers: isGood ? 1 : 0, seconds };
    return plus(all, { ...NO_PROBES, ...one });
  }, NO_PROBES);
}

function plus(left: Grown, right: Grown): Grown {
  return {
    edge: left.edge,
    requests: left.requests + right.requests,
    failures: left.failures + right.failures,
    answers: left.answers + right.answers,
    seconds: left.seconds + right.seconds,
  };
}

const sum = (counted: readonly Grown[]): number =>
  counted.reduce((all, { requests }) => all + requests, 0);

interface Judging {
  readonly at: Gate;
  readonly counted: readonly Grown[];
  readonly now: number;
  readonly memory: Memory<Gate>;
}

async function judged(doing: Doing, parts: RunParts, judging: Judging): Promise<Outcome> {
  const { at, counted, now, memory } = judging;
  const { gates } = doing.job.plan;
  const checked = check(counted, gates);
  if (checked.kind === 'few') return wait(checked.text);
  const ill = checked.kind === 'ill' ? checked.text : await unfit(doing, parts, checked.facts);
  if (typeof ill === 'object') return ill;
  if (ill !== undefined) return fail(at, { text: ill, now, gates });
  const changed = await changedThere(doing, parts);
  if (changed !== undefined) return blocked(changed);
  memory.forget(doing);
  return done(checked.text, checked.facts);
}

/** What pods and hooks say to it. */
async function unfit(
  doing: Doing,
  parts: RunParts,
  facts: Checked['facts'],
): Promise<string | Waiting | undefined> {
  const readiness = await readyThere(doing, parts);
  if ('text' in readiness) return readiness.text;
  const hook = await hooked(doing, parts.hooks, 'gate', facts);
  return hook?.kind === 'wait' ? hook : hook?.text;
}

function fail(
  at: Gate,
  { text, now, gates }: { readonly text: string; readonly now: number; readonly gates: Gates },
): Outcome {
  at.failed += 1;
  const { failedChecks } = gates;
  if (at.failed >= failedChecks) return failed(`${text}: ${at.failed} checks in a row`);
  restart(at, now);
  return wait(`${text}: check ${at.failed} of ${failedChecks}`);
}
