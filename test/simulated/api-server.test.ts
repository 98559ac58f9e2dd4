import { connect } from 'node:http2';
import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedApiServer } from './api-server.ts';
import type { RawClient, RawObject } from './raw-client.ts';
import { createRawClient } from './raw-client.ts';

let server: SimulatedApiServer;
let client: RawClient;

beforeEach(async () => {
  server = await new SimulatedApiServer({ name: 'east' }).start();
  client = createRawClient(server);
});

afterEach(async () => {
  await client.close();
  await server.stop();
});

function putPods(count: number, labels: Record<string, string> = {}, namespace = 'prod'): void {
  for (let index = 0; index < count; index++) {
    server.put('pods', { metadata: { name: `pod-${index}`, namespace, labels }, spec: { a: 1 } });
  }
}

function names(list: RawObject): (string | undefined)[] {
  return (list.items ?? []).map((item) => item.metadata?.name);
}

describe('transport', () => {
  it('speaks HTTP/2 and HTTP/1.1 on one port, verified by its own CA', async () => {
    const old = createRawClient(server, { http2: false });
    expect((await client.ask('/version')).json()).toMatchObject({ major: '1' });
    expect((await old.ask('/version')).status).toBe(200);
    expect(server.requests.map((request) => request.http2)).toEqual([true, false]);
    await old.close();
  });

  it('shows a certificate that nobody trusts without its CA', async () => {
    const session = connect(server.url);
    const error = await new Promise<NodeJS.ErrnoException>((resolve) =>
      session.on('error', resolve),
    );
    expect(error.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  it('can be without HTTP/2', async () => {
    const old = await new SimulatedApiServer({ http2: false }).start();
    const both = createRawClient(old);
    await both.ask('/version');
    expect(old.requests[0]?.http2).toBe(false);
    await both.close();
    await old.stop();
  });

  it('comes back on the same port with the same state', async () => {
    putPods(1);
    const { url } = server;
    await client.ask('/version');
    await server.stop();
    await expect(client.ask('/version')).rejects.toThrow();
    await server.start();
    expect(server.url).toBe(url);
    expect(names((await client.ask('/api/v1/pods')).json())).toEqual(['pod-0']);
  });
});

describe('who may ask', () => {
  it('wants a known token, except for health and version', async () => {
    expect((await client.ask('/api/v1/pods', { token: 'wrong' })).status).toBe(401);
    expect((await client.ask('/readyz', { token: 'wrong' })).text).toBe('ok');
    server.tokens.delete(server.token);
    expect((await client.ask('/api/v1/pods')).json().kind).toBe('Status');
  });

  it('keeps open watches of a revoked token', async () => {
    const watch = await client.watch('/api/v1/pods?watch=true&resourceVersion=1000');
    server.tokens.clear();
    putPods(1);
    expect((await watch.next()).type).toBe('ADDED');
  });
});

describe('lists', () => {
  it('pages through one version, whatever is written meanwhile', async () => {
    putPods(5);
    const first = (await client.ask('/api/v1/pods?limit=2')).json();
    expect(first.metadata).toMatchObject({ remainingItemCount: 3 });
    server.remove('pods', 'pod-3', 'prod');
    server.put('pods', { metadata: { name: 'pod-22', namespace: 'prod' } });
    const next = encodeURIComponent(first.metadata?.continue ?? '');
    const second = (await client.ask(`/api/v1/pods?limit=100&continue=${next}`)).json();
    expect([...names(first), ...names(second)]).toEqual([0, 1, 2, 3, 4].map((n) => `pod-${n}`));
    expect(second.metadata?.resourceVersion).toBe(first.metadata?.resourceVersion);
    expect(second.metadata?.continue).toBeUndefined();
  });

  it('answers 410 to a page token that expired', async () => {
    putPods(3);
    const first = (await client.ask('/api/v1/pods?limit=1')).json();
    putPods(4);
    server.compact();
    const next = encodeURIComponent(first.metadata?.continue ?? '');
    const late = await client.ask(`/api/v1/pods?limit=1&continue=${next}`);
    expect([late.status, late.json().reason]).toEqual([410, 'Expired']);
  });

  it('tells namespaces and selectors apart', async () => {
    putPods(2, { app: 'shop', tier: 'web' });
    putPods(1, { app: 'cart' }, 'stage');
    const count = async (path: string) => names((await client.ask(path)).json()).length;
    expect(await count('/api/v1/pods')).toBe(3);
    expect(await count('/api/v1/namespaces/prod/pods')).toBe(2);
    const selectors: [string, number][] = [
      ['app=shop', 2],
      ['app==shop,tier=web', 2],
      ['app!=shop', 1],
      ['app in (shop, cart)', 3],
      ['app notin (shop)', 1],
      ['tier', 2],
      ['!tier', 1],
    ];
    for (const [selector, expected] of selectors) {
      const found = await count(`/api/v1/pods?labelSelector=${encodeURIComponent(selector)}`);
      expect([selector, found]).toEqual([selector, expected]);
    }
    expect(await count('/api/v1/pods?fieldSelector=metadata.name%3Dpod-1')).toBe(1);
    expect((await client.ask('/api/v1/pods?labelSelector=a%20b%20c')).status).toBe(400);
  });

  it('omits remainingItemCount with a selector, and kind in items', async () => {
    putPods(3, { app: 'shop' });
    const page = (await client.ask('/api/v1/pods?limit=1&labelSelector=app')).json();
    expect(page.metadata).not.toHaveProperty('remainingItemCount');
    expect(page.items?.[0]).not.toHaveProperty('kind');
    expect(page.kind).toBe('PodList');
  });

  it('ignores a limit at version 0 and refuses a version it has not reached', async () => {
    putPods(3);
    expect(names((await client.ask('/api/v1/pods?limit=1&resourceVersion=0')).json())).toHaveLength(
      3,
    );
    const ahead = await client.ask(
      '/api/v1/pods?resourceVersion=9999&resourceVersionMatch=NotOlderThan',
    );
    expect(ahead.status).toBe(504);
    expect(ahead.text).toContain('ResourceVersionTooLarge');
  });

  it('serves an exact older version', async () => {
    putPods(2);
    server.remove('pods', 'pod-0', 'prod');
    const old = await client.ask('/api/v1/pods?resourceVersion=1002&resourceVersionMatch=Exact');
    expect(names(old.json())).toEqual(['pod-0', 'pod-1']);
  });

  it('answers 404 for optional kinds unless enabled', async () => {
    const path = '/apis/gateway.networking.k8s.io/v1/httproutes';
    expect((await client.ask(path)).status).toBe(404);
    const enable = ['gateway.networking.k8s.io'];
    const rich = await new SimulatedApiServer({ enable }).start();
    const other = createRawClient(rich);
    expect((await other.ask(path)).json().kind).toBe('HTTPRouteList');
    await other.close();
    await rich.stop();
  });
});

describe('the official client', () => {
  it('reads the kubeconfig, lists by pages and follows by informer', async () => {
    putPods(3, { app: 'shop' });
    const config = new KubeConfig();
    config.loadFromString(server.kubeconfig());
    const api = config.makeApiClient(CoreV1Api);
    const page = await api.listNamespacedPod({ namespace: 'prod', limit: 2 });
    expect(page.items.map((pod) => pod.metadata?.name)).toEqual(['pod-0', 'pod-1']);
    expect(page.metadata?._continue).toBeTruthy();
    expect(page.items[0]?.metadata?.creationTimestamp).toBeInstanceOf(Date);

    const path = '/api/v1/namespaces/prod/pods';
    const informer = makeInformer(config, path, () => api.listNamespacedPod({ namespace: 'prod' }));
    const gone = new Promise<string | undefined>((resolve) => {
      informer.on('delete', (pod) => resolve(pod.metadata?.name));
    });
    await informer.start();
    await expect.poll(() => server.openWatches('pods')).toBe(1);
    server.remove('pods', 'pod-1', 'prod');
    expect(await gone).toBe('pod-1');
    expect(informer.list()).toHaveLength(2);
    await informer.stop();
  });

  it('finds the kinds by discovery', async () => {
    const core = (await client.ask('/api/v1')).json();
    expect(core['resources']).toContainEqual(
      expect.objectContaining({ name: 'pods', kind: 'Pod' }),
    );
    const apps = (await client.ask('/apis/apps/v1')).json();
    expect(apps['resources']).toContainEqual(
      expect.objectContaining({ name: 'deployments/scale' }),
    );
    expect((await client.ask('/apis')).text).toContain('discovery.k8s.io/v1');
  });
});
