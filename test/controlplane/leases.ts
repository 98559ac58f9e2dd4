// A kwok that starts anew has a new identity, and leaves its nodes alone until the leases of its
// forerunner have run out, then for another quarter of their length: up to 50 s in which nodes are
// Ready and new pods on them are not. A kubelet has no such scruple. So the old leases go first. Of a
// node without lease the control plane only thinks that nothing new was heard.
import type { V1Node } from '@kubernetes/client-node';
import type { Client } from './client.ts';

export async function dropLeases(admin: Client, nodeSelector: string): Promise<void> {
  const query = `labelSelector=${encodeURIComponent(nodeSelector)}`;
  const nodes = await admin.list<V1Node>({ apiVersion: 'v1', kind: 'Node' }, undefined, query);
  for (const { metadata } of nodes) {
    await admin.remove({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: metadata?.name ?? '', namespace: 'kube-node-lease' },
    });
  }
}
