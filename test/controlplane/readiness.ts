// How the parts of a cluster say that they are ready, each asked from outside.
import type { KubernetesObject } from '@kubernetes/client-node';
import { readFile } from 'node:fs/promises';
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ApiError, type Client } from './client.ts';

/** True when the URL answers 200. A connection of its own each time, so none goes stale. */
export function answers(url: string, ca?: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const options = { agent: false, timeout: 2_000, ...(ca === undefined ? {} : { ca }) };
    const get = url.startsWith('https:') ? getSecure : getPlain;
    const asked = get(url, options, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.once('timeout', () => asked.destroy(new Error(`${url} is silent`)));
    asked.once('error', reject);
  });
}

/** Pods of a namespace are refused until the controller manager has made its service account. */
export async function hasServiceAccount(admin: Client, namespace: string): Promise<boolean> {
  const metadata = { name: 'default', namespace };
  await admin.get({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  return true;
}

/** The published role, bound to a user by name: so the tests prove that it suffices. */
export async function bindReader(admin: Client, user: string): Promise<void> {
  const manifest = '../../deploy/manifests/cluster-role-reader.yaml';
  const text = await readFile(join(import.meta.dirname, manifest), 'utf8');
  const role = parse(text) as KubernetesObject;
  const apiGroup = 'rbac.authorization.k8s.io';
  await admin.apply(role, {
    apiVersion: `${apiGroup}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `ballast-reader-${user}` },
    roleRef: { apiGroup, kind: 'ClusterRole', name: role.metadata?.name },
    subjects: [{ apiGroup, kind: 'User', name: user }],
  } as KubernetesObject);
}

/** The server's authorizer learns of a binding by a watch of its own, a little later. */
export async function mayList(client: Client): Promise<boolean> {
  try {
    await client.list({ apiVersion: 'v1', kind: 'Service' });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return false;
    throw error;
  }
}
