// What changes, as it changes: the long poll on weights.
//
// Comes in: a caller. Goes out: text with each commit, until the command is ended. On failure: an answer that
// fails ends it; a controller that is gone is asked again for a minute.

import type { WeightsAnswer } from '../api/shapes.ts';
import type { Caller } from './caller.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

const WAIT = '30s';
const GIVE_UP_MS = 60_000;
const PAUSE_MS = 1000;

/** `print` now, and after each commit. */
export async function whileWatching(caller: Caller, print: () => Promise<void>): Promise<never> {
  return followWeights(caller, async () => print());
}

/** A line for each weight that changed. */
export async function printChanges(caller: Caller, app: string | undefined): Promise<never> {
  let before: WeightsAnswer | undefined;
  return followWeights(caller, async (now) => {
    for (const line of before ? linesOf(before, now, app) : []) process.stdout.write(`${line}\n`);
    before = now;
  });
}

/** A watch whose reader has gone (`| head`) has nobody to watch for. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(EXIT.ok);
  });
}

async function followWeights(
  caller: Caller,
  take: (weights: WeightsAnswer) => Promise<void>,
): Promise<never> {
  endWithReader();
  let etag: string | undefined;
  let lost = 0;
  for (;;) {
    try {
      const known = etag === undefined ? {} : { headers: { 'if-none-match': etag } };
      // The first is asked for what is there now.
      const query = etag === undefined ? {} : { wait: WAIT };
      const answer = await caller.ask<WeightsAnswer>('/weights', { query, ...known });
      lost = 0;
      if (answer.status === 304) continue;
      etag = answer.etag;
      await take(answer.body);
    } catch (error) {
      if (etag === undefined || !(error instanceof CommandFailure)) throw error;
      lost = lost === 0 ? Date.now() : lost;
      if (Date.now() - lost > GIVE_UP_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

function linesOf(before: WeightsAnswer, now: WeightsAnswer, only: string | undefined): string[] {
  const apps = new Set([...Object.keys(before.upstreams), ...Object.keys(now.upstreams)]);
  return [...apps]
    .filter((app) => only === undefined || app === only)
    .flatMap((app) => {
      const old = weightsOf(before, app);
      const next = weightsOf(now, app);
      return [...new Set([...old.keys(), ...next.keys()])]
        .filter((address) => old.get(address) !== next.get(address))
        .map((address) => {
          const [was, is] = [old.get(address) ?? '-', next.get(address) ?? '-'];
          return `${now.term}-${now.version}  ${app}  ${address}  ${was} -> ${is}`;
        });
    });
}

function weightsOf({ upstreams }: WeightsAnswer, app: string): Map<string, number> {
  return new Map((upstreams[app] ?? []).map(({ address, weight }) => [address, weight]));
}
