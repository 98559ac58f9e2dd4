// Drains clusters that no source names any more, by a hold that everybody sees and may lift.
//
// Comes in: how clusters and sources stand, look after look. Goes out: words to the controller, while it
// leads. On failure: a word that is refused is tried again at a later look.

import type { Clock } from './clock.ts';
import type { SourceStatus } from './clusters/registry.ts';
import type { Controller } from './controller.ts';
import { moveRemoved, removedDrainId, type RemovedRule } from './weights/removed-drains.ts';
import { addHolds, liftHold } from './words/of-holds.ts';
import type { Word } from './words/word.ts';

const EVERY_MS = 1000;
const ACTOR = 'controller';

export interface RemovedParts {
  readonly controller: Controller;
  readonly clock: Clock;
  /** Absent: none is drained. */
  readonly rule: () => RemovedRule | undefined;
  readonly sources: () => readonly SourceStatus[];
  /** It has said what clusters there are. */
  readonly answered: (source: string) => boolean;
}

export async function followRemoved(parts: RemovedParts, signal: AbortSignal): Promise<void> {
  const { controller, clock } = parts;
  while (!signal.aborted) {
    for (const word of wordsOf(parts)) await controller.say(word).catch(() => undefined);
    await clock.sleep(EVERY_MS, signal);
  }
}

function wordsOf({ controller, rule, sources, answered }: RemovedParts): Word[] {
  const published = controller.published();
  if (!controller.leader().leading || !published) return [];
  const wanted = rule();
  const moves = moveRemoved(
    {
      statuses: controller.clusters(),
      isNamed: (name) => controller.isNamed(name),
      holds: published.held.holds,
      sourcesWell: sources().every(
        ({ source, trouble }) => trouble.length === 0 && answered(source),
      ),
    },
    wanted,
  );
  return [
    ...moves.lift.map((id) => liftHold(ACTOR, id)),
    ...moves.drain.map((cluster) => drainRemoved(cluster, wanted?.rampSeconds ?? 0)),
  ];
}

/** The guard's word on one app is its word on that app: the others are drained. */
function drainRemoved(cluster: string, rampSeconds: number): Word {
  const why = 'no source names it any more';
  const id = removedDrainId(cluster);
  const word = addHolds(ACTOR, [{ id, cluster, kind: 'drain', who: ACTOR, why, rampSeconds }]);
  return {
    ...word,
    decide(published, now) {
      const { apps, holds } = word.decide(published, now);
      return { apps, ...(holds && { holds }) };
    },
  };
}
