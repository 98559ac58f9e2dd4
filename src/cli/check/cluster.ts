// One cluster, looked into. Comes in: an open cluster whose first lists are in, or have failed, and its
// settings. Goes out: findings. On failure: a finding; what cannot be known without it is not asked.

import type { ClusterSettings } from '../../clusters/settings.ts';
import { appFindings } from './apps.ts';
import { ask } from './ask.ts';
import { clockFindings } from './clock.ts';
import type { Examined } from './examined.ts';
import type { Finding } from './findings.ts';
import { rightsFindings } from './rights.ts';
import { reachFindings, waysInFindings } from './ways-in.ts';

const WHO = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

export async function clusterFindings(examined: Examined): Promise<Finding[]> {
  const { cluster, settings } = examined;
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const reply = await ask(cluster, { path: WHO, body });
  if (reply.failed !== undefined) return [unreachable(settings, reply.failed)];
  if (reply.status === 401) return [refused(settings)];
  const found = [
    ...clockFindings(reply),
    ...(await rightsFindings(cluster, userOf(reply.json))),
    ...namespaceFindings(examined),
  ];
  const { state, reason = '' } = cluster.status();
  if (state === 'fresh') {
    found.push(...waysInFindings(cluster, settings), ...(await appFindings(examined)));
    found.push(...(await reachFindings(cluster)));
  } else if (!found.some(({ level }) => level === 'error')) {
    found.push(unready(reason));
  }
  return found;
}

function userOf(json: unknown): string | undefined {
  type Review = { status?: { userInfo?: { username?: string } } } | undefined;
  return (json as Review)?.status?.userInfo?.username;
}

function unreachable(settings: ClusterSettings, why: string): Finding {
  return {
    level: 'error',
    code: 'cluster-unreachable',
    text: `its API server does not answer: ${why}`,
    fix: `correct server and certificate authority in ${accessOf(settings)}, or open the way there`,
  };
}

function refused(settings: ClusterSettings): Finding {
  return {
    level: 'error',
    code: 'token-refused',
    text: 'its API server does not know our credentials (HTTP 401)',
    fix: `put a valid token or certificate into ${accessOf(settings)}`,
  };
}

function unready(reason: string): Finding {
  return {
    level: 'error',
    code: 'cluster-unready',
    text: `its lists are not in: ${reason}`,
    fix: 'look at the API server; `--timeout` gives it longer',
  };
}

function accessOf({ kubeconfig, inCluster }: ClusterSettings): string {
  if (inCluster) return 'the pod’s service account';
  return kubeconfig?.path ?? 'its kubeconfig';
}

function namespaceFindings({ cluster, settings }: Examined): Finding[] {
  return (settings.namespaces ?? []).flatMap((namespace): Finding[] => {
    const services = cluster.watched().find(({ title }) => title === `services of ${namespace}`);
    if (services?.health.listed !== true || services.count > 0) return [];
    return [
      {
        level: 'warning',
        code: 'nothing-selected',
        text: `the namespace ${namespace} has no Service, or does not exist`,
        fix: 'correct `namespaces` of the cluster in the configuration',
      },
    ];
  });
}
