// Where VMs are known from: the configuration, a file, a registry. One interface, a file for each.
//
// Comes in: whatever the source reads. Goes out: the addresses of each app. On failure: a source that
// was never read knows nothing, which is not none; one that fails later keeps its last VMs, stale, and
// says why. No source throws, and none waits for another.

import type { Address, AppName, Dirty, Reason } from '../model.ts';

export type VmList = ReadonlyMap<AppName, readonly Address[]>;

/** How a source is seen right now. */
export interface VmSourceStatus {
  readonly name: string;
  readonly state: 'unread' | 'fresh' | 'stale';
  /** Since the state was entered; for `stale`, since the source last gave word. */
  readonly ageSeconds: number;
  /** In words, for `unread` and `stale`. */
  readonly reason?: string;
  /** VMs known from it, over all apps. */
  readonly vms: number;
}

export interface VmSource {
  readonly name: string;
  /** Servers enrol themselves here, pods too: an address is a VM's only where no cluster has it. */
  readonly registry: boolean;
  status(): VmSourceStatus;
  /** The same map until something changes. */
  vms(): VmList;
  /** Whether it may have VMs of the app, but was never read for it. */
  unread(app: AppName): boolean;
  /** Why an app's VMs are not what the source says, or not all of it. */
  reason(app: AppName): Reason | undefined;
  /** Reads again and again until the signal aborts. */
  follow(mark: (dirty: Dirty) => void, signal: AbortSignal): Promise<void>;
}

/** Hears of each change between trouble and none. */
export type TellTrouble = (source: string, trouble: string | undefined) => void;

export function countVms(vms: VmList): number {
  return vms.values().reduce((sum, addresses) => sum + addresses.length, 0);
}
