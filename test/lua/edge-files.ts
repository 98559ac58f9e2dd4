// The files of an edge: edge.json, the two include files of nginx/ with their paths replaced, and an
// nginx.conf around them.
//
// Comes in: a folder, ports, options. Goes out: the written files' places.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface EdgeFiles {
  readonly name?: string;
  readonly environment?: string;
  readonly redisUrl?: string;
  /** The keys `redis` or `api` of edge.json, instead of the URL. */
  readonly source?: object;
  readonly workers?: number;
  /** Without them the endpoint serves loopback only, and that is where it listens. */
  readonly tokens?: { readonly read?: string; readonly write?: string; readonly push?: string };
  /** nginx' size of the shared memory of documents, `64m`. */
  readonly memory?: string;
  /** That of the statistics, `64m`. */
  readonly statisticsMemory?: string;
  /** The key of edge.json; absent: on. */
  readonly statistics?: boolean;
  /** Lines for the traffic server's location, after proxy_pass. */
  readonly location?: string;
  /** Further locations of the traffic server, for `$ballast_app`. */
  readonly locations?: string;
  /** What a person changes in an include file, by its name. */
  readonly edit?: (file: string, text: string) => string;
  /** Further lines outside of the http block. */
  readonly main?: string;
  /** Further lines of the http block. */
  readonly http?: string;
  /** Instead of the URL of its endpoint, told in `edge.json`. */
  readonly control?: string;
}

export interface Ports {
  readonly traffic: number;
  readonly control: number;
}

const root = join(import.meta.dirname, '..', '..');

export async function writeEdgeFiles(folder: string, ports: Ports, options: EdgeFiles) {
  const stateDir = join(folder, 'state');
  const user = process.getuid?.() === 0 ? unprivileged() : undefined;
  await mkdir(stateDir, { recursive: true });
  await chmod(folder, 0o755);
  if (user) await chown(stateDir, user.uid, user.gid);
  const { name = 'edge-1', environment = 'test', redisUrl, tokens } = options;
  const source = options.source ?? { redis: { url: redisUrl } };
  const { control = `http://127.0.0.1:${ports.control}`, statistics } = options;
  const settings = { name, environment, ...source, control, stateDir, tokens, statistics };
  await writeFile(join(folder, 'edge.json'), JSON.stringify(settings));
  for (const file of ['ballast-http.conf', 'ballast-control.conf']) {
    const text = await readFile(join(root, 'nginx', file), 'utf8');
    const placed = placeFiles(text, folder, ports, options);
    await writeFile(join(folder, file), options.edit?.(file, placed) ?? placed);
  }
  const configuration = join(folder, 'nginx.conf');
  await writeFile(configuration, wrap(folder, ports, options, user?.line ?? ''));
  return { stateDir, configuration };
}

/** Everything that nginx/*.conf ask a person to change. */
export function placeFiles(text: string, folder: string, ports: Ports, options: EdgeFiles): string {
  const { memory = '64m', statisticsMemory = '64m' } = options;
  return text
    .replaceAll('/usr/share/ballast/lua', join(root, 'lua'))
    .replaceAll('/etc/ballast/edge.json', join(folder, 'edge.json'))
    .replaceAll('/var/lib/ballast', join(folder, 'state'))
    .replaceAll('127.0.0.1:9145', `127.0.0.1:${ports.control}`)
    .replace('lua_shared_dict ballast 64m', `lua_shared_dict ballast ${memory}`)
    .replace('ballast_stats 64m', `ballast_stats ${statisticsMemory}`);
}

function wrap(folder: string, ports: Ports, options: EdgeFiles, user: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `    ${kind}_temp_path ${join(folder, kind)};`)
    .join('\n');
  return `${user}
${modules().join('\n')}
${options.main ?? ''}
daemon off;
worker_processes ${options.workers ?? 2};
pid ${join(folder, 'nginx.pid')};
error_log ${join(folder, 'error.log')} notice;
events {
    worker_connections 4096;
}
http {
${temporary}
    access_log off;
    include ${join(folder, 'ballast-http.conf')};
    include ${join(folder, 'ballast-control.conf')};
${placeFiles(options.http ?? '', folder, ports, options)}
    server {
        listen 127.0.0.1:${ports.traffic};
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        location / {
            proxy_pass http://ballast;
${options.location ?? ''}
        }
${placeFiles(options.locations ?? '', folder, ports, options)}
    }
}
`;
}

/** nginx started by root runs its workers as somebody else, who must be able to write stateDir. */
function unprivileged(): { uid: number; gid: number; line: string } | undefined {
  const entry = readFileSync('/etc/passwd', 'utf8').match(/^nobody:[^:]*:(\d+):(\d+):/m);
  if (!entry) return undefined;
  const [uid, gid] = [Number(entry[1]), Number(entry[2])];
  const group = readFileSync('/etc/group', 'utf8').match(new RegExp(`^([^:]+):[^:]*:${gid}:`, 'm'));
  return { uid, gid, line: `user nobody ${group?.[1] ?? 'nogroup'};` };
}

/** Where the Lua module is a file of its own it must be loaded; OpenResty has it built in. */
export function modules(): string[] {
  const built = execFileSync('sh', ['-c', 'nginx -V 2>&1'], { encoding: 'utf8' });
  const folder = built.match(/--modules-path=(\S+)/)?.[1] ?? '';
  return ['ndk_http_module.so', 'ngx_http_lua_module.so']
    .map((name) => join(folder, name))
    .filter((file) => existsSync(file))
    .map((file) => `load_module ${file};`);
}
