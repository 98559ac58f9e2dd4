import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { proxyOf } from '../../src/clusters/proxy.ts';
import { type ConnectProxy, startConnectProxy } from '../simulated/connect-proxy.ts';
import { SimulatedCluster } from '../simulated/cluster.ts';
import { type SocksProxy, startSocksProxy } from '../simulated/socks-proxy.ts';
import { openLink, type LinkWorld } from './open-link.ts';
import { until } from '../controlplane/until.ts';

const PROXY = 'http://proxy.example:3128';

test.each([
  ['https://east.example:6443', { HTTPS_PROXY: PROXY }, PROXY],
  ['https://east.example:6443', { https_proxy: 'proxy.example:3128' }, PROXY],
  ['https://east.example', { HTTP_PROXY: PROXY }, undefined],
  ['http://east.example', { HTTP_PROXY: PROXY }, PROXY],
  ['https://east.example', {}, undefined],
  ['https://127.0.0.1:6443', { HTTPS_PROXY: PROXY }, undefined],
  ['https://[::1]:6443', { HTTPS_PROXY: PROXY }, undefined],
  ['https://localhost', { HTTPS_PROXY: PROXY }, undefined],
  ['https://east.example', { HTTPS_PROXY: PROXY, NO_PROXY: '*' }, undefined],
  [
    'https://east.example',
    { HTTPS_PROXY: PROXY, NO_PROXY: 'west.example, EAST.example' },
    undefined,
  ],
  ['https://api.east.example', { HTTPS_PROXY: PROXY, no_proxy: '.east.example' }, undefined],
  ['https://api.east.example', { HTTPS_PROXY: PROXY, NO_PROXY: 'east.example' }, undefined],
  ['https://east.example', { HTTPS_PROXY: PROXY, NO_PROXY: '.east.example' }, PROXY],
  ['https://far-east.example', { HTTPS_PROXY: PROXY, NO_PROXY: 'east.example' }, PROXY],
  ['https://east.example:6443', { HTTPS_PROXY: PROXY, NO_PROXY: 'east.example:6443' }, undefined],
  ['https://east.example:6443', { HTTPS_PROXY: PROXY, NO_PROXY: 'east.example:443' }, PROXY],
  ['https://10.2.3.4', { HTTPS_PROXY: PROXY, NO_PROXY: '10.0.0.0/8' }, undefined],
  ['https://11.2.3.4', { HTTPS_PROXY: PROXY, NO_PROXY: '10.0.0.0/8' }, PROXY],
  ['https://10.2.3.4', { HTTPS_PROXY: PROXY, NO_PROXY: '2.3.4' }, PROXY],
  ['https://[fd00::1]', { HTTPS_PROXY: PROXY, NO_PROXY: 'fd00::/8' }, undefined],
  ['https://[fd00::1]:6443', { HTTPS_PROXY: PROXY, NO_PROXY: '[fd00::1]:6443' }, undefined],
  ['https://10.2.3.4', { HTTPS_PROXY: PROXY, NO_PROXY: '10.0.0.0/99' }, PROXY],
])('%s with %j', (server, environment, proxy) => {
  expect(proxyOf(server, environment)).toBe(proxy);
});

let east: SimulatedCluster;

beforeAll(async () => {
  east = await new SimulatedCluster({ name: 'east' }).start();
});
afterAll(async () => {
  await east.stop();
});

async function proxied(refuse?: number): Promise<ConnectProxy> {
  const proxy = await startConnectProxy(Number(new URL(east.api.url).port), refuse);
  onTestFinished(() => proxy.close());
  return proxy;
}

/** A link to a name that only a proxy can reach. */
async function far(world: LinkWorld, proxyUrl?: string) {
  return openLink(
    east.api.kubeconfig(),
    ({ clusters }) => {
      for (const { cluster } of clusters) {
        cluster['server'] = 'https://east.example:6443';
        cluster['tls-server-name'] = 'localhost';
        if (proxyUrl !== undefined) cluster['proxy-url'] = proxyUrl;
      }
    },
    world,
  );
}

test.each(['proxy-url', 'HTTPS_PROXY'])(
  'by %s: one tunnel, with HTTP/2 in it, for 200 calls',
  async (by) => {
    const proxy = await proxied();
    const named = by === 'proxy-url';
    const link = await far(
      named ? {} : { environment: { HTTPS_PROXY: proxy.url } },
      named ? proxy.url : undefined,
    );
    for (let calls = 0; calls < 180; calls++) expect(await link.status()).toBe(200);
    const parallel = await Promise.all(Array.from({ length: 20 }, () => link.status()));
    expect(new Set(parallel)).toEqual(new Set([200]));
    expect(proxy.tunnels).toEqual(['east.example:6443']);
    expect(link.http2).toBe(true);
  },
);

test('proxy-url goes before the environment', async () => {
  const [named, other] = [await proxied(), await proxied()];
  const link = await far({ environment: { HTTPS_PROXY: other.url } }, named.url);
  expect(await link.status()).toBe(200);
  expect([named.tunnels.length, other.tunnels.length]).toEqual([1, 0]);
});

test('a user and a password are given to the proxy', async () => {
  const proxy = await proxied();
  const link = await far({}, proxy.url.replace('//', '//ann:s%40crt@'));
  expect(await link.status()).toBe(200);
  expect(proxy.authorization()).toBe(`Basic ${btoa('ann:s@crt')}`);
});

test('what the proxy says is said, without its password', async () => {
  const proxy = await proxied(407);
  const link = await far({}, proxy.url.replace('//', '//ann:secret@'));
  await expect(link.status()).rejects.toThrow(`proxy ${new URL(proxy.url).host}: HTTP 407`);
});

test('a proxy that is not there is named, and tried again', async () => {
  const gone = await startConnectProxy(1);
  await gone.close();
  const link = await far({}, gone.url);
  const words = `proxy ${new URL(gone.url).host}: connection refused`;
  await expect(link.status()).rejects.toThrow(words);
  await expect(link.status()).rejects.toThrow(words);
});

test('a cut tunnel is opened anew', async () => {
  const proxy = await proxied();
  const link = await far({}, proxy.url);
  expect(await link.status()).toBe(200);
  await east.stop();
  await east.start();
  await until('it is reached again', async () => (await link.status()) === 200);
  expect(proxy.tunnels.length).toBeGreaterThan(1);
});

async function socks(login?: string): Promise<SocksProxy> {
  const proxy = await startSocksProxy(Number(new URL(east.api.url).port), login);
  onTestFinished(() => proxy.close());
  return proxy;
}

test('by SOCKS: one way, with HTTP/2 in it, to a name that the proxy looks up', async () => {
  const proxy = await socks();
  const link = await far({}, `socks5://${proxy.address}`);
  const calls = await Promise.all(Array.from({ length: 20 }, () => link.status()));
  expect(new Set(calls)).toEqual(new Set([200]));
  expect(proxy.ways).toEqual(['east.example:6443']);
  expect(link.http2).toBe(true);
});

test('by SOCKS with a user and a password; a wrong one is said, without it', async () => {
  const proxy = await socks('ann:s@crt');
  const link = await far({}, `socks5://ann:s%40crt@${proxy.address}`);
  expect(await link.status()).toBe(200);
  const refused = await far({}, `socks5://ann:hush@${proxy.address}`);
  const error: unknown = await refused.status().catch((thrown: unknown) => thrown);
  expect(String(error)).toMatch(new RegExp(`proxy ${proxy.address}: .*[Aa]uthentication`));
  expect(String(error)).not.toContain('hush');
});

test('a SOCKS proxy that is not there is named', async () => {
  const gone = await startSocksProxy(1);
  await gone.close();
  const link = await far({}, `socks5://${gone.address}`);
  await expect(link.status()).rejects.toThrow(`proxy ${gone.address}: connection refused`);
});
