// What jobs need in a real cluster: the published Role, bound to a user.

import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { KubernetesObject } from '../../src/clusters/cluster-writer.ts';
import type { ControlPlane } from './cluster.ts';
import { until } from './until.ts';

/** The Role as it is published; resolves when it is in force. */
export async function allowJobs(
  plane: ControlPlane,
  namespaces: readonly string[],
  user = 'jobs',
): Promise<void> {
  const file = new URL('../../deploy/manifests/role-jobs.yaml', import.meta.url);
  const role = parse(await readFile(file, 'utf8')) as KubernetesObject;
  const { apiVersion, metadata } = role;
  const group = 'rbac.authorization.k8s.io';
  for (const namespace of namespaces) {
    await plane.admin.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      { ...role, metadata: { ...metadata, namespace } },
      {
        apiVersion,
        kind: 'RoleBinding',
        metadata: { name: 'jobs', namespace },
        roleRef: { apiGroup: group, kind: 'Role', name: metadata.name },
        subjects: [{ apiGroup: group, kind: 'User', name: user }],
      } as KubernetesObject,
    );
    const may = async (): Promise<boolean> => {
      const path = `/api/v1/namespaces/${namespace}/configmaps`;
      await plane.client(user).call('GET', path);
      return true;
    };
    await until(`${user} may list in ${namespace}`, may, 60_000);
  }
}
