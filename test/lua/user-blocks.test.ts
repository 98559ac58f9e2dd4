// An nginx.conf that exists already: two includes, one proxy_pass, and what its owner had stays in force.
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { startEdge, type TestEdge } from './edge.ts';
import { bodyOf, documentOf } from './leader.ts';
import { readmeBlocks } from './readme-blocks.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

const redisUrl = 'redis://127.0.0.1:1';
const client = openClient({ fresh: true });
let servers: TestServers;
let edge: TestEdge | undefined;

beforeAll(async () => {
  servers = await startServers(2);
});

afterEach(async () => {
  await edge?.close();
  edge = undefined;
});

afterAll(async () => {
  await client.close();
  await servers?.close();
});

async function publish(at: TestEdge, version: number, body: string): Promise<void> {
  const { app } = JSON.parse(body) as { app: string };
  const { json } = await at.call('POST', '/v1/upstreams', {
    term: 10,
    documents: [documentOf(app, { term: 10, version }, body)],
  });
  expect(json).toMatchObject({ verdicts: [{ code: 'applied' }] });
}

// The two include files with nothing changed but paths, in an http block that has its own of
// everything which may stand beside Ballast's.
test('two includes and one proxy_pass: what the http block had before works on', async () => {
  const { addresses } = servers;
  const mine = await startEdge({
    redisUrl,
    http: `lua_shared_dict mine 1m;
      map $http_x_kind $kind { default plain; vip gold; }
      log_format mine '$kind $status';
      access_log /dev/null mine;
      add_header X-Mine $kind always;
      error_page 404 /lost;
      error_page 503 @sorry;
      limit_req_zone $kind zone=kinds:1m rate=100000r/s;
      upstream static { server ${addresses[1]}; keepalive 8; }
      access_by_lua_block {
        if ngx.var.host == "shop.example" then ngx.shared.mine:incr("seen", 1, 0) end }`,
    locations: `location /static { limit_req zone=kinds; proxy_pass http://static; }
      location = /seen { content_by_lua_block { ngx.say(ngx.shared.mine:get("seen")) } }
      location = /lost { return 404 "mine"; }
      location /none { proxy_intercept_errors on; proxy_pass http://ballast; }
      location @sorry { return 503 "sorry"; }`,
  });
  edge = mine;
  await publish(mine, 1, bodyOf('shop', { [addresses[0] ?? '']: 1 }));
  expect((await client.get(mine.url, 'shop.example')).body).toBe(addresses[0]);
  expect((await client.get(`${mine.url}/static`, 'shop.example')).body).toBe(addresses[1]);
  const { body } = await client.get(`${mine.url}/seen`, 'shop.example');
  expect(Number(body)).toBe(3);
  const reply = await fetch(mine.url, { headers: { 'x-kind': 'vip' } });
  expect(reply.headers.get('x-mine')).toBe('gold');
  // Where its owner wants that, his page stands instead of Ballast's answer.
  const sorry = await client.get(`${mine.url}/none`, 'none.example');
  expect(sorry).toMatchObject({ status: 503, body: 'sorry' });
  // Ballast's own answers are asked for inside: the owner's headers are put on once, by the owner.
  expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '1']);
});

const ownBlocks = (text: string): string =>
  text.replace(
    /^(lua_package_path|lua_socket_log_errors|(init|init_worker|exit_worker|log)_by_lua_block) .*\n/gm,
    '',
  );

const [blocks = ''] = readmeBlocks('Your own Lua blocks');

test("the owner's own init, worker and log blocks call Ballast's, as README says", async () => {
  const { addresses } = servers;
  const mine = await startEdge({
    redisUrl,
    workers: 1,
    edit: (file, text) => (file === 'ballast-http.conf' ? ownBlocks(text) : text),
    http: `lua_shared_dict mine 1m;
      ${blocks
        .replace('init_by_lua_block {', 'init_by_lua_block { mine = "init";')
        .replace(
          'init_worker_by_lua_block {',
          'init_worker_by_lua_block { mine = mine .. " worker";',
        )
        .replace(
          '\nlog_by_lua_block {',
          '\nlog_by_lua_block { ngx.shared.mine:incr("ends", 1, 0);',
        )}`,
    locations: `location = /mine { content_by_lua_block {
        ngx.say(mine, " ", ngx.shared.mine:get("ends") or 0) } }
      location /other { proxy_pass http://ballast;
        log_by_lua_block { ngx.shared.mine:incr("others", 1, 0); ballast.log() } }`,
  });
  edge = mine;
  const address = addresses[0] ?? '';
  await publish(mine, 1, bodyOf('shop', { [address]: 1 }));
  await publish(mine, 2, bodyOf('dead', { '127.0.0.1:1': 1 }));
  const seen = await client.load(mine.url, 'shop.example', 10);
  expect(seen).toEqual(new Map([[address, 10]]));
  expect((await client.get(`${mine.url}/mine`, 'shop.example')).body).toBe('init worker 10\n');
  // Both log blocks bring Ballast its failures.
  await client.get(mine.url, 'dead.example');
  await client.get(`${mine.url}/other`, 'dead.example');
  await until('both failures are counted', async () => {
    const { json } = await mine.call('GET', '/v1/stats');
    const { apps } = json as { apps: Record<string, Record<string, { failures: number }>> };
    return apps['dead']?.['127.0.0.1:1']?.failures === 2;
  });
});

test('a block of the owner that stands beside Ballast’s is refused by nginx', async () => {
  const twice = startEdge({ redisUrl, http: 'init_by_lua_block { mine = 1 }' });
  await expect(twice).rejects.toThrow(/is duplicate/);
});

test('exact host, wildcard and $ballast_app side by side in one nginx.conf', async () => {
  const { addresses } = servers;
  const [a = '', b = ''] = addresses;
  const mine = await startEdge({
    redisUrl,
    locations: `location /cart { set $ballast_app cart; proxy_pass http://ballast; }
      location /by-header { set $ballast_app $http_x_app; proxy_pass http://ballast; }`,
  });
  edge = mine;
  await publish(mine, 1, bodyOf('exact', { [a]: 1 }, ['www.shop.example']));
  await publish(mine, 2, bodyOf('wide', { [b]: 1 }, ['*.shop.example']));
  await publish(mine, 3, bodyOf('cart', { [b]: 1 }, []));
  const answer = async (path: string, host: string) =>
    (await client.get(`${mine.url}${path}`, host)).body;
  expect(await answer('/', 'www.shop.example')).toBe(a);
  expect(await answer('/', 'm.shop.example')).toBe(b);
  expect(await answer('/cart', 'www.shop.example')).toBe(b);
  // An empty variable is as if it were not set.
  expect(await answer('/by-header', 'www.shop.example')).toBe(a);
  // A client that names what is no app: holds, or one that is not there.
  const holds = '{"debts":[],"holds":[],"moved":[]}';
  await mine.call('POST', '/v1/upstreams', {
    term: 10,
    documents: [documentOf('_holds', { term: 10, version: 4 }, holds)],
  });
  for (const name of ['_holds', 'none']) {
    const headers = { host: 'www.shop.example', 'x-app': name };
    const reply = await request(`${mine.url}/by-header`, { headers });
    await reply.body.dump();
    expect(reply.statusCode).toBe(503);
  }
});
