// The command line of each part. Pure: folders, ports and wishes in, commands out.
import type { Built } from './build.ts';
import type { Command } from './part.ts';

export type { Command };

export interface Layout {
  readonly built: Built;
  readonly folder: string;
  readonly adminKubeconfig: string;
  readonly ports: { readonly etcd: number; readonly etcdPeer: number; readonly api: number };
}

/** Nodes without this label belong to the first group. */
export const groupLabel = 'test.ballast.io/group';

export function etcdCommand({ built, folder, ports }: Layout): Command {
  const client = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return {
    name: 'etcd',
    binary: `${built['etcd']}/etcd`,
    args: [
      `--data-dir=${folder}/etcd`,
      // The folder lives as long as the test: what a power cut would lose is of no interest.
      '--unsafe-no-fsync',
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--log-level=warn',
    ],
  };
}

export function apiServerCommand(layout: Layout, flags: readonly string[]): Command {
  const { folder, ports } = layout;
  return kubernetes(layout, 'kube-apiserver', [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ports.api}`,
    // Else it looks for the default route's address, and a machine without network has none. That
    // address would only fill the Service `kubernetes`, which may not hold a loopback address.
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--cert-dir=${folder}/certs`,
    `--token-auth-file=${folder}/tokens.csv`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${folder}/service-accounts.key`,
    `--service-account-signing-key-file=${folder}/service-accounts.key`,
    '--service-cluster-ip-range=10.96.0.0/16',
    ...flags,
  ]);
}

const controllers = [
  'daemonset',
  'deployment',
  'disruption',
  'endpointslice',
  'garbage-collector',
  'horizontal-pod-autoscaler',
  'job',
  'namespace',
  'node-lifecycle',
  'replicaset',
  'resourcequota',
  'serviceaccount',
  'statefulset',
];

export function controllerManagerCommand(layout: Layout, nodeGraceSeconds: number): Command {
  return kubernetes(layout, 'kube-controller-manager', [
    `--kubeconfig=${layout.adminKubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
    `--service-account-private-key-file=${layout.folder}/service-accounts.key`,
    `--controllers=${controllers.map((name) => `${name}-controller`).join(',')}`,
    // With the default limits 300 pods take 15 s.
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    `--node-monitor-grace-period=${nodeGraceSeconds}s`,
    `--node-monitor-period=${Math.min(5, nodeGraceSeconds / 8)}s`,
  ]);
}

export function schedulerCommand(layout: Layout): Command {
  return kubernetes(layout, 'kube-scheduler', [
    `--kubeconfig=${layout.adminKubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ]);
}

export interface Group {
  readonly name: string;
  readonly index: number;
  readonly port: number;
  /** All groups of the cluster, the first of which takes the nodes without a group. */
  readonly all: readonly string[];
}

/** The nodes of a group; empty for all nodes. */
export function nodeSelector(group: Group): string {
  const others = group.all.slice(1).join(',');
  if (group.index > 0) return `${groupLabel}=${group.name}`;
  return others === '' ? '' : `${groupLabel} notin (${others})`;
}

export function kwokCommand(layout: Layout, group: Group, nodeGraceSeconds: number): Command {
  const selector = nodeSelector(group);
  return {
    name: `kwok-${group.name}`,
    binary: `${layout.built['kwok']}/kwok`,
    args: [
      `--kubeconfig=${layout.adminKubeconfig}`,
      `--config=${layout.built['kwok']}/stages.yaml`,
      `--config=${import.meta.dirname}/stages.yaml`,
      selector === ''
        ? '--manage-all-nodes=true'
        : `--manage-nodes-with-label-selector=${selector}`,
      // Renewed every quarter of this: as a kubelet does it (40 s), or faster for impatient clusters.
      `--node-lease-duration-seconds=${Math.max(4, Math.round(nodeGraceSeconds * 0.8))}`,
      // Each group deals out pod addresses by itself: from one range, two pods would get the same.
      `--cidr=10.${128 + group.index}.0.0/16`,
      `--server-address=127.0.0.1:${group.port}`,
    ],
  };
}

function kubernetes({ built }: Layout, name: string, args: readonly string[]): Command {
  return { name, binary: `${built['kubernetes']}/kubernetes`, args: [name, ...args] };
}
