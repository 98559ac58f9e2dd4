// What is believed of one service of a registry, look after look. Pure.
//
// Comes in: what was believed, what a look shows, when. Goes out: what is believed now, and why it is
// not what the look shows. On failure: in doubt the last VMs stay. A registry loses instances in more
// ways than servers die: it restarts empty, answers for services that it never heard of, and reports
// the dead as healthy when too few are left.
//
//   a look shows                                  believed
//   healthy instances                             at once
//   instances that a person took out, no other    at once: none
//   none, or less than half of the last ones      when a second look, 10 s later, shows the same
//   all of the unhealthy healthy, threshold       when looks of 30 s agree: the dead are off the list
//     not told (v3)                                 by then (Nacos removes them 30 s after their last word)
//   only unhealthy ones; threshold reached        never: the last ones stay
//   none, in a registry that lists none at all    never: the last ones stay

import type { Address } from '../model.ts';
import type { Look } from './nacos-answer.ts';

const SECOND_LOOK_MS = 10_000;
const RISEN_MS = 30_000;

export interface Belief {
  /** A look was believed: until then what is published stays. */
  readonly read: boolean;
  readonly vms: readonly Address[];
  /** Of the last look that was believed. */
  readonly unhealthy: readonly Address[];
  readonly invalid: readonly string[];
  /** Why `vms` are not those of the last look. */
  readonly doubt?: string;
  /** What a second look must show again. */
  readonly pending?: { readonly shown: string; readonly since: number };
}

export const NO_BELIEF: Belief = { read: false, vms: [], unhealthy: [], invalid: [] };

interface Doubt {
  readonly why: string;
  /** Believed when looks so far apart agree; absent: never. */
  readonly ms?: number;
}

/** `bare`: the registry lists no instance of any service. */
export function believe(
  before: Belief,
  look: Look,
  { bare, now }: { readonly bare: boolean; readonly now: number },
): Belief {
  const doubt = doubtOf(before, look, bare);
  const { healthy: vms, unhealthy, invalid } = look;
  const { pending: _, doubt: __, ...kept } = before;
  if (!doubt) return { read: true, vms, unhealthy, invalid };
  if (doubt.ms === undefined) return { ...kept, doubt: doubt.why };
  const shown = `${doubt.why} ${vms.join()}`;
  const since = before.pending?.shown === shown ? before.pending.since : now;
  if (now - since >= doubt.ms) return { read: true, vms, unhealthy, invalid };
  return { ...kept, doubt: doubt.why, pending: { shown, since } };
}

function doubtOf(before: Belief, look: Look, bare: boolean): Doubt | undefined {
  if (look.threshold) {
    return { why: 'its protection threshold is reached, so that all are reported as healthy' };
  }
  if (bare && (before.vms.length > 0 || !before.read)) {
    return { why: 'the registry lists no instance of any service' };
  }
  return healthDoubt(before, look) ?? numberDoubt(before, look);
}

function healthDoubt(before: Belief, look: Look): Doubt | undefined {
  const { healthy, unhealthy, threshold } = look;
  if (healthy.length === 0 && unhealthy.length > 0) {
    return { why: `all of its ${unhealthy.length} instances are unhealthy` };
  }
  const risen = before.unhealthy.filter((address) => healthy.includes(address));
  if (threshold !== undefined || risen.length === 0 || unhealthy.length > 0) return undefined;
  const why = `all are healthy at once, ${risen.join(', ')} too: its protection threshold may be reached`;
  return { why, ms: RISEN_MS };
}

function numberDoubt(before: Belief, { healthy, out }: Look): Doubt | undefined {
  const shown = healthy.length + out;
  if (shown === 0 && (before.vms.length > 0 || !before.read)) {
    return { why: 'it shows no instance, and a second look must agree', ms: SECOND_LOOK_MS };
  }
  if (shown * 2 >= before.vms.length) return undefined;
  const why = `it shows ${healthy.length} of ${before.vms.length} VMs, and a second look must agree`;
  return { why, ms: SECOND_LOOK_MS };
}
