// Whether an object that was written is what it is to be: by what its controller has observed. Pure.
//
// Comes in: a live object, for how long it was looked at, and nothing moved in it. Goes out: passed, or what it waits for, or why
// it never will. No status is no answer: it waits. What has no controller of its own passes as it stands.

import { isMap } from '../document.ts';
import type { Manifest } from '../model.ts';
import { FIELD_MANAGER } from '../plan/world.ts';

export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'waiting' | 'failed'; readonly text: string };

type Facts = Readonly<Record<string, unknown>>;

const PASSED: Verdict = { kind: 'passed' };

export interface Looked {
  readonly waitedMs: number;
  /** For how long its status is as it is now; absent: that is not watched. */
  readonly unmovedMs?: number;
}

export function judge(object: Manifest, looked: Looked): Verdict {
  const { kind } = object;
  const check = Object.hasOwn(CHECKS, kind) ? CHECKS[kind] : undefined;
  if (!check) return PASSED;
  const status = isMap(object['status']) ? object['status'] : {};
  const spec = isMap(object['spec']) ? object['spec'] : {};
  if (kind !== 'Job' && kind !== 'CronJob' && !hasSeen(object, status)) {
    return waiting('its controller has not seen it yet');
  }
  return inTime(object, check(spec, status), { spec, status, ...looked });
}

function inTime(object: Manifest, verdict: Verdict, look: Look): Verdict {
  if (verdict.kind === 'waiting' && isOverdue(object, look)) {
    return failed(`${verdict.text}, and nothing has moved for ${deadlineOf(look.spec)} s`);
  }
  if (verdict.kind === 'failed' && isOfBefore(object, look)) {
    return waiting(`${verdict.text}, from before it was written`);
  }
  return verdict;
}

function hasSeen({ metadata: { generation } }: Manifest, status: Facts): boolean {
  // A Rollout's is a text.
  return Number(status['observedGeneration'] ?? -1) >= Number(generation ?? 0);
}

const CHECKS: Readonly<Record<string, (spec: Facts, status: Facts) => Verdict>> = {
  Deployment(spec, status) {
    const stuck = conditionOf(status, 'Progressing');
    if (stuck?.['reason'] === STUCK) return failed(STUCK);
    const wanted = numberOf(spec, 'replicas', 1);
    return (
      counted(status, 'updatedReplicas', wanted) ??
      counted(status, 'availableReplicas', wanted) ??
      exactly(status, 'replicas', wanted)
    );
  },
  StatefulSet(spec, status) {
    const wanted = numberOf(spec, 'replicas', 1);
    const updated = status['updateRevision'] === status['currentRevision'];
    return (
      counted(status, 'availableReplicas', wanted) ??
      (updated ? PASSED : counted(status, 'updatedReplicas', wanted)) ??
      PASSED
    );
  },
  ReplicaSet: (spec, status) =>
    counted(status, 'availableReplicas', numberOf(spec, 'replicas', 1)) ?? PASSED,
  DaemonSet(_spec, status) {
    const wanted = numberOf(status, 'desiredNumberScheduled', -1);
    if (wanted < 0) return waiting('no count of nodes yet');
    return (
      counted(status, 'updatedNumberScheduled', wanted) ??
      counted(status, 'numberAvailable', wanted) ??
      PASSED
    );
  },
  Rollout(_spec, status) {
    const { phase, message, stableRS, currentPodHash } = status;
    if (phase === 'Degraded') return failed(`Degraded: ${String(message ?? '')}`);
    if (phase !== 'Healthy') return waiting(`phase ${String(phase ?? 'unknown')}`);
    return stableRS === currentPodHash ? PASSED : waiting('the stable version is another');
  },
  Job(_spec, status) {
    const end = conditionOf(status, 'Failed');
    return end?.['status'] === 'True' ? failed(String(end['message'] ?? 'it failed')) : PASSED;
  },
};

const STUCK = 'ProgressDeadlineExceeded';
const COMPLETE = 'NewReplicaSetAvailable';
const LASTING = new Set<unknown>([STUCK, 'RolloutAborted']);
/** Where the object does not say. */
const DEADLINE_SECONDS = 600;

interface Look extends Looked {
  readonly spec: Facts;
  readonly status: Facts;
}

/**
 * A Deployment or Rollout that goes back to a version it had keeps its word from the time before, already
 * with the new generation observed, until its first pod moves. It counts when nothing has moved for as long
 * as it gives itself.
 */
function isOfBefore(object: Manifest, { spec, status, waitedMs }: Look): boolean {
  const found = conditionOf(status, 'Progressing');
  if (!found || !LASTING.has(found['reason']) || conditionOf(status, 'InvalidSpec')) return false;
  if (waitedMs > deadlineOf(spec) * 1000) return false;
  const { lastUpdateTime } = found;
  const written = writtenAt(object);
  return typeof lastUpdateTime === 'string' && written !== undefined && lastUpdateTime <= written;
}

/**
 * Its controller has it for complete from the version before, and keeps no deadline then: so where all
 * pods go before others come and its note of the new version was lost to another's write of that moment,
 * and where only their number changed.
 */
function isOverdue({ kind }: Manifest, { spec, status, unmovedMs = 0 }: Look): boolean {
  if (kind !== 'Deployment') return false;
  const isUncounted = conditionOf(status, 'Progressing')?.['reason'] === COMPLETE;
  return isUncounted && unmovedMs > deadlineOf(spec) * 1000;
}

const deadlineOf = (spec: Facts): number =>
  numberOf(spec, 'progressDeadlineSeconds', DEADLINE_SECONDS);

/** By the API server's clock, as a text that sorts by time. */
function writtenAt({ metadata: { managedFields } }: Manifest): string | undefined {
  const all: unknown[] = Array.isArray(managedFields) ? managedFields : [];
  const found = all.find(
    (one) => isMap(one) && one['manager'] === FIELD_MANAGER && one['operation'] === 'Apply',
  );
  const time = isMap(found) ? found['time'] : undefined;
  return typeof time === 'string' ? time : undefined;
}

function counted(status: Facts, key: string, wanted: number): Verdict | undefined {
  const now = numberOf(status, key, 0);
  return now >= wanted ? undefined : waiting(`${key} ${now} of ${wanted}`);
}

/** Old pods that still run are not of this version. */
function exactly(status: Facts, key: string, wanted: number): Verdict {
  const now = numberOf(status, key, 0);
  return now === wanted ? PASSED : waiting(`${key} ${now}, wanted ${wanted}`);
}

function numberOf(facts: Facts, key: string, otherwise: number): number {
  const value = facts[key];
  return typeof value === 'number' ? value : otherwise;
}

function conditionOf(status: Facts, type: string): Facts | undefined {
  const { conditions } = status;
  const all = Array.isArray(conditions) ? conditions : [];
  return all.find((one: unknown) => isMap(one) && one['type'] === type) as Facts | undefined;
}

const waiting = (text: string): Verdict => ({ kind: 'waiting', text });
const failed = (text: string): Verdict => ({ kind: 'failed', text });
