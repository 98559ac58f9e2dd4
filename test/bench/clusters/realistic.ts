// Pods, Services and EndpointSlices as a real API server gives them: managedFields, environment, volumes,
// status. A pod is about 7 kB of JSON, most of which nobody here needs; that is the point.
import { podObject, serviceObject, sliceObjects, type Draft } from '../../simulated/app-objects.ts';
import {
  completeApp,
  type SimulatedApp,
  type SimulatedPod,
} from '../../simulated/simulated-app.ts';

export const NAMESPACE = 'prod';
/** Every pod has it, so that one selector finds them all. */
export const POD_LABELS = { tier: 'bench' } as const;

const TIME = '2026-11-20T08:15:30Z';

export interface RealisticApp {
  readonly service: Draft;
  readonly slices: readonly Draft[];
  readonly pods: readonly Draft[];
}

export function realisticApp(number: number, pods: number, nodes: number): RealisticApp {
  const order = { name: `app-${number}`, pods, namespace: NAMESPACE, labels: POD_LABELS };
  const app = completeApp(order, 'ballast.io/app');
  const simulated = Array.from({ length: pods }, (_, i) => podOf(app, number * pods + i, nodes));
  const managed = (draft: Draft, manager: string): Draft => ({
    ...draft,
    metadata: { ...draft.metadata, managedFields: [managedField(manager, SERVICE_FIELDS)] },
  });
  return {
    service: managed(serviceObject(app), 'kubectl-client-side-apply'),
    slices: sliceObjects(app, simulated).map((slice) => managed(slice, 'kube-controller-manager')),
    pods: simulated.map((pod) => realisticPod(podObject(app, pod), app, pod)),
  };
}

function podOf(app: SimulatedApp, number: number, nodes: number): SimulatedPod {
  const hex = number.toString(16).padStart(12, '0');
  return {
    name: `${app.service}-7d9f8b6c5d-${hex.slice(-5)}`,
    uid: `3f2c1b4a-9d8e-4c7b-8a6f-${hex}`,
    address: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
    address6: undefined,
    nodeName: `node-${number % nodes}`,
    slice: 0,
    state: 'ready',
    contained: true,
    silent: false,
    deletedAt: undefined,
  };
}

function realisticPod(draft: Draft, app: SimulatedApp, pod: SimulatedPod): Draft {
  const { labels } = draft.metadata;
  const replicaSet = `${app.service}-7d9f8b6c5d`;
  return {
    metadata: {
      ...draft.metadata,
      generateName: `${replicaSet}-`,
      creationTimestamp: TIME,
      labels: { ...labels, 'pod-template-hash': '7d9f8b6c5d', version: 'v1.42.7' },
      annotations: {
        'kubectl.kubernetes.io/restartedAt': TIME,
        'prometheus.io/path': '/metrics',
        'prometheus.io/port': '9090',
        'prometheus.io/scrape': 'true',
      },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: replicaSet,
          uid: `7c1d2e3f-0000-4000-8000-${pod.uid.slice(-12)}`,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: [
        managedField('kube-controller-manager', POD_FIELDS),
        { ...managedField('kubelet', STATUS_FIELDS), subresource: 'status' },
      ],
    },
    spec: podSpec(app, pod),
    status: podStatus(app, pod),
  };
}

function podSpec(app: SimulatedApp, pod: SimulatedPod): object {
  return {
    volumes: [
      { name: 'config', configMap: { name: `${app.service}-config`, defaultMode: 420 } },
      { name: 'tmp', emptyDir: {} },
      {
        name: 'kube-api-access-x7k2p',
        projected: {
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
            {
              configMap: {
                name: 'kube-root-ca.crt',
                items: [{ key: 'ca.crt', path: 'ca.crt' }],
              },
            },
          ],
          defaultMode: 420,
        },
      },
    ],
    containers: [container(app, 'app'), container(app, 'metrics')],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    serviceAccountName: app.service,
    serviceAccount: app.service,
    nodeName: pod.nodeName,
    securityContext: { runAsNonRoot: true, fsGroup: 2000 },
    schedulerName: 'default-scheduler',
    tolerations: ['not-ready', 'unreachable'].map((key) => ({
      key: `node.kubernetes.io/${key}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    })),
    priority: 0,
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
  };
}

function container(app: SimulatedApp, name: string): object {
  return {
    name,
    image: imageOf(app, name),
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    env: [
      ...['LOG_LEVEL', 'REGION_NAME', 'DATABASE_URL', 'CACHE_URL', 'QUEUE_URL', 'TRACE_SHARE'].map(
        (variable) => ({ name: variable, value: `${app.service}.${variable.toLowerCase()}.local` }),
      ),
      { name: 'POD_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } },
    ],
    resources: {
      limits: { cpu: '1', memory: '512Mi' },
      requests: { cpu: '250m', memory: '256Mi' },
    },
    volumeMounts: [
      { name: 'config', mountPath: '/etc/app' },
      { name: 'tmp', mountPath: '/tmp' },
      {
        name: 'kube-api-access-x7k2p',
        readOnly: true,
        mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
      },
    ],
    livenessProbe: probe('/livez'),
    readinessProbe: probe('/readyz'),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
  };
}

const imageOf = (app: SimulatedApp, name: string): string =>
  `registry.example.com/${NAMESPACE}/${app.service}-${name}:v1.42.7`;

function probe(path: string): object {
  return {
    httpGet: { path, port: 8080, scheme: 'HTTP' },
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  };
}

function podStatus(app: SimulatedApp, pod: SimulatedPod): object {
  const conditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady'];
  return {
    phase: 'Running',
    conditions: [...conditions, 'PodScheduled'].map((type) => ({
      type,
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: TIME,
    })),
    hostIP: '192.0.2.17',
    hostIPs: [{ ip: '192.0.2.17' }],
    podIP: pod.address,
    podIPs: [{ ip: pod.address }],
    startTime: TIME,
    containerStatuses: ['app', 'metrics'].map((name) => ({
      name,
      state: { running: { startedAt: TIME } },
      lastState: {},
      ready: true,
      restartCount: 0,
      image: imageOf(app, name),
      imageID: `${imageOf(app, name)}@sha256:${'5e8f'.repeat(16)}`,
      containerID: `containerd://${pod.uid.replaceAll('-', '').repeat(2)}`,
      started: true,
    })),
    qosClass: 'Burstable',
  };
}

function managedField(manager: string, fieldsV1: object): object {
  return {
    ...{ manager, operation: 'Update', apiVersion: 'v1', time: TIME, fieldsType: 'FieldsV1' },
    fieldsV1,
  };
}

/** As `f:name` of each, one level deep or two. */
function fields(names: readonly string[], of: (name: string) => object = () => ({})): object {
  return Object.fromEntries(names.map((name) => [`f:${name}`, of(name)]));
}

const CONTAINER_FIELDS = {
  '.': {},
  ...fields(['image', 'imagePullPolicy', 'name', 'terminationMessagePath']),
  'f:env': Object.fromEntries(
    ['LOG_LEVEL', 'REGION_NAME', 'DATABASE_URL', 'CACHE_URL', 'QUEUE_URL', 'TRACE_SHARE'].map(
      (name) => [`k:{"name":"${name}"}`, { '.': {}, ...fields(['name', 'value']) }],
    ),
  ),
  'f:livenessProbe': fields(['failureThreshold', 'periodSeconds', 'timeoutSeconds']),
  'f:resources': fields(['limits', 'requests'], () => fields(['cpu', 'memory'])),
};

const POD_FIELDS = {
  'f:metadata': fields(['annotations', 'generateName', 'labels', 'ownerReferences']),
  'f:spec': {
    'f:containers': { 'k:{"name":"app"}': CONTAINER_FIELDS, 'k:{"name":"metrics"}': {} },
    ...fields(['dnsPolicy', 'restartPolicy', 'schedulerName', 'tolerations', 'volumes']),
  },
};

const STATUS_FIELDS = {
  'f:status': {
    'f:conditions': Object.fromEntries(
      ['Ready', 'ContainersReady', 'Initialized'].map((type) => [
        `k:{"type":"${type}"}`,
        fields(['lastTransitionTime', 'status', 'type']),
      ]),
    ),
    ...fields(['containerStatuses', 'hostIP', 'phase', 'podIP', 'podIPs', 'startTime']),
  },
};

const SERVICE_FIELDS = {
  'f:metadata': fields(['annotations', 'labels']),
  'f:spec': fields(['internalTrafficPolicy', 'ports', 'selector', 'sessionAffinity', 'type']),
};
