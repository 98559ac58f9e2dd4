// What `ballast check` finds of the sources of VMs: whether they can be read, and whether a registry has
// what the configuration names.
//
// Comes in: a configuration. Goes out: findings; none where nothing is configured. On failure: that is the
// finding. A registry is asked as Ballast asks it, one service after the other.

import { systemClock } from '../../clock.ts';
import type { LoadedConfig } from '../../config.ts';
import { openNacosApi, type NacosApi } from '../../inventory/nacos-api.ts';
import { serviceNames } from '../../inventory/nacos-settings.ts';
import { openVms } from '../../inventory/open-vms.ts';
import type { Finding, Section } from './findings.ts';

type Config = LoadedConfig['config'];

export async function vmSections({ config }: LoadedConfig, timeoutMs: number): Promise<Section[]> {
  const [file, registry] = await Promise.all([
    fileFindings(config),
    nacosSections(config, timeoutMs),
  ]);
  return [...(file.length > 0 ? [{ place: 'vms', findings: file }] : []), ...registry];
}

async function fileFindings(config: Config): Promise<Finding[]> {
  const quiet = { apps: () => [], tell: () => undefined };
  const vms = await openVms(config, { ...quiet, clock: systemClock, random: Math.random });
  const text = vms.trouble();
  if (text === undefined) return [];
  const fix = 'correct `vms.file`: YAML, app name to a list of addresses';
  return [{ level: 'error', code: 'vms-unread', text, fix }];
}

async function nacosSections({ vms, apps }: Config, timeoutMs: number): Promise<Section[]> {
  const { nacos } = vms;
  if (!nacos) return [];
  const { password, ...place } = nacos;
  const api = openNacosApi(
    { ...place, ...(password && { passwordFile: password.file }) },
    systemClock,
  );
  const named = (apps.list ?? []).flatMap(({ name, nacos: service }) =>
    service === undefined ? [] : [{ app: name, service }],
  );
  const serviceOf = serviceNames(nacos, apps.list);
  // Where it has no service of this name it answers all the same.
  const anybody = serviceOf('ballast') ?? 'ballast';
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    await api.list(anybody, signal);
    return [{ place: 'vms of nacos', findings: await missing(api, named, signal) }];
  } catch (error) {
    const text = `Nacos cannot be read: ${(error as Error).message}`;
    const fix = 'start it, or correct `url`, `username` and `password` of `vms.nacos`';
    return [
      { place: 'vms of nacos', findings: [{ level: 'error', code: 'vms-unread', text, fix }] },
    ];
  } finally {
    await api.close();
  }
}

async function missing(
  api: NacosApi,
  named: readonly { readonly app: string; readonly service: string }[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { app, service } of named) {
    const { instances } = await api.list(service, signal);
    if (instances.length > 0) continue;
    findings.push({
      level: 'warning',
      code: 'nothing-selected',
      text: `Nacos lists no instance of ${service}, which is the service of ${app}`,
      fix: 'correct `apps.list[].nacos`, or `namespace` and `group` of `vms.nacos`',
    });
  }
  return findings;
}
