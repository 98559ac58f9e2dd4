import { Agent, Client } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedCluster } from './cluster.ts';
import { findFreePort } from '../controlplane/ports.ts';
import type { IngressFleetOptions } from './ingress-node.ts';
import { IngressFleet } from './ingress-node.ts';

const n1 = { name: 'n1', address: '127.1.7.1' };
const n2 = { name: 'n2', address: '127.1.7.2' };

let cluster: SimulatedCluster;
let fleet: IngressFleet;
let agent: Agent;
let port: number;

beforeEach(async () => {
  cluster = await new SimulatedCluster({ name: 'east' }).start();
  cluster.setIngressNode(n1);
  cluster.setIngressNode(n2);
  cluster.setApp({ name: 'shop', pods: 2, hosts: ['shop.test', '*.wild.test'] });
  agent = new Agent();
  port = await findFreePort([n1.address, n2.address]);
});

afterEach(async () => {
  await agent.destroy();
  await fleet.close();
  await cluster.stop();
});

async function startFleet(options: Partial<IngressFleetOptions> = {}): Promise<void> {
  const { insideUrl, ca, token } = cluster.api;
  const api = { url: insideUrl, ca, token };
  fleet = await new IngressFleet({ cluster: 'east', api, port, graceMs: 50, ...options }).start();
}

async function ask(host: string, address = n1.address, path = '/') {
  const answer = await agent.request({
    origin: `http://${address}:${port}`,
    path,
    method: 'GET',
    headers: { host },
  });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}

const status = async (...args: Parameters<typeof ask>) => (await ask(...args)).status;
const states = () => Object.fromEntries(fleet.nodes().map(({ node, state }) => [node, state]));

describe('what it answers', () => {
  it('names cluster, node and pod, in turn', async () => {
    await startFleet();
    const first = await ask('shop.test');
    const second = await ask('SHOP.test:80');
    expect(first.headers).toMatchObject({ 'x-ballast-cluster': 'east', 'x-ballast-node': 'n1' });
    const pods = [first, second].map((answer) => answer.headers['x-ballast-pod']);
    expect(pods.sort()).toEqual(
      cluster
        .pods('shop')
        .map((pod) => pod.name)
        .sort(),
    );
    expect(JSON.parse(first.text)).toMatchObject({ cluster: 'east', node: 'n1' });
    expect((await ask('shop.test', n2.address)).headers['x-ballast-node']).toBe('n2');
  });

  it('tells the truth: 404 without Ingress, 503 without ready endpoint', async () => {
    cluster.setApp({ name: 'dark', pods: 2 });
    cluster.setApp({ name: 'sick', pods: 2, unready: 2, hosts: ['sick.test'] });
    await startFleet();
    expect(await status('dark.test')).toBe(404);
    expect(await status('sick.test')).toBe(503);
    cluster.setUnready('sick', 1);
    await expect.poll(() => status('sick.test')).toBe(200);
    cluster.removeApp('sick');
    await expect.poll(() => status('sick.test')).toBe(404);
  });

  it('knows wildcards of one label, and Services that are not there', async () => {
    await startFleet();
    expect(await status('a.wild.test')).toBe(200);
    expect(await status('a.b.wild.test')).toBe(404);
    cluster.api.remove('services', 'shop', 'prod');
    await expect.poll(() => status('shop.test')).toBe(503);
  });

  it('counts by host, status and node', async () => {
    await startFleet();
    await ask('shop.test');
    await ask('shop.test', n2.address);
    await ask('none.test', n2.address);
    expect(fleet.counts()).toEqual({
      total: 3,
      byHost: { 'shop.test': 2, 'none.test': 1 },
      byStatus: { 200: 2, 404: 1 },
      byNode: { n1: 1, n2: 2 },
      exact: { 'shop.test 200 n1': 1, 'shop.test 200 n2': 1, 'none.test 404 n2': 1 },
    });
  });
});

describe('pods', () => {
  it('break their running requests when killed without grace', async () => {
    await startFleet();
    const running = ask('shop.test', n1.address, '/?delay=60000');
    const broken = expect(running).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
    await expect.poll(() => fleet.running()).toBe(1);
    cluster.killPods('shop', 2);
    await broken;
    expect(fleet.counts().total).toBe(0);
  });

  it('finish their running requests when they terminate', async () => {
    await startFleet();
    const running = ask('shop.test', n1.address, '/?delay=300');
    await expect.poll(() => fleet.running()).toBe(1);
    cluster.scale('shop', 0);
    await expect.poll(() => status('shop.test')).toBe(503);
    expect((await running).status).toBe(200);
  });

  it('break their running requests, too, when a force deletion shows them terminating', async () => {
    await startFleet();
    const running = ask('shop.test', n1.address, '/?delay=60000');
    const broken = expect(running).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
    await expect.poll(() => fleet.running()).toBe(1);
    for (const { name } of cluster.pods('shop')) {
      const { metadata, ...rest } = cluster.api.get('pods', name, 'prod') ?? { metadata: { name } };
      const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 };
      cluster.api.put('pods', {
        ...rest,
        metadata: { name, namespace: 'prod', ...deleted, labels: { ...metadata.labels } },
      });
      cluster.api.remove('pods', name, 'prod');
    }
    cluster.terminatePods('shop', 2);
    await broken;
  });

  it('break their running requests where the cluster shows no pods', async () => {
    cluster.setApp({ name: 'cheap', pods: 1, podObjects: false, hosts: ['cheap.test'] });
    await startFleet();
    const running = ask('cheap.test', n1.address, '/?delay=60000');
    const broken = expect(running).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
    await expect.poll(() => fleet.running()).toBe(1);
    cluster.killPods('cheap', 1);
    await broken;
  });

  it('live on when only their endpoint moves', async () => {
    await startFleet();
    const running = ask('shop.test', n1.address, '/?delay=300');
    await expect.poll(() => fleet.running()).toBe(1);
    for (const slice of cluster.api.list('endpointslices')) {
      cluster.api.remove('endpointslices', slice.metadata.name, 'prod');
    }
    await expect.poll(() => status('shop.test')).toBe(503);
    expect((await running).status).toBe(200);
  });
});

describe('nodes', () => {
  it('come and go with their ingress pods', async () => {
    cluster.setIngressNode({ ...n2, ingressPod: 'none' });
    await startFleet({ graceMs: 0 });
    await expect(ask('shop.test', n2.address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    cluster.setIngressNode(n2);
    await expect.poll(states).toEqual({ n1: 'open', n2: 'open' });
    expect(await status('shop.test', n2.address)).toBe(200);
    cluster.removeNode('n1');
    await expect.poll(states).toEqual({ n1: 'closed', n2: 'open' });
    await expect(ask('shop.test')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('stay when their kubelet is silent', async () => {
    await startFleet({ graceMs: 0 });
    cluster.silenceNodes('n1');
    // n2 leaves after the silence was told, so its going proves that the silence has been seen.
    cluster.setIngressNode({ ...n2, ingressPod: 'unready' });
    await expect.poll(states).toEqual({ n1: 'open', n2: 'closed' });
    expect(await status('shop.test')).toBe(200);
  });

  it('drain: answer on with Connection: close, old connections and new, then refuse', async () => {
    await startFleet({ graceMs: 2000 });
    const idle = new Client(`http://${n1.address}:${port}`);
    const request = { path: '/', method: 'GET', headers: { host: 'shop.test' } } as const;
    await (await idle.request(request)).body.dump();
    cluster.setIngressNode({ ...n1, ingressPod: 'unready' });
    await expect.poll(states).toMatchObject({ n1: 'draining' });
    const old = await idle.request(request);
    await old.body.dump();
    expect([old.statusCode, old.headers['connection']]).toEqual([200, 'close']);
    expect((await ask('shop.test')).headers['connection']).toBe('close');
    await expect.poll(states).toMatchObject({ n1: 'closed' });
    await expect(ask('shop.test')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await idle.destroy();
  });

  it('take a drain back, and let a long request finish after it', async () => {
    await startFleet({ graceMs: 20 });
    const running = ask('shop.test', n1.address, '/?delay=300');
    await expect.poll(() => fleet.running()).toBe(1);
    cluster.setIngressNode({ ...n1, ingressPod: 'unready' });
    await expect.poll(states).toMatchObject({ n1: 'closed' });
    expect((await running).status).toBe(200);
    cluster.setIngressNode(n1);
    await expect.poll(states).toMatchObject({ n1: 'open' });
    expect(await status('shop.test')).toBe(200);
  });

  it('can lose power, and come back', async () => {
    await startFleet();
    const running = ask('shop.test', n1.address, '/?delay=60000');
    const broken = expect(running).rejects.toThrow();
    await expect.poll(() => fleet.running()).toBe(1);
    await fleet.kill('n1');
    await broken;
    expect(states()).toEqual({ n1: 'killed', n2: 'open' });
    await fleet.revive('n1');
    expect(await status('shop.test')).toBe(200);
  });
});

describe('its API server', () => {
  it('may go away: the last knowledge stays, and is put right afterwards', async () => {
    await startFleet();
    await cluster.stop();
    cluster.scale('shop', 0);
    expect(await status('shop.test')).toBe(200);
    await cluster.start();
    await expect.poll(() => status('shop.test')).toBe(503);
  });

  it.each([
    { kind: 'reset', times: 3 },
    { kind: 'expired', times: 5 },
    { kind: 'broken-json', times: 5 },
    { kind: 'html', times: 5 },
    { kind: 'status', code: 500, times: 5 },
  ] as const)('may have the fault $kind: it lists anew', async (fault) => {
    await startFleet();
    await cluster.api.fault({ ...fault, from: 'anywhere' });
    cluster.api.endWatches();
    cluster.scale('shop', 0);
    await expect.poll(() => status('shop.test')).toBe(503);
    expect(await status('none.test')).toBe(404);
  });
});
