// VMs that the configuration names for its apps. They are known from the start and never change.

import { canonicalAddress } from '../address.ts';
import type { AppsSettings } from './settings.ts';
import { countVms, type VmSource } from './vm-source.ts';

export function tellVms(list: AppsSettings['list'] = []): VmSource {
  const vms = new Map(
    list
      .filter((app) => app.vms !== undefined && app.vms.length > 0)
      .map((app) => [app.name, (app.vms ?? []).map((vm) => canonicalAddress(vm.address))]),
  );
  return {
    name: 'configuration',
    registry: false,
    status: () => ({ name: 'configuration', state: 'fresh', ageSeconds: 0, vms: countVms(vms) }),
    vms: () => vms,
    unread: () => false,
    reason: () => undefined,
    follow: async () => undefined,
  };
}
