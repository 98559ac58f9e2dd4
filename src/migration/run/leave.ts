// One object leaves a cluster: of a workload the pods end first, while it could still bring them back.
//
// Comes in: an object as it lives, and what proves that it is the one that may go. Goes out: outcomes, `wait`
// until it is gone; it stays where something that is not its app's needs it there, or may, for it cannot be
// looked at. On failure: what is not proved is not touched.

import {
  knownOf,
  refOf,
  shownRef,
  type ClusterWriter,
  type KubernetesObject,
} from '../../clusters/cluster-writer.ts';
import { removeProved, type Doubt } from '../../clusters/removal.ts';
import { restored } from '../../fanout/run/restore.ts';
import type { Outcome, Scene } from '../../jobs/kind.ts';
import type { ClusterName } from '../../model.ts';
import { at, fieldsOf, type Manifest } from '../manifests/manifest.ts';
import { needersThere } from './needers-there.ts';
import { WORKLOADS } from './there.ts';

export interface Leaving {
  readonly cluster: ClusterName;
  readonly writer: ClusterWriter;
  readonly live: KubernetesObject;
  /** Why it is not to go. */
  readonly doubt: Doubt;
  /** Of the same app: `Kind namespace/name`. */
  readonly own: ReadonlySet<string>;
  readonly scene: Pick<Scene, 'check' | 'note'>;
}

const SOON_SECONDS = 0.2;

export async function leave(leaving: Leaving): Promise<Outcome> {
  const { live, doubt } = leaving;
  if (live.metadata['deletionTimestamp'] !== undefined) return soon('it is going');
  const why = doubt(live);
  if (why !== undefined) return { kind: 'failed', text: why };
  return ending(leaving) ?? (await needed(leaving)) ?? (await emptied(leaving)) ?? removed(leaving);
}

async function needed({ cluster, writer, live, own }: Leaving): Promise<Outcome | undefined> {
  const { needers, unread } = await needersThere(writer, live as Manifest, own);
  const stays = (why: string): Outcome => ({
    kind: 'done',
    text: `it stays in ${cluster}, ${why}`,
  });
  if (needers.length > 0) return stays(`needed by ${needers.join(', ')}`);
  if (unread.length === 0) return undefined;
  return stays(`for ${unread.join(', ')} objects may not be listed there, and may need it`);
}

function soon(text: string): Outcome {
  return { kind: 'wait', text, seconds: SOON_SECONDS };
}

/** Its pods are on their way out already. */
function ending({ cluster, live }: Leaving): Outcome | undefined {
  if (!WORKLOADS.includes(live.kind) || replicasOf(live) > 0) return undefined;
  const pods = Number(at(live as Manifest, 'status', 'replicas') ?? 0);
  return pods === 0 ? undefined : soon(`${pods} of its pods still run in ${cluster}`);
}

function replicasOf(live: KubernetesObject): number {
  return Number(at(live as Manifest, 'spec', 'replicas') ?? 1);
}

/** Undefined: nothing of it is to run. */
async function emptied({ cluster, writer, live, scene }: Leaving): Promise<Outcome | undefined> {
  const replicas = replicasOf(live);
  if (!WORKLOADS.includes(live.kind) || replicas === 0) return undefined;
  const expect = knownOf(live);
  if (!expect) return { kind: 'failed', text: `${shownRef(refOf(live))} has no version` };
  await scene.check();
  const result = await writer.apply(scaled(live, 0), { expect, force: true });
  if (!result.ok) return refusal(result);
  scene.note(`scaled ${shownRef(refOf(live))} in ${cluster} from ${replicas} to 0`);
  return soon('its pods end');
}

/** Its number alone, with all that is ours of it already: what an apply leaves out of its own goes. */
export function scaled(live: KubernetesObject, replicas: number): KubernetesObject {
  const { apiVersion, kind, metadata } = live;
  const { name, namespace } = metadata;
  const place = { name, ...(namespace !== undefined && { namespace }) };
  const number = { apiVersion, kind, metadata: place, spec: { replicas } };
  const wanted = restored(live as never, number as never) as KubernetesObject;
  return { ...wanted, spec: { ...fieldsOf(wanted['spec']), replicas } };
}

async function removed({ cluster, writer, live, doubt, scene }: Leaving): Promise<Outcome> {
  const ref = refOf(live);
  await scene.check();
  const result = await removeProved(writer, ref, doubt);
  if (!result.ok) return refusal(result);
  if (result.was === 'absent') return { kind: 'done', text: 'gone' };
  scene.note(`deleted ${shownRef(ref)} in ${cluster}, uid ${String(live.metadata['uid'])}`);
  // Until it is gone: its finalizers may take their time.
  return soon('it is going');
}

/** Somebody wrote between our reading and our writing, a status most often: it is looked at again. */
function refusal({ code, text }: { readonly code: string; readonly text: string }): Outcome {
  return code === 'moved' ? soon(text) : { kind: 'failed', text };
}
