// What the keys under `vms.nacos` say together. Pure.

import { callFault } from '../edges/place-url.ts';
import type { AppName } from '../model.ts';
import { parseSelector } from '../clusters/selector.ts';
import type { AppsSettings, NacosSettings } from './settings.ts';

interface KeyFault {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** Faults by path from the root of the configuration. */
export function nacosFaults(
  nacos: NacosSettings | undefined,
  list: AppsSettings['list'],
): KeyFault[] {
  if (!nacos) {
    return (list ?? []).flatMap(({ nacos: service }, index) => {
      if (service === undefined) return [];
      const path = ['apps', 'list', index, 'nacos'];
      return [{ path, text: 'has an effect only with vms.nacos' }];
    });
  }
  return [...placeFaults(nacos), ...accountFaults(nacos)].map(([key, text]) => ({
    path: ['vms', 'nacos', key],
    text,
  }));
}

type Found = readonly (readonly [string, string])[];

function placeFaults({ url, metadata }: NacosSettings): Found {
  const scheme = /^https?:/i.test(url) ? undefined : 'is neither http nor https';
  const wrong = callFault(url) ?? scheme;
  const selects = metadata === undefined || parseSelector(metadata) !== undefined;
  return [
    ...(wrong === undefined ? [] : [['url', wrong] as const]),
    ...(selects
      ? []
      : [['metadata', 'is no label selector (a=b, a!=b, a in (b, c), a, !a)'] as const]),
  ];
}

function accountFaults({ username, password }: NacosSettings): Found {
  if (username !== undefined && !password) return [['password', 'is missing: username needs it']];
  if (password && username === undefined) return [['username', 'is missing: password needs it']];
  return [];
}

/** Which service of the registry an app is. */
export function serviceNames(
  { service: pattern }: NacosSettings,
  list: AppsSettings['list'],
): (app: AppName) => string | undefined {
  const own = new Map((list ?? []).map(({ name, nacos }) => [name, nacos]));
  return (app) => own.get(app) ?? pattern?.replaceAll('{app}', () => app);
}
