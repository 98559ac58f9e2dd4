// What stands over the automatic weights: holds, then ramps. Pure.
//
// Comes in: the rule's entries. Goes out: the entries as they are shown to the edges, and in words
// why a cluster shows another weight than its automatic one. On failure: there is none.

import type { AppName, ClusterName, Hold, HoldKind, Reason, Server, Upstream } from '../model.ts';
import { holdEntries, speaksOf } from './holds.ts';
import { rampEntries, type Ramp, type RampRule } from './ramps.ts';
import type { Entry } from './scale.ts';

export type { Ramp };

export interface Over {
  /** Those that may speak of an app. */
  readonly holdsOf: (app: AppName) => readonly Hold[];
  /** Milliseconds of the leader's time of day. */
  readonly now: number;
  /** Absent: nothing is ramped. */
  readonly ramp?: RampRule;
}

export interface Shown {
  readonly entries: readonly Entry[];
  readonly ramps: ReadonlyMap<ClusterName | 'vm', Ramp>;
  readonly words: ReadonlyMap<ClusterName | 'vm', Reason>;
}

export interface OverView {
  readonly app: AppName;
  readonly published: Upstream | undefined;
  readonly over: Over | undefined;
}

const CODES = { drain: 'drained', pin: 'pinned', freeze: 'frozen' } as const satisfies Record<
  HoldKind,
  Reason['code']
>;

export function showOver(entries: readonly Entry[], { app, published, over }: OverView): Shown {
  if (!over) return { entries, ramps: new Map(), words: new Map() };
  const { now, ramp: rule } = over;
  const holds = over.holdsOf(app);
  const held = holdEntries(entries, { app, holds, published, now });
  const isHeld = (place: Pick<Server, 'address' | 'from'>): boolean =>
    holds.some((hold) => hold.kind !== 'freeze' && speaksOf(hold, app, place));
  const { entries: shown, ramps } = rule
    ? rampEntries(held, { app, published, rule, isHeld })
    : { entries: held, ramps: new Map<ClusterName | 'vm', Ramp>() };
  return { entries: shown, ramps, words: wordsOf(shown, ramps) };
}

/** Whether a hold lets an app lose this server, also where it is the last one. */
export function mayLose(holds: readonly Hold[], app: AppName, server: Server): boolean {
  return holds.some((hold) => hold.allowEmpty && speaksOf(hold, app, server));
}

function wordsOf(
  entries: readonly Entry[],
  ramps: Shown['ramps'],
): Map<ClusterName | 'vm', Reason> {
  const words = new Map<ClusterName | 'vm', Reason>();
  if (ramps.size === 0 && !entries.some(({ hold }) => hold)) return words;
  for (const [from, group] of Map.groupBy(entries, ({ server }) => server.from)) {
    const ramp = ramps.get(from);
    if (ramp) words.set(from, ramp.stopped ?? rampReason(from, ramp));
    else if (group.every(({ hold }) => hold)) words.set(from, holdReason(group));
  }
  return words;
}

function rampReason(from: ClusterName | 'vm', { weight, of }: Ramp): Reason {
  return { code: 'ramping', text: `${from} is on its way up: ${weight} of ${of}` };
}

function holdReason(group: readonly Entry[]): Reason {
  const holds = new Map(group.flatMap(({ hold }) => (hold ? [[hold.id, hold] as const] : [])));
  const [first] = holds.values();
  const texts = [...holds.values()].map(
    ({ id, kind, who, why }) => `${kind} ${id} of ${who}: ${why}`,
  );
  return { code: CODES[first?.kind ?? 'drain'], text: texts.join('; ') };
}
