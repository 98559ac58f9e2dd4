// The sources of VMs that a configuration names.
//
// Comes in: `apps` and `vms` of the configuration. Goes out: all of them as one. On failure: none; a
// file that cannot be read is a trouble of its source, and nothing is asked of a registry yet.

import { parseSelector } from '../clusters/selector.ts';
import { openNacosApi } from './nacos-api.ts';
import { serviceNames } from './nacos-settings.ts';
import type { AppsSettings, VmsSettings } from './settings.ts';
import type { TellTrouble, VmSource } from './vm-source.ts';
import { openVmFile } from './vms-file.ts';
import { openNacos, type NacosParts } from './vms-nacos.ts';
import { tellVms } from './vms-told.ts';
import { joinVms, type Vms } from './vms.ts';

interface Told {
  readonly apps: AppsSettings;
  readonly vms: VmsSettings;
}

export type VmWorld = Pick<NacosParts, 'apps' | 'clock' | 'random'> & {
  readonly tell: TellTrouble;
};

/** The file is read before the first round; a registry may be slow, and is not waited for. */
export async function openVms({ apps, vms }: Told, world: VmWorld): Promise<Vms> {
  const sources: VmSource[] = [tellVms(apps.list)];
  if (vms.file !== undefined) {
    const file = openVmFile(vms.file, world.clock, world.tell);
    await file.refresh();
    sources.push(file);
  }
  if (vms.nacos) {
    const { password, intervalSeconds = 5, clusterNames, metadata, ...place } = vms.nacos;
    const matches = metadata === undefined ? undefined : parseSelector(metadata);
    const passwordFile = password && { passwordFile: password.file };
    sources.push(
      openNacos({
        ...world,
        api: openNacosApi({ ...place, ...passwordFile }, world.clock),
        serviceOf: serviceNames(vms.nacos, apps.list),
        filter: { ...(clusterNames && { clusterNames }), ...(matches && { metadata: matches }) },
        intervalMs: intervalSeconds * 1000,
      }),
    );
  }
  return joinVms(sources);
}
