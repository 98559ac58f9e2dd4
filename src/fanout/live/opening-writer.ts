// A writer to which Secrets come sealed, and which gives the cluster what they hold.
//
// Comes in: objects, and where the values behind marks are found. Goes out: what the writer behind it says.
// On failure: a Secret of which a value is not found is refused, and nothing was sent.

import {
  type ClusterWriter,
  type ObjectRef,
  refOf,
  shownRef,
} from '../../clusters/cluster-writer.ts';
import { isSecret, opened, type Secrets } from '../plan/seal.ts';

export function openingWriter(
  writer: ClusterWriter,
  secretsOf: (ref: ObjectRef) => Secrets | Promise<Secrets>,
): ClusterWriter {
  return {
    name: writer.name,
    read: (ref) => writer.read(ref),
    list: (ref, selector) => writer.list(ref, selector),
    async apply(object, options) {
      if (!isSecret(object)) return await writer.apply(object, options);
      const ref = refOf(object);
      const whole = opened(object, await secretsOf(ref));
      if (whole) return await writer.apply(whole, options);
      const text = `${shownRef(ref)}: what it is to hold is not found any more`;
      return { ok: false, code: 'refused', status: 404, text };
    },
    remove: (ref, expect) => writer.remove(ref, expect),
    fence: (ref, fence) => writer.fence(ref, fence),
    close: () => writer.close(),
  };
}
