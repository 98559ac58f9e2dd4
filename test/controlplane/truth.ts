// What is the case in a cluster, counted in the plainest way: the tests compare Ballast with this.
import type { V1EndpointSlice, V1Node, V1Pod } from '@kubernetes/client-node';
import type { Client } from './client.ts';

const pods = { apiVersion: 'v1', kind: 'Pod' };
const slices = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' };

export async function podsOf(client: Client, namespace: string, app: string): Promise<V1Pod[]> {
  return client.list<V1Pod>(pods, namespace, `labelSelector=app%3D${app}`);
}

/** Those that nobody has deleted: after a scale-down others stand beside them for a while. */
export async function stayingPodsOf(client: Client, namespace: string, app: string) {
  const pods = await podsOf(client, namespace, app);
  return pods.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
}

/** UIDs of the pods that serve behind a Service and are not about to end. */
export async function serving(client: Client, namespace: string, service: string) {
  const selector = `labelSelector=kubernetes.io%2Fservice-name%3D${service}`;
  const uids = new Set<string>();
  for (const slice of await client.list<V1EndpointSlice>(slices, namespace, selector)) {
    for (const { conditions, targetRef } of slice.endpoints ?? []) {
      if (conditions?.serving && !conditions.terminating) uids.add(targetRef?.uid ?? '');
    }
  }
  return uids;
}

/** `True`, `False`, `Unknown`, or undefined where nobody has said it yet. */
export function condition(object: V1Node | V1Pod, type: string): string | undefined {
  return object.status?.conditions?.find((one) => one.type === type)?.status;
}

/** Makes a pod unready as a failing readiness probe does, or ready again; its kubelet lets it be. */
export async function setReady(client: Client, pod: V1Pod, ready: boolean): Promise<void> {
  const status = ready ? 'True' : 'False';
  const conditions = ['ContainersReady', 'Ready'].map((type) => ({ type, status }));
  await client.patch(
    { ...pods, metadata: pod.metadata ?? {} },
    { status: { conditions } },
    { type: 'strategic', subresource: 'status' },
  );
}
