// Copies of Secrets in the namespaces they belong to: what a job is to write there, from before it is on
// record, and what it has written over. No journal may hold either, and both have to outlive a runner.
//
// Comes in: a plan with what its Secrets hold; the cluster, later, with neither. Goes out: copies, which
// nobody can change, and what stands behind a mark as they have it. On failure: `plan-invalid` where a copy
// cannot be made before a job begins; in a step what the writer says, in words.

import { failureOf } from '../../clusters/call-failure.ts';
import {
  type ClusterWriter,
  type KubernetesObject,
  type ObjectRef,
  refOf,
  shownRef,
} from '../../clusters/cluster-writer.ts';
import { BallastError } from '../../errors.ts';
import type { Staging } from '../../jobs/jobs.ts';
import {
  jobOf,
  removeTraces,
  STAGED_ANNOTATION,
  traceObject,
  type TraceOwner,
  traceRef,
  type TraceOf,
} from '../../jobs/traces.ts';
import type { Manifest } from '../model.ts';
import { type Entry, liveDigest } from '../plan/entry.ts';
import { isSecret, type Sealing, opened, sealed, type Secrets, valuesIn } from '../plan/seal.ts';
import type { WriterOf } from './writes.ts';

type Part = 'wanted' | 'before';

/** Of which Secret it is a copy. */
export const COPY_ANNOTATION = 'ballast.io/copy-of';
/** No pod takes it for its own. */
const TYPE = 'ballast.io/copy';

function whichOf({ namespace = '', name }: ObjectRef, part: Part): TraceOf {
  return { kind: 'Secret', namespace, what: `${part} ${name}` };
}

function copyOf(owner: TraceOwner, part: Part, secret: Manifest): KubernetesObject {
  const ref = refOf(secret);
  return traceObject(owner, whichOf(ref, part), {
    type: TYPE,
    immutable: true,
    data: secret['data'] ?? {},
    annotations: {
      [COPY_ANNOTATION]: ref.name,
      ...(part === 'wanted' && { [STAGED_ANNOTATION]: 'true' }),
    },
  });
}

export interface StagingParts {
  readonly environment: string;
  readonly writerOf: WriterOf;
}

/** Undefined: no Secret is written. */
export function stagingOf(
  entries: readonly Entry[],
  secrets: Secrets | undefined,
  { environment, writerOf }: StagingParts,
): Staging | undefined {
  const coming = entries.filter(({ object }) => object && isSecret(object));
  if (!secrets || coming.length === 0) return undefined;
  return {
    async put(job) {
      for (const { cluster, object } of coming) {
        const whole = object && opened(object, secrets);
        if (!whole)
          throw new BallastError('internal', `${cluster}: a Secret without what it holds`);
        const copy = copyOf({ job, environment }, 'wanted', whole);
        const fault = await made(await writerOf(cluster), copy);
        const name = shownRef(refOf(object));
        if (fault !== undefined) {
          throw new BallastError('plan-invalid', `${cluster}: no copy of ${name}: ${fault}`);
        }
      }
    },
    async drop(job) {
      for (const cluster of new Set(coming.map((one) => one.cluster))) {
        await removeTraces(await writerOf(cluster), { job, environment });
      }
    },
  };
}

/** Before it is written over, or deleted: `seen`, as it was sealed. Text: why not. */
export async function keepBefore(
  writer: ClusterWriter,
  owner: TraceOwner,
  seen: KubernetesObject,
  sealing?: Sealing,
): Promise<string | undefined> {
  const live = await writer.read(refOf(seen));
  if (!live || liveDigest({ object: sealed(live, sealing) }) !== liveDigest({ object: seen })) {
    return `${shownRef(refOf(seen))} was changed just now`;
  }
  const copy = copyOf(owner, 'before', live);
  const kept = await writer.read(refOf(copy));
  // Of an attempt before: what it is of is in the plan, so it is the same.
  if (kept && jobOf(kept) === owner.job) return undefined;
  const result = await writer.apply(copy, { expect: 'absent' });
  return result.ok ? undefined : `${shownRef(refOf(live))} is not kept: ${result.text}`;
}

async function made(writer: ClusterWriter, copy: KubernetesObject): Promise<string | undefined> {
  try {
    const result = await writer.apply(copy, { expect: 'absent' });
    return result.ok ? undefined : result.text;
  } catch (error) {
    if (error instanceof BallastError) throw error;
    return failureOf(error).text;
  }
}

/** What a Secret is to hold, and held. */
export async function secretsIn(
  writer: ClusterWriter,
  { job }: Pick<TraceOwner, 'job'>,
  ref: ObjectRef,
  sealing?: Sealing,
): Promise<Secrets> {
  const parts = ['wanted', 'before'] as const;
  const copies = await Promise.all(
    parts.map((part) => writer.read(traceRef({ job }, whichOf(ref, part)))),
  );
  const values = new Map(copies.flatMap((copy) => (copy ? [...valuesIn(copy, sealing)] : [])));
  return (mark) => values.get(mark);
}
