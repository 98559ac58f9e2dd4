// One move on clusters in memory, under way: what is said to it, and what it is at.

import { expect, onTestFinished } from 'vitest';
import type { CommandName } from '../../src/jobs/commands.ts';
import type { JobJournal } from '../../src/jobs/journal.ts';
import type { Manifest } from '../../src/migration/manifests/manifest.ts';
import { confirmEdges } from './confirm-edges.ts';
import { memoryStage } from './memory-stage.ts';
import { MoveFleet } from './move-fleet.ts';
import { serve } from './process.ts';
import { startMoves } from './start-moves.ts';

type Draft = Parameters<MoveFleet['draft']>;
/** Objects: of the app at its source. */
export type Own = [request?: Draft[0], gates?: Draft[1], objects?: readonly Manifest[]];

/** `at`: told of each step as soon as its intent is on record. */
export async function begin(
  prepare?: (fleet: MoveFleet, at: Map<string, () => unknown>) => void,
  ...[request, gates, objects]: Own
) {
  const { journal, term } = await memoryStage();
  const fleet = new MoveFleet();
  await fleet.settle(objects);
  const at = new Map<string, () => unknown>();
  const told: JobJournal = {
    ...journal,
    async put(lease, entry) {
      const answer = await journal.put(lease, entry);
      for (const { id: step, result } of entry.steps) {
        const act = result ? undefined : at.get(step);
        at.delete(step);
        act?.();
      }
      return answer;
    },
  };
  const process = startMoves(fleet, told);
  const stop = await serve(process, await confirmEdges(journal, await term()));
  onTestFinished(async () => {
    await stop();
    expect(fleet.wrongs).toEqual([]);
    expect(process.errors).toEqual([]);
  });
  const draft = fleet.draft(request, gates);
  prepare?.(fleet, at);
  const { id } = await process.create(draft);
  const say = (name: CommandName, step?: string) =>
    process.command(id, { name, who: 'ann', ...(step !== undefined && { step }) });
  return { journal, fleet, process, id, say, at };
}

export function asItWas(fleet: MoveFleet): void {
  expect(fleet.weights()).toEqual({ east: 40, vm: 10 });
  expect(fleet.holds.size).toBe(0);
  expect(fleet.ledgers.bookings.size).toBe(0);
  expect(fleet.ledgers.moved).toEqual([]);
}
