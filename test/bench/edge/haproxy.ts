// HAProxy with one thread, as lean as its manual allows: no log, any idle connection is used again and
// none is given up during a run.
import { join } from 'node:path';
import type { App } from './apps.ts';
import type { Contender } from './contender.ts';
import { cpuTime, pin, type Cores } from './cores.ts';
import { startProgram } from './program.ts';

export async function startHaproxy(apps: readonly App[], cores: Cores): Promise<Contender> {
  const haproxy = await startProgram({
    address: '127.0.0.1',
    files: (folder, port) => ({
      'haproxy.cfg': configuration(apps, folder, port),
      hosts: apps.map(({ host, name }) => `${host} ${name}\n`).join(''),
    }),
    command: (folder) => ['haproxy', '-db', '-f', join(folder, 'haproxy.cfg')],
  });
  pin(haproxy.pid, cores.measured);
  return {
    name: 'HAProxy',
    port: haproxy.port,
    cpu: () => cpuTime(haproxy.pid),
    close: () => haproxy.close(),
  };
}

function configuration(apps: readonly App[], folder: string, port: number): string {
  const choice =
    apps.length === 1
      ? `default_backend ${apps[0]?.name}`
      : `use_backend %[req.hdr(host),lower,map(${join(folder, 'hosts')})]`;
  return `global
    nbthread 1
    maxconn 4000
defaults
    mode http
    http-reuse always
    timeout connect 2s
    timeout client 1h
    timeout server 1h
    timeout http-keep-alive 1h
    default-server pool-purge-delay 1h
frontend traffic
    bind 127.0.0.1:${port}
    ${choice}
${apps.map(backendOf).join('')}`;
}

function backendOf({ name, servers }: App): string {
  const lines = servers.map(
    ({ address, weight }, i) => `    server s${i} ${address} weight ${weight}\n`,
  );
  return `backend ${name}\n    balance roundrobin\n${lines.join('')}`;
}
