// One kind's calls of a cluster in memory, held until a test lets them go.
//
// Comes in: the cluster, which calls, of which kind. Goes out: `reached`, resolved by the first that comes;
// `release`, after which all go on.
import type { MemoryObjects } from './memory-objects.ts';

export function holdCalls(cluster: MemoryObjects, verb: 'apply' | 'remove', kind: string) {
  const reached = Promise.withResolvers<void>();
  const going = Promise.withResolvers<void>();
  const pass = async (one: { readonly kind: string }): Promise<void> => {
    if (one.kind !== kind) return;
    reached.resolve();
    await going.promise;
  };
  const apply = cluster.apply.bind(cluster);
  const remove = cluster.remove.bind(cluster);
  if (verb === 'apply') {
    cluster.apply = async (object, options) => {
      await pass(object);
      return apply(object, options);
    };
  } else {
    cluster.remove = async (ref, expected) => {
      await pass(ref);
      return remove(ref, expected);
    };
  }
  return { reached: reached.promise, release: () => going.resolve() };
}
