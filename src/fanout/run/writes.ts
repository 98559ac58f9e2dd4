// What a fan-out's job writes to clusters: an entry of its plan, and the way back from it.
//
// Comes in: a step with its intent. Goes out: outcomes. On failure: a cluster that does not answer is asked
// again for a minute, since nobody knows then whether it was done; what somebody else has changed since
// blocks, and is never written over.

import { failureOf } from '../../clusters/call-failure.ts';
import {
  type ClusterWriter,
  knownOf,
  type KubernetesObject,
  type ObjectRef,
  refOf,
  shownRef,
} from '../../clusters/cluster-writer.ts';
import { removeProved } from '../../clusters/removal.ts';
import type { Outcome, Scene } from '../../jobs/kind.ts';
import type { Intent, PlacedObject, StepRecord } from '../../jobs/record.ts';
import { BallastError } from '../../errors.ts';
import { type Applied, applyEntry, isAsPlanned } from '../live/apply-entry.ts';
import { diffObjects } from '../plan/diff.ts';
import { type Entry, isOurs, liveDigest, uidOf } from '../plan/entry.ts';
import type { Manifest } from '../model.ts';
import { kept, renewed, restored } from './restore.ts';

export type WriterOf = (cluster: string) => Promise<ClusterWriter>;

/** Of an intent: the object as it was; null: there was none. */
export interface Before {
  readonly before: Manifest | null;
  /** The UID of what an attempt before wrote: another one of that name is somebody else's. */
  readonly made?: string;
}

/** Of a result: which object it is now. */
export interface After {
  readonly uid?: string;
}

const PATIENCE_MS = 60_000;
const AGAIN_SECONDS = 2;

export function refOfEntry({ object, ref, key }: Entry): ObjectRef {
  if (object) return refOf(object);
  if (ref) return ref;
  throw new BallastError('internal', `${key}: the plan does not say which object it is`);
}

function placed(entry: Entry): PlacedObject {
  return { cluster: entry.cluster, ...refOfEntry(entry) };
}

export interface Preparing {
  readonly entry: Entry;
  readonly fanout: string;
  readonly writer: ClusterWriter;
  /** Of an attempt before. */
  readonly earlier: Partial<Before> | undefined;
}

export async function prepareWrite({ entry, fanout, writer, earlier }: Preparing): Promise<Intent> {
  const ref = refOfEntry(entry);
  const live = await writer.read(ref);
  // Written already, by an attempt whose answer or record is lost: that is not how it was before.
  const before = isDone(entry, live, fanout) ? earlier?.before : live ? kept(live) : null;
  return {
    text: `${entry.action} ${shownRef(ref)} in ${entry.cluster}`,
    objects: [placed(entry)],
    data: {
      ...(before !== undefined && { before }),
      ...(earlier?.made !== undefined && { made: earlier.made }),
    } satisfies Partial<Before>,
  };
}

/** What the record of a step's attempts so far knows. */
export function earlierOf(step: StepRecord | undefined): Partial<Before> | undefined {
  if (step === undefined) return undefined;
  const { before, made } = (step.intent.data ?? {}) as Partial<Before>;
  const { uid = made } = (step.result?.data ?? {}) as After;
  return { ...(before !== undefined && { before }), ...(uid !== undefined && { made: uid }) };
}

export function prepareUndo(entry: Entry): Intent {
  const text = `take back ${shownRef(refOfEntry(entry))} in ${entry.cluster}`;
  return { text, objects: [placed(entry)] };
}

/** Where a cluster gives no answer, it is asked again. */
export async function patiently(
  { waitedMs }: Scene,
  act: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof BallastError) throw error;
    if (!isOfCluster(error)) throw error;
    const { text } = failureOf(error);
    if (waitedMs > PATIENCE_MS)
      return { kind: 'failed', text: `no answer for a minute: ${text}`, unheard: true };
    return { kind: 'wait', text, seconds: AGAIN_SECONDS, unheard: true };
  }
}

const isOfCluster = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'CallFailure' || 'code' in error);

export interface Writing {
  readonly entry: Entry;
  readonly fanout: string;
  readonly writer: ClusterWriter;
  readonly scene: Scene;
  /** By an attempt before: its UID. */
  readonly made?: string | undefined;
}

/** Of what no journal may hold: keeps it where the way back finds it. A text: why it could not. */
export type Keep = (live: KubernetesObject) => Promise<string | undefined>;

export async function write(
  { entry, fanout, writer, scene, made }: Writing,
  keep?: Keep,
): Promise<Outcome> {
  const ref = refOfEntry(entry);
  const live = await writer.read(ref);
  if (isDone(entry, live, fanout)) {
    return {
      kind: 'done',
      text: 'it is so',
      data: made === undefined ? dataOf(live) : { uid: made },
    };
  }
  await scene.check();
  // What is not as planned is not written over.
  const unkept = live && isAsPlanned(live, entry) ? await keep?.(live) : undefined;
  if (unkept !== undefined) return { kind: 'failed', text: unkept };
  const applied = await applyEntry(entry, writer, fanout);
  if (!applied.ok)
    return refusal(applied.code, applied.text, () => isDoneNow({ entry, fanout, writer }));
  scene.note(auditOf(entry, applied));
  return { kind: 'done', text: applied.did, data: dataOf(applied.after) };
}

/** What a predecessor had under way may come between our look and our write. */
async function refusal(code: string, text: string, look: () => Promise<boolean>): Promise<Outcome> {
  if (code === 'moved' && (await look())) return { kind: 'wait', text, seconds: 0.2 };
  return { kind: 'failed', text };
}

async function isDoneNow({ entry, fanout, writer }: Omit<Writing, 'scene'>): Promise<boolean> {
  return isDone(entry, await writer.read(refOfEntry(entry)), fanout);
}

/** By an earlier attempt, whose answer nobody heard. */
function isDone(entry: Entry, live: KubernetesObject | undefined, fanout: string): boolean {
  const { action, object } = entry;
  if (action === 'delete') return live === undefined;
  if (!live || !object || !isOurs(live, fanout)) return false;
  return diffObjects(live, object).length === 0;
}

function dataOf(object: KubernetesObject | undefined): After {
  const uid = object ? uidOf(object) : '';
  return uid === '' ? {} : { uid };
}

function auditOf({ cluster, replicas, key }: Entry, applied: Applied & { ok: true }): string {
  const [kind = '', , namespace = '', name = ''] = key.split('|');
  const counts = replicas
    ? `, replicas ${replicas.before ?? 0} -> ${replicas.after ?? 'as they are'}`
    : '';
  return `${applied.did} ${kind} ${namespace}/${name} in ${cluster}${counts}${imagesOf(applied)}`;
}

function imagesOf({ before, after }: Applied & { ok: true }): string {
  const [old, now] = [imageText(before), imageText(after)];
  return old === now ? '' : `, images ${old || 'none'} -> ${now || 'none'}`;
}

function imageText(object: KubernetesObject | undefined): string {
  const found = [...JSON.stringify(object?.['spec'] ?? null).matchAll(/"image":"([^"]*)"/g)];
  return found.map(([, image]) => image).join(' ');
}

export interface Undoing extends Writing {
  readonly before: Manifest | null | undefined;
  /** Absent: the answer was not heard. */
  readonly uid: string | undefined;
  /** It may still be under way: by a predecessor, or without an answer. */
  readonly taken: boolean;
}

/** First the fence: what may still be on its way to the object then fails. */
export async function undo(undoing: Undoing): Promise<Outcome> {
  const { entry, writer, scene } = undoing;
  const ref = refOfEntry(entry);
  await scene.check();
  const fenced = await writer.fence(ref, scene.term);
  if (!fenced.ok) return { kind: 'wait', text: fenced.text, seconds: AGAIN_SECONDS };
  const { before } = undoing;
  if (before === null) return undoCreate(undoing);
  const live = await writer.read(ref);
  if (before === undefined) return undoUnrecorded(undoing, live);
  return live ? undoUpdate(undoing, live, before) : undoDelete(undoing, before);
}

/** Of a write that the journal has lost, if there was one: it is looked at, and left to a person. */
function undoUnrecorded({ entry }: Undoing, live: KubernetesObject | undefined): Outcome {
  if (entry.action === 'create' ? !live : live && isAsPlanned(live, entry)) {
    return { kind: 'done', text: 'it was not written' };
  }
  const what = `${shownRef(refOfEntry(entry))} in ${entry.cluster}`;
  const text = `${what} is not as the plan found it, and the journal does not say why: see to it, then skip`;
  return { kind: 'failed', text };
}

async function undoCreate(undoing: Undoing): Promise<Outcome> {
  const { entry, writer, scene } = undoing;
  const ref = refOfEntry(entry);
  const removed = await removeProved(writer, ref, (live) =>
    isMade(undoing, live) ? undefined : `${shownRef(ref)} in ${entry.cluster} is another one now`,
  );
  if (!removed.ok) {
    if (removed.code === 'doubted') return { kind: 'blocked', text: removed.text };
    return again(removed.code, removed.text);
  }
  if (removed.was === 'absent') return gone(undoing);
  scene.note(`removed ${shownRef(ref)} in ${entry.cluster}, which it had made`);
  // Until it is gone: its finalizers may take their time.
  return { kind: 'wait', text: 'it is going', seconds: 0.2 };
}

function gone({ taken, scene }: Undoing): Outcome {
  if (!taken || scene.waitedMs >= PATIENCE_MS) return { kind: 'done', text: 'it is not there' };
  return { kind: 'wait', text: 'it may still be on its way', seconds: AGAIN_SECONDS };
}

function isMade({ fanout, uid, taken }: Undoing, live: KubernetesObject): boolean {
  return isOurs(live, fanout) && (taken || uid === undefined || uidOf(live) === uid);
}

async function undoUpdate(
  { entry, writer, scene }: Undoing,
  live: KubernetesObject,
  before: Manifest,
): Promise<Outcome> {
  const wanted = restored(before, entry.object);
  if (isAsBefore(live, before, entry) || diffObjects(live, wanted).length === 0) {
    return { kind: 'done', text: 'it is as it was' };
  }
  const known = knownOf(live);
  const isWritten = entry.object && diffObjects(live, entry.object).length === 0;
  if (!known || !isWritten || uidOf(live) !== uidOf(before)) {
    return {
      kind: 'blocked',
      text: `${shownRef(refOf(live))} in ${entry.cluster} was changed by somebody else since`,
    };
  }
  const result = await writer.apply(wanted, { expect: known, force: true });
  if (!result.ok) return again(result.code, result.text);
  scene.note(`gave ${shownRef(refOf(live))} in ${entry.cluster} back what it was`);
  return { kind: 'done', text: 'it is as it was' };
}

async function undoDelete({ entry, writer, scene }: Undoing, before: Manifest): Promise<Outcome> {
  const result = await writer.apply(renewed(before), { expect: 'absent' });
  if (!result.ok) return again(result.code, result.text);
  scene.note(`made ${shownRef(refOfEntry(entry))} in ${entry.cluster} anew`);
  return { kind: 'done', text: 'made anew' };
}

/** Somebody wrote between our reading and our writing, a status most often: it is looked at again. */
function again(code: string, text: string): Outcome {
  return code === 'moved' ? { kind: 'wait', text, seconds: 0.2 } : { kind: 'failed', text };
}

function isAsBefore(live: KubernetesObject, before: Manifest, { scaledBy }: Entry): boolean {
  const scaled = scaledBy === undefined ? {} : { scaledBy };
  return (
    uidOf(live) === uidOf(before) &&
    liveDigest({ object: live, ...scaled }) === liveDigest({ object: before, ...scaled })
  );
}
