// ConfigMaps, Secrets and ServiceAccounts: what every cluster makes for itself stays behind.

import { createHash } from 'node:crypto';
import {
  at,
  fieldsOf,
  listOf,
  textAt,
  type Fields,
  type Finding,
  type Manifest,
} from './manifest.ts';
import { without } from './metadata.ts';

/** Names of ConfigMaps. */
export const CLUSTERS_OWN: readonly string[] = ['kube-root-ca.crt', 'openshift-service-ca.crt'];
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const ACCOUNT = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';

export function cleanConfigMap(_: Fields, { metadata }: Manifest): Finding[] | string {
  return CLUSTERS_OWN.includes(metadata.name) ? 'every cluster has its own' : [];
}

/** A token that someone asked for is asked for again: the other cluster signs its own. */
export function cleanSecret(draft: Fields, source: Manifest): Finding[] | string {
  if (isAutomatic(source)) return 'every cluster makes its own tokens';
  if (source['type'] === 'helm.sh/release.v1') return 'Helm keeps its releases there';
  if (source['type'] !== 'kubernetes.io/service-account-token') return [];
  const data = fieldsOf(draft['data']);
  delete data['token'];
  delete data['ca.crt'];
  delete fieldsOf(at(draft, 'metadata', 'annotations'))[ACCOUNT_UID];
  return [];
}

/** Named for its account by the system that made it. */
export function isAutomatic({ metadata, type }: Manifest): boolean {
  const account = metadata.annotations?.[ACCOUNT];
  if (account === undefined) return false;
  if (type === 'kubernetes.io/service-account-token')
    return metadata.name.startsWith(`${account}-token-`);
  return type === 'kubernetes.io/dockercfg' && metadata.name.startsWith(`${account}-dockercfg-`);
}

export function cleanServiceAccount(draft: Fields, { metadata }: Manifest): Finding[] | string {
  const own = (key: string): Fields[] =>
    listOf(draft[key]).filter((one) => !isOwnToken(metadata.name, one));
  const pulls = own('imagePullSecrets');
  if (metadata.name === 'default' && pulls.length === 0) return 'every namespace has its own';
  if (draft['secrets'] !== undefined) draft['secrets'] = own('secrets');
  if (draft['imagePullSecrets'] !== undefined) draft['imagePullSecrets'] = pulls;
  return [];
}

function isOwnToken(account: string, one: Fields): boolean {
  const name = textAt(one, 'name') ?? '';
  return name.startsWith(`${account}-token-`) || name.startsWith(`${account}-dockercfg-`);
}

/**
 * A Secret as plans, journals and diffs may show it: a digest stands for the values, so that a change
 * shows and nothing else does. The keys stay, for they name what a pod reads.
 */
export function masked(manifest: Manifest): Manifest {
  const { data, stringData, metadata, ...rest } = manifest;
  if (manifest.kind !== 'Secret' || manifest.apiVersion !== 'v1') return manifest;
  const values = Object.entries({ ...fieldsOf(data), ...encoded(fieldsOf(stringData)) });
  values.sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = createHash('sha256').update(JSON.stringify(values)).digest('hex');
  // kubectl keeps the whole object there, values and all.
  const clean = {
    ...metadata,
    annotations: without(metadata.annotations, (key) => key === LAST_APPLIED),
  };
  return { ...rest, metadata: clean, masked: { keys: values.map(([key]) => key), digest } };
}

function encoded(texts: Fields): Fields {
  const entries = Object.entries(texts);
  return Object.fromEntries(
    entries.map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')]),
  );
}
