// The balancer phase runs as compiled code, and the common path allocates nothing: asked of the
// worker's own Lua, whose compiler tells of each trace that it ends and of each that it gives up.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { startEdge, type EdgeOptions, type TestEdge } from './edge.ts';
import { startLedRedis, type LedRedis } from './leader.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

// `watch`: all is to be compiled anew, and traces are noted from here on, one a line: "end FILE:LINE LINK" or "abort FILE:LINE at
// FILE:LINE REASON". `told`: these, after "head OP PLAIN": the first instruction of balance.run, and of
// a function that never ran. `heap`: Lua's memory in bytes (`full`: collected first; `flush`: without compiled code; `stop`: and from then on not).
const locations = `
location = /watch { content_by_lua_block {
  local util, lines, starts = require('jit.util'), {}, {}
  package.loaded.watched = lines
  local function place(func, pc)
    local info = util.funcinfo(func, pc)
    return info.loc and info.source:match('ballast/%w+%.lua$') and 'ballast/' .. info.loc or info.loc or 'C'
  end
  local function note(what, number, func, pc, code, reason)
    if what == 'start' then
      starts[number] = place(func, pc)
    elseif what == 'stop' then
      lines[#lines + 1] = 'end ' .. starts[number] .. ' ' .. util.traceinfo(number).linktype
    elseif what == 'abort' then
      lines[#lines + 1] = 'abort ' .. tostring(starts[number]) .. ' at ' .. place(func, pc) .. ' '
        .. tostring(code) .. ' ' .. tostring(reason)
    end
  end
  jit.off(note, true)
  jit.off(place, true)
  jit.attach(note, 'trace')
  jit.flush()
} }
location = /told { content_by_lua_block {
  local util = require('jit.util')
  local function op(func) return bit.band(util.funcbc(func, 0), 0xff) end
  ngx.say('head ', op(require('ballast.balance').run), ' ', op(function() end))
  for _, line in ipairs(package.loaded.watched) do ngx.say(line) end
} }
location /bare { proxy_pass http://bare; }
location = /heap { content_by_lua_block {
  if ngx.var.arg_flush then jit.flush() end
  if ngx.var.arg_full then
    collectgarbage()
    collectgarbage()
  end
  collectgarbage(ngx.var.arg_stop and 'stop' or 'restart')
  ngx.say(collectgarbage('count') * 1024)
} }`;

const client = openClient();
let led: LedRedis;
let edge: TestEdge;
let start: (options?: EdgeOptions) => Promise<void>;
let servers: TestServers;

beforeAll(async () => {
  led = await startLedRedis();
});

afterAll(async () => {
  await Promise.all([client.close(), led.close()]);
});

beforeEach(async () => {
  servers = await startServers(5);
  // nginx' Lua module allocates for each phase it calls: as much as for a balancer that does nothing.
  const http = `upstream bare {
    server 127.0.0.1:1;
    balancer_by_lua_block { package.loaded["ngx.balancer"].set_current_peer("${servers.addresses[0]}") }
    keepalive 256;
  }`;
  start = async (options = {}) => {
    edge = await startEdge({ redisUrl: led.redis.url, workers: 1, locations, http, ...options });
  };
});

afterEach(async () => {
  await edge?.close();
  await servers.close();
});

async function publish(policy: object, weights: readonly number[]): Promise<void> {
  const body = JSON.stringify({
    app: 'shop',
    hosts: ['shop.example'],
    policy,
    servers: weights.map((weight, i) => ({ address: servers.addresses[i], from: 'east', weight })),
  });
  await led.leader.publish(edge, { shop: body });
}

async function ask(path: string): Promise<string[]> {
  return (await client.get(`${edge.url}${path}`, 'x')).body.trim().split('\n');
}

// Ballast's own part of the common path. (state.lua also serves timers, which may leave the compiler.)
const COMMON =
  /^ballast\/(balance|entries|hash|health|laps|least|pick|picker|places|steps|tally)\.lua/;
// Leaving a loop, an inner loop, a loop of too many rounds, a return below the trace's start: told when
// a trace begins at a place where none can, and tried again from a better one. Where it is given up,
// a trace ends in the interpreter.
const HARMLESS = / (8|9|10|16) nil$/;

async function heap(query: string): Promise<number> {
  return Number((await ask(`/heap?${query}`))[0]);
}

/** In slices that take turns: the worker's timers allocate too, by time and not by requests. */
async function bytesPerRequest(paths: readonly string[], slices = 10, each = 1000) {
  for (const path of paths) await client.load(`${edge.url}${path}`, 'shop.example', 2000, 16);
  const bytes = paths.map(() => 0);
  let before = await heap('full=1&stop=1');
  for (let i = 0; i < slices * paths.length; i++) {
    const k = i % paths.length;
    await client.load(`${edge.url}${paths[k]}`, 'shop.example', each, 16);
    const after = await heap('stop=1');
    bytes[k] = (bytes[k] ?? 0) + after - before;
    before = after;
  }
  await heap('');
  return bytes.map((sum) => sum / slices / each);
}

const smooth = { balance: 'smooth', whenUnhealthy: 'spread' };

test.each([
  ['smooth', smooth, {}],
  ['smooth, without statistics', smooth, { statistics: false }],
  ['hash', { balance: 'hash', key: 'arg_user', whenUnhealthy: 'spread' }, {}],
  ['least', { balance: 'least', whenUnhealthy: 'spread' }, {}],
])('%s: a pick is compiled, and allocates nothing', async (_, policy, options) => {
  await start(options);
  await publish(policy, [35, 35, 10, 20, 7]);
  // The first laps: what an update costs is not what a request does.
  await client.load(`${edge.url}/?user=1`, 'shop.example', 1000, 16);
  await ask('/watch');
  await client.load(`${edge.url}/?user=1`, 'shop.example', 5000, 16);
  const [head, ...traces] = await ask('/told');
  const [, first, plain] = head?.split(' ') ?? [];
  expect(first).not.toBe(plain);
  const common = traces.filter((line) => COMMON.test(line.split(' ')[1] ?? ''));
  expect(common.filter((line) => line.startsWith('end')).length).toBeGreaterThan(0);
  expect(common.filter((line) => / (stitch|interpreter)$/.test(line))).toEqual([]);
  expect(common.filter((line) => line.startsWith('abort') && !HARMLESS.test(line))).toEqual([]);
  const [bare = 0, ours = 0] = await bytesPerRequest(['/bare', '/?user=1']);
  // The smallest thing that Lua can make has 24 bytes; what the timers and the compiler make besides
  // differs by a few from slice to slice.
  expect(Math.abs(ours - bare)).toBeLessThan(16);
});

test('memory is flat over 100,000 requests', async () => {
  await start();
  await publish(smooth, [35, 35, 10, 20, 7]);
  await client.load(edge.url, 'shop.example', 10_000, 32);
  const before = await heap('full=1&flush=1');
  await client.load(edge.url, 'shop.example', 100_000, 32);
  // The least that could be kept for each request is 16 bytes. Compiled code is let go before: the
  // compiler adds some for a long time, as rare paths become frequent.
  const grown = (await heap('full=1&flush=1')) - before;
  expect(grown).toBeLessThan(100_000);
});
