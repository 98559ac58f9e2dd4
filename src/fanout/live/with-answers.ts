// A plan, told what the clusters say of it. Pure.
//
// What a dry run would make is compared with what lives: only that is a difference, whatever defaults,
// webhooks or another spelling make of the object that was written. A refusal is a fault of the plan. The
// digest stays: it is of what is written and of the world it was made for.

import type { KubernetesObject } from '../../clusters/cluster-writer.ts';
import { identityOf, keyOf } from '../identity.ts';
import { diffObjects } from '../plan/diff.ts';
import { type Entry, shown, uidOf } from '../plan/entry.ts';
import { placeOf } from '../plan/leaving.ts';
import type { Plan } from '../plan/plan.ts';
import type { World } from '../plan/world.ts';

export type DryRun =
  | { readonly kind: 'object'; readonly object: KubernetesObject }
  /** Not as planned: the cluster refuses it, or others own its fields. */
  | { readonly kind: 'refused'; readonly text: string }
  | { readonly kind: 'unknown'; readonly text: string };

/** By place (`placeOf`). */
export type Answers = ReadonlyMap<string, DryRun>;

/** `world`: that of the plan. */
export function withAnswers(plan: Plan, world: World, answers: Answers): Plan {
  const told = plan.entries.map((entry) => {
    const answer = answers.get(placeOf(entry.cluster, entry.key));
    return answer ? tell(entry, answer, world) : { entry, faults: [] };
  });
  return {
    ...plan,
    entries: told.map(({ entry }) => entry),
    faults: [...plan.faults, ...told.flatMap(({ faults }) => faults)],
  };
}

interface Told {
  readonly entry: Entry;
  readonly faults: readonly string[];
}

function tell(entry: Entry, answer: DryRun, world: World): Told {
  switch (answer.kind) {
    case 'unknown':
      return { entry: noted(entry, `no dry run: ${answer.text}`), faults: [] };
    case 'refused':
      return refused(entry, answer.text);
    case 'object':
      return compared(entry, answer.object, world);
  }
}

const noted = (entry: Entry, note: string): Entry => ({ ...entry, notes: [...entry.notes, note] });

function refused(entry: Entry, text: string): Told {
  return {
    entry: { ...noted(entry, text), action: 'fault' },
    faults: [`${entry.cluster}: ${text}`],
  };
}

function compared(entry: Entry, object: KubernetesObject, world: World): Told {
  if (entry.action === 'create') return { entry, faults: [] };
  const here = world.clusters.find(({ cluster }) => cluster.name === entry.cluster);
  const live = here?.live?.find((one) => keyOf(identityOf(one.object)) === entry.key);
  if (!live || uidOf(object) !== entry.uid) {
    return refused(entry, `${shown(object)} is another one now: plan again`);
  }
  const differences = diffObjects(live.object, object);
  const action = differences.length > 0 ? 'update' : 'none';
  return { entry: { ...entry, action, differences }, faults: [] };
}
