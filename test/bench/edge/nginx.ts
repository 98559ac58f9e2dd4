// nginx as it comes: the servers behind everything, and the static edge that Ballast is compared with.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../controlplane/until.ts';
import type { App } from './apps.ts';
import { cpuTime, pin, type Cores } from './cores.ts';
import { startProgram, type Program } from './program.ts';
import type { Contender } from './contender.ts';

/** Some systems allow no more open files; a thousand static upstreams need ten thousand. */
const CONNECTIONS = 16_384;

function configuration(folder: string, http: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `    ${kind}_temp_path ${join(folder, kind)};`)
    .join('\n');
  return `daemon off;
worker_processes 1;
worker_rlimit_nofile ${CONNECTIONS + 1024};
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'error.log')} error;
events {
    worker_connections ${CONNECTIONS};
}
http {
${temporary}
    access_log off;
    keepalive_requests 100000000;
    keepalive_timeout 1h;
${http}
}
`;
}

function startNginx(address: string, http: (port: number) => string): Promise<Program> {
  return startProgram({
    address,
    files: (folder, port) => ({ 'nginx.conf': configuration(folder, http(port)) }),
    command: (folder) => [
      'nginx',
      ...['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')],
    ],
  });
}

export interface Servers {
  readonly addresses: readonly string[];
  /** Of the same form; nothing listens there. */
  readonly dead: string;
  close(): Promise<void>;
}

/** Many addresses, one process: an answer is its address, and costs next to nothing. */
export async function startServers(count: number, cores: Cores): Promise<Servers> {
  const ip = (i: number): string => `127.77.${Math.floor(i / 250)}.${(i % 250) + 1}`;
  const ips = Array.from({ length: count }, (_, i) => ip(i));
  const nginx = await startNginx(ip(0), (port) => {
    const listens = ips.map((one) => `        listen ${one}:${port};`).join('\n');
    return `    server {\n${listens}\n        return 200 "$server_addr";\n    }`;
  });
  pin(nginx.pid, cores.others);
  return {
    addresses: ips.map((one) => `${one}:${nginx.port}`),
    dead: `127.78.0.1:${nginx.port}`,
    close: () => nginx.close(),
  };
}

export interface StaticOptions {
  readonly zone?: boolean;
  /** Idle connections kept for each upstream. */
  readonly keepalive: number;
}

export async function startStatic(
  name: string,
  apps: readonly App[],
  cores: Cores,
  { zone = false, keepalive }: StaticOptions,
): Promise<Contender> {
  const nginx = await startNginx('127.0.0.1', (port) =>
    [
      '    proxy_http_version 1.1;',
      '    proxy_set_header Connection "";',
      '    proxy_set_header Host $host;',
      '    server_names_hash_max_size 16384;',
      ...apps.map((app) => upstreamOf(app, zone, keepalive)),
      ...apps.map((app) => serverOf(app, port)),
    ].join('\n'),
  );
  const pid = await childOf(nginx.pid);
  pin(pid, cores.measured);
  return { name, port: nginx.port, cpu: () => cpuTime(pid), close: () => nginx.close() };
}

function upstreamOf({ name, servers }: App, zone: boolean, keepalive: number): string {
  const lines = servers.map(
    ({ address, weight }) => `        server ${address} weight=${weight};\n`,
  );
  return `    upstream ${name} {
${zone ? `        zone ${name} 256k;\n` : ''}${lines.join('')}        keepalive ${keepalive};
        keepalive_requests 100000000;
        keepalive_timeout 1h;
    }`;
}

function serverOf({ host, name }: App, port: number): string {
  return `    server {
        listen 127.0.0.1:${port};
        server_name ${host};
        location / {
            proxy_pass http://${name};
        }
    }`;
}

/** A connection may be made before nginx has forked. */
function childOf(pid: number): Promise<number> {
  return until('nginx has forked', () =>
    Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')),
  );
}
