// Whether the destination would serve: its pods, its endpoints, and a request through each ingress node,
// for a while in a row.
//
// On failure: what is not ready is waited for until the deadline; then it goes back.

import type { Outcome } from '../../jobs/kind.ts';
import type { Address } from '../../model.ts';
import { roomKey } from '../capacity/ledger.ts';
import { hostsIn } from '../plan/there.ts';
import { blocked, done, failed, wait, wayOf, type Doing, type RunParts } from './doing.ts';
import { held } from './held.ts';
import type { Memory } from './memory.ts';
import type { ProbeAnswer, ProbeAsk } from './probe.ts';
import { changedThere, readyThere } from './there.ts';

export interface Since {
  readonly at: number;
}

/** There, or at home again. */
export async function ready(
  doing: Doing,
  parts: RunParts,
  memory: Memory<Since>,
): Promise<Outcome> {
  const { job, app, scene } = doing;
  const key = roomKey(job.id, app.app);
  await parts.room.renew(key, scene.term);
  const outcome = await wellThere(doing, parts, memory);
  if (outcome.kind !== 'done') return outcome;
  await scene.check();
  // Its pods are on nodes, where every estimate sees them.
  await parts.room.release(key, scene.term);
  return outcome;
}

async function wellThere(doing: Doing, parts: RunParts, memory: Memory<Since>): Promise<Outcome> {
  const { readySeconds, deadlineSeconds } = doing.job.plan.gates;
  const holds = await held(doing, parts.traffic);
  if (holds) return holds;
  const changed = await changedThere(doing, parts);
  if (changed !== undefined) return blocked(changed);
  const readiness = await readyThere(doing, parts);
  if (readiness.kind === 'failed') return failed(readiness.text);
  const trouble = 'text' in readiness ? readiness.text : await unreached(doing, parts);
  if (trouble !== undefined) {
    memory.forget(doing);
    const isLate = doing.spentMs > deadlineSeconds * 1000;
    return isLate ? failed(`${trouble} after ${deadlineSeconds} s`) : wait(trouble);
  }
  const now = parts.clock.now();
  const since = memory.of(doing, now, () => ({ at: now }));
  const left = readySeconds - (now - since.at) / 1000;
  if (left > 0) return wait(`ready; ${Math.ceil(left)} s more`, Math.min(1, left));
  memory.forget(doing);
  return done('its pods are ready, and a request reaches them through each ingress node');
}

/** Of a node that answers nothing, or otherwise than where it comes from. */
async function unreached(doing: Doing, parts: RunParts): Promise<string | undefined> {
  const { app } = doing;
  const { to, from } = wayOf(doing);
  const nodes = parts.traffic.seen(app.app, to)?.nodes ?? [];
  const ask = questionOf(doing, parts);
  if (!ask) return undefined;
  const answers = await Promise.all(
    nodes.map(async (address) => ({ address, answer: await parts.probe(ask(address)) })),
  );
  const bad = answers.filter(({ answer }) => !isGood(answer));
  if (bad.length === 0) return undefined;
  const [source] = parts.traffic.seen(app.app, from)?.nodes ?? [];
  const usual = source === undefined ? undefined : await parts.probe(ask(source));
  const other = bad.find(({ answer }) => !isAlike(answer, usual));
  return other && `${other.address}: ${answerText(other.answer)} at ${ask(other.address).path}`;
}

/** Undefined: nothing says by which host it is asked for. */
export function questionOf(
  { app }: Doing,
  { traffic }: RunParts,
): ((address: Address) => ProbeAsk) | undefined {
  const upstream = traffic.upstream(app.app);
  const names = [
    ...(upstream?.hosts ?? []),
    ...app.objects.flatMap(({ manifest }) => hostsIn(manifest)),
  ];
  const health = upstream?.policy.health;
  const host = health?.host ?? names.find((name) => !name.includes('*'));
  if (host === undefined) return undefined;
  const { path = '/', https = false } = health ?? {};
  return (address) => ({ address, host, path, https });
}

const isGood = (answer: ProbeAnswer): boolean =>
  'status' in answer && answer.status >= 200 && answer.status < 400;

/** An app whose first page is not for everybody answers so everywhere. */
function isAlike(answer: ProbeAnswer, usual: ProbeAnswer | undefined): boolean {
  if (!usual || !('status' in answer) || !('status' in usual)) return false;
  return answer.status === usual.status && answer.status < 500;
}

const answerText = (answer: ProbeAnswer): string =>
  'status' in answer ? `HTTP ${answer.status}` : answer.failed;
