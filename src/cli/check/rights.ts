// Whether a cluster lets Ballast read what it reads there: asked for each list and watch that really
// runs, so that nothing is left out and nothing too much is wanted.
//
// Comes in: an open cluster. Goes out: a finding for each right that is missing. On failure: where the
// API server does not tell, what it answered to the lists themselves.

import type { OpenCluster } from '../../clusters/kubernetes.ts';
import type { Watched } from '../../clusters/watched.ts';
import type { Finding } from './findings.ts';
import { ask } from './ask.ts';

interface Attributes {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
const VERBS = ['list', 'watch'] as const;

export async function rightsFindings(
  cluster: OpenCluster,
  user: string | undefined,
): Promise<Finding[]> {
  const found = await Promise.all(cluster.watched().map((one) => rightFinding(cluster, one, user)));
  return found.flat();
}

async function rightFinding(
  cluster: OpenCluster,
  watched: Watched,
  user: string | undefined,
): Promise<Finding[]> {
  const attributes = attributesOf(watched);
  const answers = await Promise.all(VERBS.map((verb) => isAllowed(cluster, verb, attributes)));
  if (answers.includes(undefined)) return unknownFinding(watched);
  const missing = VERBS.filter((_, index) => answers[index] === false);
  if (missing.length === 0) return [];
  const required = watched.kind === 'required' || watched.kind === 'namespaced';
  if (!required && !(await isServed(cluster, attributes))) return [];
  return [
    {
      level: required ? 'error' : 'warning',
      code: 'right-missing',
      text: `${user ?? 'Ballast'} may not ${missing.join(' and ')} ${titleOf(attributes)}${
        required ? '' : '; without it a route or Rollout there is not seen'
      }`,
      fix: fixOf(attributes, user),
    },
  ];
}

/** `/apis/GROUP/VERSION/namespaces/NAMESPACE/RESOURCE`, or shorter. */
export function attributesOf({ path, fieldSelector }: Pick<Watched, 'path' | 'fieldSelector'>) {
  const steps = path.split('/').slice(1);
  const [group = '', version = '', ...rest] =
    steps[0] === 'api' ? ['', ...steps.slice(1)] : steps.slice(1);
  const name = /^metadata\.name=(.+)$/.exec(fieldSelector ?? '')?.[1];
  const attributes: Attributes = {
    group,
    version,
    resource: rest.at(-1) ?? '',
    ...(rest.length > 2 && { namespace: rest[1] ?? '' }),
    ...(name !== undefined && { name }),
  };
  return attributes;
}

/** Undefined: the API server does not tell. */
async function isAllowed(
  cluster: OpenCluster,
  verb: string,
  attributes: Attributes,
): Promise<boolean | undefined> {
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { ...attributes, verb } },
  };
  const { json } = await ask(cluster, { path: REVIEWS, body });
  return (json as { status?: { allowed?: boolean } } | undefined)?.status?.allowed;
}

/** What a cluster does not have needs no right. */
async function isServed(cluster: OpenCluster, { group, version }: Attributes): Promise<boolean> {
  const { status } = await ask(cluster, { path: `/apis/${group}/${version}` });
  return status !== 404;
}

function unknownFinding({ health, title }: Watched): Finding[] {
  if (health.trouble?.status !== 403) return [];
  return [
    {
      level: 'warning',
      code: 'rights-unknown',
      text: `${title} may not be read, and the API server does not tell which right is missing`,
      fix: 'bind the ClusterRole of deploy/manifests/cluster-role-reader.yaml to Ballast’s user there',
    },
  ];
}

function titleOf({ resource, namespace, name }: Attributes): string {
  const what = name === undefined ? resource : `${resource}/${name}`;
  return namespace === undefined ? `${what} in all namespaces` : `${what} in ${namespace}`;
}

function fixOf({ group, resource, namespace }: Attributes, user: string | undefined): string {
  const rule = `{apiGroups: ["${group}"], resources: [${resource}], verbs: [list, watch]}`;
  const role =
    namespace === undefined ? 'a ClusterRole' : `a Role in ${namespace}, or a ClusterRole,`;
  return `bind ${role} with the rule ${rule} to ${subjectOf(user)} (deploy/manifests/cluster-role-reader.yaml has all rules)`;
}

function subjectOf(user: string | undefined): string {
  const account = /^system:serviceaccount:([^:]+):(.+)$/.exec(user ?? '');
  if (account) return `the service account ${account[2]} of ${account[1]}`;
  return user === undefined ? 'Ballast’s user there' : `the user ${user}`;
}
