// Installs what is missing from Debian's or Ubuntu's packages, where we may; else says what to install.
// Services of the installed packages are neither started now nor enabled for the next start of the
// machine, and those that run already are left alone: apt asks policy-rc.d, and for the time of the
// installation it answers no. `luajit` must never come in: it replaces the library that nginx's Lua
// module uses, and takes the module away.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  ALERTMANAGER,
  BUSTED,
  CHROMIUM,
  CORE,
  CURL,
  findCommand,
  FAKETIME,
  HAPROXY,
  IPROUTE,
  LUACHECK,
  MMDEBSTRAP,
  NGINX,
  PROMETHEUS,
  REDIS,
  REDIS_CLIENT,
  RPM,
  VICTORIA_METRICS,
  WRK,
} from './programs.mjs';
import { Halt, step } from './step.mjs';

// What tests of Debian's own ways need.
const debianOnly = (apt) => ({
  apt,
  dnf: '(no such package)',
  apk: '(no such package)',
  brew: '(no such package)',
});

const PACKAGES = {
  [NGINX]: {
    apt: 'nginx libnginx-mod-http-lua',
    dnf: 'openresty',
    apk: 'nginx nginx-mod-http-lua',
    brew: 'openresty/brew/openresty',
  },
  [CORE]: {
    apt: 'lua-resty-core',
    dnf: 'openresty',
    apk: 'lua-resty-core',
    brew: 'openresty/brew/openresty',
  },
  [REDIS_CLIENT]: {
    apt: 'lua-nginx-redis',
    dnf: 'openresty',
    apk: 'lua-resty-redis',
    brew: 'openresty/brew/openresty',
  },
  [REDIS]: { apt: 'redis-server', dnf: 'valkey', apk: 'valkey', brew: 'valkey' },
  [LUACHECK]: { apt: 'lua-check', dnf: 'lua-check', apk: 'luacheck', brew: 'luacheck' },
  [BUSTED]: {
    apt: 'lua-busted',
    dnf: 'luarocks (then: luarocks install busted)',
    apk: 'lua5.1-busted',
    brew: 'luarocks (then: luarocks install busted)',
  },
  [FAKETIME]: { apt: 'faketime', dnf: 'libfaketime', apk: 'libfaketime', brew: 'libfaketime' },
  [HAPROXY]: { apt: 'haproxy', dnf: 'haproxy', apk: 'haproxy', brew: 'haproxy' },
  [WRK]: { apt: 'wrk', dnf: 'wrk', apk: 'wrk', brew: 'wrk' },
  [IPROUTE]: { apt: 'iproute2', dnf: 'iproute', apk: 'iproute2', brew: '(no such package)' },
  [CURL]: { apt: 'curl', dnf: 'curl', apk: 'curl', brew: 'curl' },
  [RPM]: { apt: 'rpm', dnf: 'rpm-build', apk: 'rpm-dev', brew: 'rpm' },
  [PROMETHEUS]: {
    apt: 'prometheus',
    dnf: 'golang-github-prometheus',
    apk: 'prometheus',
    brew: 'prometheus',
  },
  [ALERTMANAGER]: {
    apt: 'prometheus-alertmanager',
    dnf: 'golang-github-prometheus-alertmanager',
    apk: 'alertmanager',
    brew: 'alertmanager',
  },
  [VICTORIA_METRICS]: {
    apt: 'victoria-metrics',
    dnf: '(no such package)',
    apk: 'victoria-metrics',
    brew: 'victoriametrics',
  },
  [MMDEBSTRAP]: debianOnly('mmdebstrap'),
  [CHROMIUM]: { apt: 'chromium', dnf: 'chromium', apk: 'chromium', brew: 'chromium' },
};

const FAMILIES = [
  {
    kind: 'apt',
    line: 'Debian, Ubuntu:   apt-get install',
    note: 'never `luajit`: it removes the Lua module',
  },
  {
    kind: 'dnf',
    line: 'Fedora, RHEL:     dnf install',
    note: "openresty comes from OpenResty's own repository",
  },
  { kind: 'apk', line: 'Alpine:           apk add' },
  { kind: 'brew', line: 'macOS:            brew install' },
];

export function whatToInstall(missing) {
  const items = missing.map(({ need, detail }) => `  - ${need}${detail ? ` (${detail})` : ''}`);
  const lines = FAMILIES.map(({ kind, line, note }) => {
    return `  ${line} ${packagesFor(missing, kind).join(' ')}${note ? `   (${note})` : ''}`;
  });
  return ['Missing on this machine:', ...items, 'Install them:', ...lines].join('\n');
}

function packagesFor(missing, kind) {
  return [...new Set(missing.map(({ need }) => PACKAGES[need][kind]))].flatMap((names) =>
    names.includes('(') ? [names] : names.split(' '),
  );
}

/** False when this machine's packages are not ours to install. Throws when installing fails. */
export async function installSystemPackages(missing) {
  const asRoot = findCommand('apt-get') && rootPrefix();
  if (!asRoot) return false;
  const names = [...new Set(packagesFor(missing, 'apt'))];
  const script = readFileSync(fileURLToPath(new URL('apt-install.sh', import.meta.url)), 'utf8');
  const command = [...asRoot, 'sh', '-c', script, 'apt-install', ...names];
  try {
    await step(`${names.join(' ')}, by apt-get`, command, { finish: true });
  } catch (error) {
    if (error instanceof Halt && error.exitCode === 1)
      error.message += `\n${whatToInstall(missing)}`;
    throw error;
  }
  return true;
}

function rootPrefix() {
  if (process.getuid?.() === 0) return ['env'];
  const sudo = findCommand('sudo');
  const may = sudo && spawnSync(sudo, ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  return may ? [sudo, '-n'] : undefined;
}
