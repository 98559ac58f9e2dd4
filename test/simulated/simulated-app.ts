// What a test says of an app, and the pods that follow from it.

/** As a test gives it; the rest has defaults. */
export interface AppOrder {
  readonly name: string;
  readonly pods: number;
  /** How many of the pods are not ready. */
  readonly unready?: number;
  readonly namespace?: string;
  /** The Service's name; absent: the app's. */
  readonly service?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly hosts?: readonly string[];
  /** Absent: true when there are hosts. */
  readonly ingress?: boolean;
  readonly ingressClass?: string;
  /** Absent: true. False leaves Pods out, for a cheap large cluster. */
  readonly podObjects?: boolean;
  /** False: pods by label only, no Service and no slices. */
  readonly withService?: boolean;
  /** A Deployment that can be scaled through the API. */
  readonly deployment?: boolean;
  readonly dualStack?: boolean;
  readonly port?: number;
}

export interface SimulatedApp extends Required<Omit<AppOrder, 'ingressClass'>> {
  readonly ingressClass: string | undefined;
  readonly labelKey: string;
}

export interface SimulatedPod {
  readonly name: string;
  readonly uid: string;
  readonly address: string;
  readonly address6: string | undefined;
  readonly nodeName: string;
  readonly slice: number;
  readonly state: 'ready' | 'unready' | 'terminating';
  /** While terminating: whether its containers are still ready. */
  readonly contained: boolean;
  /** Its kubelet is silent. */
  readonly silent: boolean;
  readonly deletedAt: string | undefined;
}

export function completeApp(order: AppOrder, labelKey: string): SimulatedApp {
  const { ingressClass, ...rest } = order;
  const hosts = order.hosts ?? [];
  return {
    unready: 0,
    namespace: 'prod',
    service: order.name,
    labels: {},
    ingress: hosts.length > 0,
    podObjects: true,
    withService: true,
    deployment: false,
    dualStack: false,
    port: 80,
    ...rest,
    hosts,
    ingressClass,
    labelKey,
  };
}

export function appKey(app: { readonly name: string; readonly namespace?: string }): string {
  return `${app.namespace ?? 'prod'}/${app.name}`;
}
