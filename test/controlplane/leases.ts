// A kwok that starts anew has a new identity, and leaves its nodes alone until the leases of its
// forerunner have run out, then for another quarter of their length: up to 50 s in which nodes are
// Ready and new pods on them are not. A kubelet has no such scruple. So the old leases go first. Of a
// node without lease the control plane only thinks that nothing new was heard.
import type { V1Node, V1Pod } from '@kubernetes/client-node';
import type { Client } from './client.ts';
import { condition } from './truth.ts';
import { until } from './until.ts';

const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
const NAMESPACE = 'kube-node-lease';

export async function dropLeases(admin: Client, nodeSelector: string): Promise<void> {
  const names = await nodesOf(admin, nodeSelector);
  for (const name of names) {
    await admin.remove({ ...LEASE, metadata: { name, namespace: NAMESPACE } });
  }
  // The API server's cache, which a kwok that starts lists from, may still have them for a moment.
  await until('the leases are gone from the cache too', async () => {
    const cached = await admin.list(LEASE, NAMESPACE, 'resourceVersion=0');
    return !cached.some(({ metadata }) => names.includes(metadata?.name ?? ''));
  });
}

/**
 * A kwok that has just taken a node reads its pods once, and passes over all that it reads before the
 * lease it wrote has come back to it: of those pods nothing is said until they change for another reason.
 * A kubelet looks at its pods again and again. So each that is unready though its containers run is
 * changed, until none is left.
 */
export async function wakePods(admin: Client, nodeSelector: string): Promise<void> {
  const names = await nodesOf(admin, nodeSelector);
  if (names.length === 0) return;
  const patience = 1000;
  const changed = new Map<string, number>();
  await until(
    `the kubelets of ${names.join()} say of all their pods that they are ready`,
    async () => {
      const pods = await admin.list<V1Pod>({ apiVersion: 'v1', kind: 'Pod' });
      const left = pods.filter((pod) => names.includes(pod.spec?.nodeName ?? '') && isAsleep(pod));
      for (const pod of left) {
        const uid = pod.metadata?.uid ?? '';
        const at = performance.now();
        if (at - (changed.get(uid) ?? -patience) < patience) continue;
        changed.set(uid, at);
        const annotations = { 'test.ballast.io/looked-at': `${at}` };
        const ref = { apiVersion: 'v1', kind: 'Pod', metadata: pod.metadata ?? {} };
        await admin.patch(ref, { metadata: { annotations } });
      }
      if (left.length === 0) return true;
      throw new Error(`${left.length} are not, such as ${left[0]?.metadata?.name}`);
    },
    120_000,
  );
}

/** As the control plane leaves the pods of a node that fell silent. */
function isAsleep(pod: V1Pod): boolean {
  if (pod.metadata?.deletionTimestamp !== undefined || pod.status?.phase !== 'Running')
    return false;
  return condition(pod, 'ContainersReady') === 'True' && condition(pod, 'Ready') === 'False';
}

async function nodesOf(admin: Client, nodeSelector: string): Promise<string[]> {
  const query = `labelSelector=${encodeURIComponent(nodeSelector)}`;
  const nodes = await admin.list<V1Node>({ apiVersion: 'v1', kind: 'Node' }, undefined, query);
  return nodes.map(({ metadata }) => metadata?.name ?? '');
}
