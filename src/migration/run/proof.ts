// Whether an app may be deleted where its requests have left, the source or, on the way home, the
// destination, by what is seen now: positive proof, never the absence of a complaint, never a timer.
//
// Comes in: an app that has gone over and is drained. Goes out: undefined where all is proved. On failure:
// what is not proved is waited for, whoever else may still ask there is a person's or a hook's word, and
// what somebody else has changed blocks.

import type { Failure, Waiting } from '../../jobs/kind.ts';
import { blocked, failed, isHomeward, wait, wayOf, type Doing, type RunParts } from './doing.ts';
import { stillHeld, weightTrouble } from './held.ts';
import { askHook } from './hooked.ts';
import type { Memory } from './memory.ts';
import { leftServers, stillness, stillText, type Quiet } from './quiet.ts';
import { changedThere, readyThere } from './there.ts';

type Doubt = Waiting | Failure;

export async function unproved(
  doing: Doing,
  parts: RunParts,
  memory: Memory<Quiet>,
): Promise<Doubt | undefined> {
  const { job } = doing;
  // R12: edges may be that nobody knows of.
  if (job.doubted) return failedDoubt('Redis was lost under this job: it deletes nothing any more');
  const unknown = await doing.scene.unconfirmed();
  if (unknown !== undefined) return wait(unknown);
  return (
    traffic(doing, parts, memory) ??
    (await destination(doing, parts)) ??
    (await callers(doing, parts))
  );
}

const failedDoubt = (text: string): Doubt => failed(text) as Failure;

function traffic(doing: Doing, parts: RunParts, memory: Memory<Quiet>): Doubt | undefined {
  const { app, job } = doing;
  // The edges know nothing of it: others are asked below.
  if (!app.weights) return undefined;
  const holds = stillHeld(doing, parts.traffic);
  if (holds) return holds;
  const fault = weightTrouble(doing, parts.traffic);
  if (fault !== undefined) return wait(fault);
  const servers = leftServers(doing, parts);
  const still = stillness(doing, parts, { memory, servers });
  const { quietSeconds, cut } = job.plan.gates;
  const isQuiet = still.kind === 'quiet' && still.seconds >= quietSeconds;
  if (isQuiet && (still.underWay === 0 || cut)) return undefined;
  return wait(`${wayOf(doing).from}: ${stillText(still, quietSeconds)}`);
}

async function destination(doing: Doing, parts: RunParts): Promise<Doubt | undefined> {
  const changed = await changedThere(doing, parts);
  if (changed !== undefined) return blocked(changed) as Failure;
  const readiness = await readyThere(doing, parts);
  return 'text' in readiness ? wait(readiness.text) : undefined;
}

/** Who asks there otherwise than by the edges: of them the edges prove nothing. */
async function callers(doing: Doing, parts: RunParts): Promise<Doubt | undefined> {
  const { app, job } = doing;
  const { verdict, text } = await askHook(doing, parts.hooks, 'no-callers');
  if (verdict === 'pass') return undefined;
  if (verdict !== 'none') return wait(`hook no-callers: ${text}`, 5);
  const { callers: others, pollersSeconds } = job.plan.gates;
  const poller = parts.traffic.pollers(pollersSeconds * 1000);
  const why = [
    ...(poller === undefined ? [] : [poller]),
    ...(app.weights ? [] : ['no edge sends requests to it']),
    ...(others === 'edges' ? [] : ['pods and others may ask it without an edge']),
  ];
  const { from } = wayOf(doing);
  const asks = isHomeward(doing) ? `delete ${app.app} in ${from}` : consentOf(app.app);
  if (why.length === 0 || job.approvals[asks]) return undefined;
  return { ...wait(`${why.join('; ')}: approve that ${from} loses ${app.app}`, 1), asks };
}

export const consentOf = (app: string): string => `delete ${app}`;
