// Does this nginx run Lua, with the modules the edge requires? `nginx -t` runs no Lua and passes even
// where resty.core refuses the Lua module's version, so nginx is really started: in a folder of its
// own, on a unix socket, in the foreground, until its init_by_lua block has answered. What was tried
// is noted below node_modules, so that the next look costs two file reads.
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TRIAL_MS = 10_000;

/** Faults `[{need, detail}]`; none when all is well; undefined when this nginx has no Lua at all. */
export async function luaFaults(root, nginx, modules) {
  const stamp = join(root, 'node_modules', '.cache', 'ballast', 'nginx.json');
  const known = readStamp(stamp);
  if (known !== undefined && known.tried === identity(nginx, known.luaModule, modules)) return [];
  const loads = loadLines(nginx);
  if (loads === undefined) return undefined;
  const answers = await startOnce(nginx, loads, modules);
  const faults = modules.flatMap(({ need, names }) => {
    const details = names.map((name) => answers[name] ?? answers.nginx ?? 'no answer');
    return details.includes('ok') ? [] : [{ need, detail: details[0] }];
  });
  if (faults.length === 0) writeStamp(root, stamp, { luaModule: loads.at(-1), nginx, modules });
  return faults;
}

// Lua is built in (OpenResty), or a file beside the other modules (Debian). undefined: neither.
function loadLines(nginx) {
  const { stderr } = spawnSync(nginx, ['-V'], { encoding: 'utf8' });
  const built = stderr ?? '';
  const folder = /--modules-path=(\S+)/.exec(built)?.[1];
  const lua = folder && join(folder, 'ngx_http_lua_module.so');
  if (lua && existsSync(lua)) return [join(folder, 'ndk_http_module.so'), lua].filter(existsSync);
  return /openresty|lua-nginx-module|ngx_lua/.test(built) ? [] : undefined;
}

async function startOnce(nginx, loads, modules) {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-trial-'));
  const names = modules.flatMap((module) => module.names);
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, loads, names));
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')];
  const child = spawn(nginx, args, { stdio: 'ignore' });
  let isGone = false;
  const gone = new Promise((resolve) => child.on('error', resolve).on('close', resolve)).then(
    () => {
      isGone = true;
    },
  );
  // Not by SIGTERM: of one process, nginx notes it and then waits for an event that never comes when
  // the signal is there before the wait begins. There is nothing in it to lose.
  const stop = () => child.kill('SIGKILL');
  process.on('exit', stop);
  try {
    await answered(join(folder, 'done'), () => isGone);
    return { ...readAnswers(join(folder, 'answers')), nginx: lastLine(join(folder, 'error.log')) };
  } finally {
    stop();
    await gone;
    process.off('exit', stop);
    rmSync(folder, { recursive: true, force: true });
  }
}

// No version of resty.core may keep nginx from telling us: the module loads it before our block, and
// dies when it does not fit. Then there are no answers, and the error log speaks.
function configuration(folder, loads, names) {
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `${loads.map((file) => `load_module ${file};`).join('\n')}
${user}
daemon off; master_process off; worker_processes 1;
pid ${folder}/pid; error_log ${folder}/error.log notice;
events { worker_connections 16; }
http {
  access_log off;
  client_body_temp_path ${folder}/1; proxy_temp_path ${folder}/2; fastcgi_temp_path ${folder}/3;
  uwsgi_temp_path ${folder}/4; scgi_temp_path ${folder}/5;
  init_by_lua_block {
    local out = assert(io.open("${folder}/answers", "w"))
    for name in ("${names.join(' ')}"):gmatch("%S+") do
      local ok, err = pcall(require, name)
      out:write(name, "\\t", ok and "ok" or tostring(err):match("[^\\n]*"), "\\n")
    end
    out:close()
  }
  init_worker_by_lua_block { assert(io.open("${folder}/done", "w")):close() }
  server { listen unix:${folder}/socket; return 204; }
}
`;
}

async function answered(file, isGone) {
  const until = Date.now() + TRIAL_MS;
  while (!existsSync(file) && !isGone() && Date.now() < until) {
    await new Promise((wake) => setTimeout(wake, 5));
  }
}

function readAnswers(file) {
  if (!existsSync(file)) return {};
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split('\t')));
}

function lastLine(file) {
  if (!existsSync(file)) return undefined;
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .findLast((line) => /\[(emerg|alert|error)\]/.test(line));
}

function identity(nginx, luaModule, modules) {
  return JSON.stringify([
    realpathSync(nginx),
    changed(nginx),
    luaModule,
    changed(luaModule),
    modules,
  ]);
}

const changed = (file) => (file && existsSync(file) ? statSync(file).mtimeMs : 0);

function readStamp(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function writeStamp(root, file, { luaModule, nginx, modules }) {
  if (!existsSync(join(root, 'node_modules'))) return;
  try {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, JSON.stringify({ luaModule, tried: identity(nginx, luaModule, modules) }));
  } catch {
    // A checkout that cannot be written is tried again each time.
  }
}
