// Pods by label, for apps without Service: one list and watch for each selector that the configuration
// names. Comes in: what it names, a selector. Goes out: selectors by key; what is followed. On failure: as
// any resource; one that was stopped changes nothing any more.

import type { AppSource, PodSelector } from './cluster.ts';
import { selectorKey } from './cluster-records.ts';
import { holdBack } from './hold-back.ts';
import { createInterner } from './interner.ts';
import { type AppPodRecord, readAppPod } from './records.ts';
import type { Change } from './record-index.ts';
import type { Resource } from './resource.ts';
import { type Followed, follow, type Place } from './resources.ts';
import type { ClusterSettings } from './settings.ts';

export interface FollowedPods extends Followed {
  readonly pods: PodSelector;
  /** At once: nothing that is still under way is taken in. */
  readonly stop: () => void;
}

/** Those in the namespaces to watch, each once. */
export function podSelectors(
  { namespaces = [] }: Pick<ClusterSettings, 'namespaces'>,
  told: readonly AppSource[],
): Map<string, PodSelector> {
  const named = told
    .flatMap(({ pods = [] }) => pods)
    .filter(({ namespace }) => namespaces.length === 0 || namespaces.includes(namespace));
  return new Map(named.map((one) => [selectorKey(one), one]));
}

export function followAppPods(
  { records, followers, parts, signal }: Place,
  pods: PodSelector,
): FollowedPods {
  const over = new AbortController();
  const intern = createInterner();
  const apply = (changes: readonly Change<AppPodRecord>[]): void => {
    if (over.signal.aborted) return;
    for (const change of changes) followers.dirty(records.changePod(pods, change));
  };
  const resource: Resource<AppPodRecord> = {
    title: `pods of ${pods.namespace} (${pods.selector})`,
    path: `/api/v1/namespaces/${pods.namespace}/pods`,
    labelSelector: pods.selector,
    listAfter: 'interruption',
    read: (raw) => readAppPod(raw as never, { intern }),
    changed: holdBack({
      clock: parts.clock,
      signal: AbortSignal.any([signal, over.signal]),
      worse: (before, after) => before.counts && !after.counts,
      apply,
    }),
  };
  const followed = follow('app-pods', resource, parts);
  return {
    ...followed,
    pods,
    stop: () => {
      over.abort();
      records.forgetPods(pods);
    },
  };
}
