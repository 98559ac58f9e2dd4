import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedCluster } from './cluster.ts';
import type { KubeObject } from './object-store.ts';
import { createRawClient } from './raw-client.ts';

let cluster: SimulatedCluster;

beforeEach(() => {
  cluster = new SimulatedCluster({ name: 'east' });
});

afterEach(() => cluster.stop());

interface Endpoint {
  readonly targetRef: { readonly uid: string };
  readonly nodeName: string;
  readonly conditions: { readonly serving: boolean; readonly terminating: boolean };
}

function endpoints(service: string): Endpoint[] {
  return slices(service).flatMap((slice) => (slice['endpoints'] as Endpoint[] | null) ?? []);
}

function slices(service: string): KubeObject[] {
  const label = 'kubernetes.io/service-name';
  return cluster.api
    .list('endpointslices')
    .filter((slice) => slice.metadata.labels?.[label] === service);
}

function uids(service: string): Set<string> {
  return new Set(endpoints(service).map((endpoint) => endpoint.targetRef.uid));
}

function condition(object: KubeObject | undefined, type: string): string | undefined {
  const status = object?.['status'] as { conditions?: { type: string; status: string }[] };
  return status.conditions?.find((one) => one.type === type)?.status;
}

/** The changes of one kind, as `TYPE name`. */
function record(plural: string): string[] {
  const seen: string[] = [];
  cluster.api.store.listeners.add((event) => {
    if (event.plural === plural) seen.push(event.type);
  });
  return seen;
}

describe('an app', () => {
  it('is a labelled Service, its slices, its pods and an Ingress', () => {
    cluster.setApp({ name: 'shop', service: 'shop-web', pods: 3, hosts: ['shop.test'] });
    const service = cluster.api.get('services', 'shop-web', 'prod');
    expect(service?.metadata.labels?.['ballast.io/app']).toBe('shop');
    expect(endpoints('shop-web')).toHaveLength(3);
    const pods = cluster.api.list('pods').filter((pod) => pod.metadata.namespace === 'prod');
    expect(new Set(pods.map((pod) => pod.metadata.uid))).toEqual(uids('shop-web'));
    expect(cluster.api.get('ingresses', 'shop-web', 'prod')?.['spec']).toMatchObject({
      rules: [{ host: 'shop.test' }],
    });
  });

  it('makes no event when it is set to what it is', () => {
    const order = { name: 'shop', pods: 3, hosts: ['shop.test'], deployment: true, unready: 1 };
    cluster.setApp(order);
    const { version } = cluster.api.store;
    cluster.setApp(order);
    expect(cluster.api.store.version).toBe(version);
  });

  it('spreads 250 pods over slices of at most 100, each uid once', () => {
    cluster.setApp({ name: 'shop', pods: 250 });
    const sizes = slices('shop').map((slice) => (slice['endpoints'] as unknown[]).length);
    expect(sizes.sort()).toEqual([100, 100, 50]);
    expect(uids('shop').size).toBe(250);
  });

  it('has each uid twice when dual-stack', () => {
    cluster.setApp({ name: 'shop', pods: 4, dualStack: true });
    expect(endpoints('shop')).toHaveLength(8);
    expect(uids('shop').size).toBe(4);
  });

  it('keeps one slice with null in it when it has no pods', () => {
    cluster.setApp({ name: 'shop', pods: 0 });
    expect(slices('shop').map((slice) => slice['endpoints'])).toEqual([null]);
  });

  it('goes without a trace', () => {
    cluster.setApp({ name: 'cart', pods: 1 });
    const before = ['pods', 'services', 'endpointslices'].map(
      (kind) => cluster.api.list(kind).length,
    );
    cluster.setApp({ name: 'shop', pods: 150, hosts: ['a.test'], deployment: true });
    cluster.removeApp('shop');
    const after = ['pods', 'services', 'endpointslices'].map(
      (kind) => cluster.api.list(kind).length,
    );
    expect(after).toEqual(before);
    expect(cluster.api.list('deployments')).toEqual([]);
  });

  it('can do without pods, or without Service', () => {
    cluster.setApp({ name: 'cheap', pods: 2, podObjects: false });
    cluster.setApp({ name: 'bare', pods: 2, withService: false });
    expect(endpoints('cheap')).toHaveLength(2);
    expect(cluster.api.list('pods').map((pod) => pod.metadata.labels?.['app'])).toEqual([
      'bare',
      'bare',
    ]);
    expect(slices('bare')).toEqual([]);
  });
});

describe('scaling', () => {
  it('touches only the difference', () => {
    cluster.setApp({ name: 'shop', pods: 10 });
    const before = uids('shop');
    cluster.scale('shop', 12);
    expect(before.isSubsetOf(uids('shop'))).toBe(true);
    const seen = record('pods');
    cluster.scale('shop', 9);
    expect(seen).toEqual([...Array(3).fill('MODIFIED'), ...Array(3).fill('DELETED')]);
    expect(uids('shop').isSubsetOf(before)).toBe(true);
  });

  it('shows a removed pod as terminating first', () => {
    cluster.setApp({ name: 'shop', pods: 3 });
    cluster.terminatePods('shop', 1);
    const leaving = endpoints('shop').filter((endpoint) => endpoint.conditions.terminating);
    expect(leaving.map(({ conditions }) => conditions.serving)).toEqual([true]);
    expect(cluster.pods('shop')).toHaveLength(3);
    cluster.finishTermination('shop');
    expect(endpoints('shop')).toHaveLength(2);
  });

  it('kills pods without a terminating state', () => {
    cluster.setApp({ name: 'shop', pods: 3 });
    const seen = record('pods');
    cluster.killPods('shop', 2);
    expect(seen).toEqual(['DELETED', 'DELETED']);
    expect(endpoints('shop')).toHaveLength(1);
  });

  it('takes unready pods away first', () => {
    cluster.setApp({ name: 'shop', pods: 4, unready: 2 });
    expect(endpoints('shop').filter(({ conditions }) => conditions.serving)).toHaveLength(2);
    cluster.scale('shop', 3);
    cluster.setUnready('shop', 0);
    expect(endpoints('shop').filter(({ conditions }) => conditions.serving)).toHaveLength(3);
  });

  it('follows a Deployment that was scaled by API, and keeps foreign annotations', async () => {
    await cluster.start();
    cluster.setApp({ name: 'shop', pods: 2, deployment: true });
    const client = createRawClient(cluster.api);
    const path = '/apis/apps/v1/namespaces/prod/deployments/shop';
    const patch = { method: 'PATCH', contentType: 'application/merge-patch+json' } as const;
    const body = { metadata: { annotations: { term: '7' } }, spec: { replicas: 5 } };
    await client.ask(path, { ...patch, body });
    await client.close();
    expect(endpoints('shop')).toHaveLength(5);
    const deployment = cluster.api.get('deployments', 'shop', 'prod');
    expect(deployment?.['status']).toMatchObject({ readyReplicas: 5 });
    expect(deployment?.metadata.annotations).toEqual({ term: '7' });
  });
});

describe('nodes', () => {
  it('hold an ingress pod or not', () => {
    const node = { name: 'n1', address: '127.1.1.1' };
    cluster.setIngressNode(node);
    const pod = () => cluster.api.get('pods', 'ingress-n1', 'ingress');
    const { uid } = pod()?.metadata ?? {};
    expect([condition(pod(), 'Ready'), pod()?.metadata.labels]).toEqual([
      'True',
      { app: 'ingress' },
    ]);
    cluster.setIngressNode({ ...node, ingressPod: 'unready' });
    expect(condition(pod(), 'ContainersReady')).toBe('False');
    expect(pod()?.metadata.uid).toBe(uid);
    cluster.setIngressNode({ ...node, ingressPod: 'none', unschedulable: true });
    expect(pod()).toBeUndefined();
    expect(cluster.api.get('nodes', 'n1')?.['spec']).toEqual({ unschedulable: true });
    cluster.setIngressNode(node);
    expect(pod()?.metadata.uid).not.toBe(uid);
    cluster.removeNode('n1');
    expect(cluster.api.get('nodes', 'n1')).toBeUndefined();
  });

  it('fall silent: nothing there is Ready, ContainersReady stays', () => {
    cluster.setIngressNode({ name: 'n1', address: '127.1.1.1' });
    cluster.setApp({ name: 'shop', pods: 8 });
    const nodes = ['n1', 'east-worker-1', 'east-worker-2', 'east-worker-3'];
    cluster.silenceNodes(...nodes);
    const pod = cluster.api.get('pods', 'ingress-n1', 'ingress');
    expect(condition(cluster.api.get('nodes', 'n1'), 'Ready')).toBe('Unknown');
    expect([condition(pod, 'Ready'), condition(pod, 'ContainersReady')]).toEqual(['False', 'True']);
    expect(endpoints('shop').some(({ conditions }) => conditions.serving)).toBe(false);
    cluster.wakeNodes(...nodes);
    expect(endpoints('shop').every(({ conditions }) => conditions.serving)).toBe(true);
  });
});
