// Which of the programs that Ballast needs are on this machine. A program is found by PATH, and beside
// each `bin` of it in `sbin`, where servers live and a plain user's PATH does not lead.
import { accessSync, constants, statSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { luaFaults } from './trial.mjs';

export const NGINX = 'nginx with its Lua module';
export const CORE = 'resty.core, of the version that this Lua module asks for';
export const REDIS_CLIENT = 'a Redis client for Lua (nginx.redis or resty.redis)';
export const REDIS = 'Redis 6.2 or newer, or Valkey';
export const LUACHECK = 'luacheck';
export const BUSTED = 'busted';
export const FAKETIME = 'faketime';
export const HAPROXY = 'HAProxy';
export const WRK = 'wrk';
export const RPM = 'rpmbuild';
export const MMDEBSTRAP = 'mmdebstrap';
export const PROMETHEUS = 'Prometheus with promtool';
export const ALERTMANAGER = 'Alertmanager';
export const VICTORIA_METRICS = 'VictoriaMetrics';
export const IPROUTE = 'ip, of iproute2';
export const CURL = 'curl';
export const CHROMIUM = 'Chromium';

/** Lua modules the edge requires from outside; of each line one is enough. */
const LUA_MODULES = [
  { need: CORE, names: ['resty.core'] },
  { need: REDIS_CLIENT, names: ['nginx.redis', 'resty.redis'] },
];

const NEEDS = {
  start: ['edge', REDIS],
  test: ['edge', REDIS, LUACHECK, BUSTED, FAKETIME],
  browser: ['edge', REDIS, CHROMIUM],
  bench: ['edge', REDIS, HAPROXY, WRK, CHROMIUM],
  lint: [LUACHECK],
  deploy: [
    'edge',
    REDIS,
    RPM,
    MMDEBSTRAP,
    PROMETHEUS,
    ALERTMANAGER,
    VICTORIA_METRICS,
    IPROUTE,
    CURL,
  ],
  check: [],
};

const COMMANDS = {
  [REDIS]: ['redis-server', 'valkey-server'],
  [LUACHECK]: ['luacheck'],
  [BUSTED]: ['busted'],
  [FAKETIME]: ['faketime'],
  [HAPROXY]: ['haproxy'],
  [WRK]: ['wrk'],
  [RPM]: ['rpmbuild'],
  [MMDEBSTRAP]: ['mmdebstrap'],
  [PROMETHEUS]: ['promtool'],
  [ALERTMANAGER]: ['prometheus-alertmanager', 'alertmanager'],
  [VICTORIA_METRICS]: ['victoria-metrics'],
  [IPROUTE]: ['ip'],
  [CURL]: ['curl'],
  [CHROMIUM]: ['chromium', 'chromium-browser'],
};

/** What of the purpose's needs is missing: `[{need, detail?}]`, in a fixed order. */
export async function findPrograms(root, purpose) {
  const missing = [];
  for (const need of NEEDS[purpose]) {
    if (need === 'edge') missing.push(...(await edgeFaults(root)));
    else if (!COMMANDS[need].some((command) => findCommand(command))) missing.push({ need });
  }
  return missing;
}

// Several may be installed, not all of them with Lua: the first that runs Lua counts.
async function edgeFaults(root) {
  const found = ['nginx', 'openresty'].map((name) => findCommand(name)).filter(Boolean);
  let faults = [{ need: NGINX }];
  for (const nginx of found) {
    const these = await luaFaults(root, nginx, LUA_MODULES);
    if (these === undefined) continue;
    if (these.length === 0) return [];
    faults = these;
  }
  if (faults.some(({ need }) => need === NGINX)) faults = [...faults, ...luaUnknown()];
  return faults;
}

const luaUnknown = () => LUA_MODULES.map(({ need }) => ({ need }));

export function findCommand(name, path = process.env.PATH ?? '') {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    const beside = basename(folder) === 'bin' ? [join(dirname(folder), 'sbin')] : [];
    for (const place of [folder, ...beside]) {
      const file = join(place, name);
      if (isProgram(file)) return file;
    }
  }
  return undefined;
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
