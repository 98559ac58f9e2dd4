// The objects that tests put into a cluster. Pure: what is wished in, a Kubernetes object out, to be
// given to `client.apply(...)`; nodes to `client.create(...)`, because only that takes their address.
import type {
  V1DaemonSet,
  V1Deployment,
  V1Ingress,
  V1IngressClass,
  V1Namespace,
  V1Node,
  V1NodeAddress,
  V1PodTemplateSpec,
  V1Service,
} from '@kubernetes/client-node';
import { groupLabel } from './commands.ts';

type Labels = Readonly<Record<string, string>>;

export interface NodeWish {
  readonly name: string;
  /** A loopback address such as 127.1.1.1: on it a stand-in can listen. Absent: no InternalIP. */
  readonly address?: string;
  /** Labelled `ingress=true`, so that `ingressController` puts a pod on it. */
  readonly ingress?: boolean;
  /** Which kubelets speak for it; the cluster's first group if absent. */
  readonly group?: string;
  readonly podCIDR?: string;
  readonly labels?: Labels;
}

export function node(wish: NodeWish): V1Node {
  const { name, address, ingress, group, podCIDR } = wish;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        ...(ingress ? { ingress: 'true' } : {}),
        ...(group === undefined ? {} : { [groupLabel]: group }),
        ...wish.labels,
      },
    },
    spec: podCIDR === undefined ? {} : { podCIDR, podCIDRs: [podCIDR] },
    status: address === undefined ? {} : { addresses: addressesOf(name, address) },
  };
}

/** Both kinds: where one is missing, kwok's stage overwrites the whole list with what it knows. */
function addressesOf(name: string, address: string): V1NodeAddress[] {
  return [
    { type: 'InternalIP', address },
    { type: 'Hostname', address: name },
  ];
}

export function namespace(name: string): V1Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

export interface AppWish {
  readonly name: string;
  readonly namespace: string;
  readonly replicas: number;
  /** With a host the app is routed: an Ingress leads to its Service. */
  readonly host?: string;
  /** Of the pods, such as `{ 'test.ballast.io/linger': '3s' }` (stages.yaml). */
  readonly podAnnotations?: Labels;
  readonly nodeSelector?: Labels;
}

/** Deployment and Service of one app, and its Ingress where a host is given. */
export function app(wish: AppWish): [V1Deployment, V1Service, ...V1Ingress[]] {
  return [deployment(wish), service(wish), ...(wish.host === undefined ? [] : [ingress(wish)])];
}

export function deployment(wish: AppWish): V1Deployment {
  const { name, replicas } = wish;
  const labels = { app: name };
  const template = podTemplate(labels, wish);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: wish.namespace, labels },
    spec: { replicas, selector: { matchLabels: labels }, template },
  };
}

/** Its label `ballast.io/app` is by what Ballast discovers the app. */
export function service(wish: Pick<AppWish, 'name' | 'namespace'>): V1Service {
  const { name, namespace } = wish;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { app: name, 'ballast.io/app': name } },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
}

export function ingress(wish: Pick<AppWish, 'name' | 'namespace' | 'host'>): V1Ingress {
  const { name, namespace, host = `${name}.example.com` } = wish;
  const backend = { service: { name, port: { number: 80 } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace },
    spec: {
      ingressClassName: 'nginx',
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  };
}

/** Without it an Ingress that names it leads nowhere. */
export function ingressClass(): V1IngressClass {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'nginx' },
    spec: { controller: 'ballast.io/stand-in' },
  };
}

/** The namespace `ingress` and a DaemonSet in it: one pod with label `app=ingress` a labelled node. */
export function ingressController(): [V1Namespace, V1DaemonSet] {
  const metadata = { name: 'ingress', namespace: 'ingress', labels: { app: 'ingress' } };
  const template = podTemplate(metadata.labels, { nodeSelector: { ingress: 'true' } });
  return [
    namespace('ingress'),
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata,
      spec: { selector: { matchLabels: metadata.labels }, template },
    },
  ];
}

function podTemplate(
  labels: Labels,
  wish: Pick<AppWish, 'podAnnotations' | 'nodeSelector'>,
): V1PodTemplateSpec {
  return {
    metadata: { labels, ...(wish.podAnnotations ? { annotations: wish.podAnnotations } : {}) },
    spec: {
      containers: [{ name: 'main', image: 'example.com/never-pulled:1' }],
      ...(wish.nodeSelector ? { nodeSelector: wish.nodeSelector } : {}),
    },
  };
}
