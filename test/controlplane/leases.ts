// A kwok that starts anew has a new identity, and leaves its nodes alone until the leases of its
// forerunner have run out, then for another quarter of their length: up to 50 s in which nodes are
// Ready and new pods on them are not. A kubelet has no such scruple. So the old leases go first. Of a
// node without lease the control plane only thinks that nothing new was heard.
import type { V1Node } from '@kubernetes/client-node';
import type { Client } from './client.ts';
import { until } from './until.ts';

const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
const NAMESPACE = 'kube-node-lease';

export async function dropLeases(admin: Client, nodeSelector: string): Promise<void> {
  const query = `labelSelector=${encodeURIComponent(nodeSelector)}`;
  const nodes = await admin.list<V1Node>({ apiVersion: 'v1', kind: 'Node' }, undefined, query);
  const names = nodes.map(({ metadata }) => metadata?.name ?? '');
  for (const name of names) {
    await admin.remove({ ...LEASE, metadata: { name, namespace: NAMESPACE } });
  }
  // The API server's cache, which a kwok that starts lists from, may still have them for a moment.
  await until('the leases are gone from the cache too', async () => {
    const cached = await admin.list(LEASE, NAMESPACE, 'resourceVersion=0');
    return !cached.some(({ metadata }) => names.includes(metadata?.name ?? ''));
  });
}
