// A writer to which Secrets come sealed, and which gives the cluster what they hold; what it reads of them
// there it seals.
//
// Comes in: objects, and where the values behind marks are found. Goes out: what the writer behind it says.
// On failure: a Secret of which a value is not found is refused, and nothing was sent.

import {
  type ApplyResult,
  type ClusterWriter,
  type ObjectRef,
  refOf,
  shownRef,
} from '../../clusters/cluster-writer.ts';
import { isSecret, type Sealing, opened, sealed, type Secrets } from '../plan/seal.ts';

export function openingWriter(
  writer: ClusterWriter,
  secretsOf: (ref: ObjectRef) => Secrets | Promise<Secrets>,
  sealing?: Sealing,
): ClusterWriter {
  return {
    name: writer.name,
    async read(ref) {
      const live = await writer.read(ref);
      return live && sealed(live, sealing);
    },
    async list(ref, selector) {
      return (await writer.list(ref, selector)).map((live) => sealed(live, sealing));
    },
    async apply(object, options) {
      if (!isSecret(object)) return await writer.apply(object, options);
      const ref = refOf(object);
      const whole = opened(object, await secretsOf(ref));
      if (whole) return answered(await writer.apply(whole, options), sealing);
      const text = `${shownRef(ref)}: what it is to hold is not found any more`;
      return { ok: false, code: 'refused', status: 404, text };
    },
    remove: (ref, expect) => writer.remove(ref, expect),
    fence: (ref, fence) => writer.fence(ref, fence),
    close: () => writer.close(),
  };
}

const answered = (result: ApplyResult, sealing: Sealing | undefined): ApplyResult =>
  result.ok ? { ...result, object: sealed(result.object, sealing) } : result;
