// The real reader on a real control plane passes what the memory cluster and the simulated API server
// pass, as the plain user with exactly the published ClusterRole.

import { readFile } from 'node:fs/promises';
import type { V1Pod } from '@kubernetes/client-node';
import { afterAll, beforeAll } from 'vitest';
import { readKubeconfig } from '../../src/clusters/kubeconfig.ts';
import { openKubernetesCluster } from '../../src/clusters/kubernetes.ts';
import { type ClusterStage, clusterConformance } from '../conformance/cluster.ts';
import { type ControlPlane, startCluster } from './cluster.ts';
import { app, ingressController, namespace, node } from './objects.ts';
import { until } from './until.ts';
import { silentWorld } from './silent-world.ts';

let plane: ControlPlane;

beforeAll(async () => {
  plane = await startCluster({ name: 'east' });
  const ingressClass = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'nginx' },
    spec: { controller: 'ballast.io/stand-in' },
  };
  // Pods of apps have a node that stays.
  await plane.admin.create(node({ name: 'steady', address: '10.1.0.9' }));
  await plane.admin.apply(namespace('prod'), ingressClass, ...ingressController());
});
afterAll(async () => {
  await plane?.close();
});

const POD = { apiVersion: 'v1', kind: 'Pod' };

/** Objects of a list do not say their kind. */
const refTo = ({ metadata = {} }: V1Pod) => ({ ...POD, metadata });

const wishOf = (name: string, replicas: number) => {
  const nodeSelector = { 'kubernetes.io/hostname': 'steady' };
  return { name, namespace: 'prod', replicas, nodeSelector, host: `${name}.example.com` };
};

async function openStage(): Promise<ClusterStage> {
  const apps = new Set<string>();
  const nodes = new Set<string>();
  const load = async () => {
    const text = await readFile(plane.ballastKubeconfig, 'utf8');
    return readKubeconfig(text, undefined, { name: 'east', folder: plane.folder });
  };
  const reader = await openKubernetesCluster(
    {
      name: 'east',
      kubeconfig: { path: plane.ballastKubeconfig },
      ingress: {
        nodes: 'ingress=true',
        pods: { namespace: 'ingress', selector: 'app=ingress' },
        port: 80,
      },
    },
    { told: [], serviceLabel: 'ballast.io/app' },
    silentWorld(plane.folder),
    load,
  );
  const removeApp = async (name: string): Promise<void> => {
    apps.delete(name);
    for (const object of app(wishOf(name, 0))) await plane.admin.remove(object);
  };
  const removeNode = async (name: string): Promise<void> => {
    nodes.delete(name);
    await plane.admin.remove(node({ name }));
    // Its kubelet, which would end its pods, is gone with it.
    for (const pod of await plane.admin.list<V1Pod>(POD, 'ingress')) {
      if (pod.spec?.nodeName === name) await plane.admin.remove(refTo(pod), 0);
    }
  };
  return {
    reader,
    async setPods(name, pods) {
      apps.add(name);
      await plane.admin.apply(...app(wishOf(name, pods)));
    },
    removeApp,
    async addNode(name, address) {
      nodes.add(name);
      await plane.admin.create(node({ name, address, ingress: true }));
    },
    removeNode,
    cut: () => plane.stopApiServer('SIGKILL'),
    async mend() {
      await plane.startApiServer();
      await plane.restartControllers();
    },
    async close() {
      await reader.close();
      for (const name of apps) await removeApp(name);
      for (const name of nodes) await removeNode(name);
      await until('nothing of it is left', async () => {
        return (await plane.admin.list(POD)).length === 0;
      });
    },
  };
}

clusterConformance('a real control plane', openStage, { patienceMs: 60_000 });
