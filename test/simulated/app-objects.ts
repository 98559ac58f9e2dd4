// Pure builders: the objects that the real controllers would make for an app.
import { createHash } from 'node:crypto';
import type { SimulatedApp, SimulatedPod } from './simulated-app.ts';

/** As many endpoints as the real controller puts into one slice. */
export const SLICE_SIZE = 100;

type AddressType = 'IPv4' | 'IPv6';

export function podObject(app: SimulatedApp, pod: SimulatedPod): Draft {
  const ready = pod.state === 'ready' || (pod.state === 'terminating' && pod.contained);
  return {
    metadata: {
      name: pod.name,
      namespace: app.namespace,
      uid: pod.uid,
      labels: { ...app.labels, app: app.service },
      ...(pod.deletedAt
        ? { deletionTimestamp: pod.deletedAt, deletionGracePeriodSeconds: 30 }
        : {}),
    },
    spec: { nodeName: pod.nodeName, containers: [{ name: 'app', image: 'simulated' }] },
    status: podStatus(pod, ready),
  };
}

function podStatus(pod: SimulatedPod, ready: boolean): object {
  return {
    phase: 'Running',
    conditions: [
      { type: 'Ready', status: flag(ready && !pod.silent) },
      // A silent kubelet turns Ready false and leaves this one as it was.
      { type: 'ContainersReady', status: flag(ready) },
    ],
    podIP: pod.address,
    podIPs: pod.address6 ? [{ ip: pod.address }, { ip: pod.address6 }] : [{ ip: pod.address }],
  };
}

export function serviceObject(app: SimulatedApp): Draft {
  return {
    metadata: {
      name: app.service,
      namespace: app.namespace,
      labels: { ...app.labels, [app.labelKey]: app.name },
    },
    spec: {
      type: 'ClusterIP',
      selector: { app: app.service },
      ports: [{ name: 'http', port: app.port, targetPort: 8080, protocol: 'TCP' }],
      ipFamilies: app.dualStack ? ['IPv4', 'IPv6'] : ['IPv4'],
    },
  };
}

/** One slice for each hundred pods and family; without pods the controller keeps one, with null in it. */
export function sliceObjects(app: SimulatedApp, pods: readonly SimulatedPod[]): Draft[] {
  const families: AddressType[] = app.dualStack ? ['IPv4', 'IPv6'] : ['IPv4'];
  return families.flatMap((family) => {
    const slices = new Map<number, SimulatedPod[]>(pods.length === 0 ? [[0, []]] : []);
    for (const pod of pods) slices.set(pod.slice, [...(slices.get(pod.slice) ?? []), pod]);
    return [...slices].map(([index, members]) => sliceObject(app, family, index, members));
  });
}

function sliceObject(
  app: SimulatedApp,
  family: AddressType,
  index: number,
  pods: readonly SimulatedPod[],
): Draft {
  const name = `${app.service}-${shortHash(`${app.namespace}/${app.service}/${family}/${index}`)}`;
  return {
    metadata: {
      name,
      namespace: app.namespace,
      labels: {
        ...app.labels,
        [app.labelKey]: app.name,
        'kubernetes.io/service-name': app.service,
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
    },
    addressType: family,
    endpoints: pods.length === 0 ? null : pods.map((pod) => endpoint(app, family, pod)),
    ports: pods.length === 0 ? null : [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

function endpoint(app: SimulatedApp, family: AddressType, pod: SimulatedPod): object {
  const terminating = pod.state === 'terminating';
  const serving = !pod.silent && (pod.state === 'ready' || (terminating && pod.contained));
  return {
    addresses: [family === 'IPv4' ? pod.address : pod.address6],
    conditions: { ready: serving && !terminating, serving, terminating },
    nodeName: pod.nodeName,
    targetRef: { kind: 'Pod', name: pod.name, namespace: app.namespace, uid: pod.uid },
  };
}

export function ingressObject(app: SimulatedApp): Draft {
  const backend = { service: { name: app.service, port: { number: app.port } } };
  const rule = (host: string) => ({
    host,
    http: { paths: [{ path: '/', pathType: 'Prefix', backend }] },
  });
  return {
    metadata: { name: app.service, namespace: app.namespace },
    spec: { ingressClassName: app.ingressClass, rules: app.hosts.map(rule) },
    status: { loadBalancer: {} },
  };
}

export function deploymentObject(app: SimulatedApp, ready: number): Draft {
  const labels = { ...app.labels, app: app.service };
  return {
    metadata: { name: app.service, namespace: app.namespace, labels },
    spec: {
      replicas: app.pods,
      selector: { matchLabels: { app: app.service } },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'app', image: 'simulated' }] },
      },
    },
    status: { replicas: app.pods, readyReplicas: ready, availableReplicas: ready },
  };
}

/** An object without kind and apiVersion, as SimulatedApiServer.put() takes it. */
export interface Draft {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export function flag(value: boolean): 'True' | 'False' {
  return value ? 'True' : 'False';
}

function shortHash(text: string): string {
  return createHash('sha1').update(text).digest('hex').slice(0, 5);
}
