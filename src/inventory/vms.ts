// All sources of VMs as one.
//
// Comes in: the sources, in the order in which they are named to people. Goes out: the addresses of
// each app over all of them, and what is not known yet. On failure: each source keeps its own word
// (vm-source.ts); one in trouble harms none of the others.

import type { Address, AppName, Dirty, Reason } from '../model.ts';
import type { VmList, VmSource, VmSourceStatus } from './vm-source.ts';

export interface Vms {
  sources(): readonly VmSourceStatus[];
  vms(): VmList;
  /** Whether a source that may have VMs of the app was never read for it. */
  unread(app: AppName): boolean;
  /** Named by a registry alone: it may be a pod of a cluster that is not seen yet. */
  registered(app: AppName, address: Address): boolean;
  reason(app: AppName): Reason | undefined;
  /** Why a source cannot be read now. */
  trouble(): string | undefined;
  follow(mark: (dirty: Dirty) => void, signal: AbortSignal): Promise<void>;
}

export function joinVms(sources: readonly VmSource[]): Vms {
  let lists: readonly VmList[] = [];
  let merged: VmList = new Map();
  const vms = (): VmList => {
    const now = sources.map((source) => source.vms());
    if (now.some((list, index) => list !== lists[index])) {
      lists = now;
      merged = merge(now);
    }
    return merged;
  };
  const names = (source: VmSource, app: AppName, address: Address): boolean =>
    source.vms().get(app)?.includes(address) === true;

  return {
    sources: () => sources.map((source) => source.status()),
    vms,
    unread: (app) => sources.some((source) => source.unread(app)),
    registered: (app, address) => {
      return !sources.some((source) => !source.registry && names(source, app, address));
    },
    reason: (app) => joinReasons(sources.map((source) => source.reason(app))),
    trouble() {
      const troubles = sources.flatMap((source) => source.status().reason ?? []);
      return troubles.length > 0 ? troubles.join('; ') : undefined;
    },
    async follow(mark, signal) {
      await Promise.all(sources.map((source) => source.follow(mark, signal)));
    },
  };
}

function merge(lists: readonly VmList[]): VmList {
  const vms = new Map<AppName, readonly Address[]>();
  for (const app of new Set(lists.flatMap((list) => [...list.keys()]))) {
    const addresses = new Set(lists.flatMap((list) => list.get(app) ?? []));
    if (addresses.size > 0) vms.set(app, [...addresses]);
  }
  return vms;
}

const BY_WEIGHT = ['vms-unread', 'vms-stale'];

/** What is unknown goes before what is old, and that before what was left out. */
function joinReasons(reasons: readonly (Reason | undefined)[]): Reason | undefined {
  const told = reasons.filter((reason) => reason !== undefined);
  const rank = ({ code }: Reason): number => (BY_WEIGHT.indexOf(code) + 3) % 3;
  const [first, ...others] = told.toSorted((a, b) => rank(a) - rank(b));
  if (!first) return undefined;
  return { code: first.code, text: [first, ...others].map(({ text }) => text).join('; ') };
}
