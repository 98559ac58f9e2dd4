// A cluster as the control loop sees it: the records and their indexes are the real ones, and nothing
// is watched.

import type { ClusterReader } from '../../../src/clusters/cluster.ts';
import { ClusterRecords } from '../../../src/clusters/cluster-records.ts';
import { takeFootprint } from '../../../src/clusters/footprint.ts';
import { isPod } from '../../../src/clusters/pod-addresses.ts';
import type { SliceRecord } from '../../../src/clusters/records.ts';
import type { ClusterStatus, Dirty } from '../../../src/model.ts';

const NAMESPACE = 'prod';

export class CountedCluster implements ClusterReader {
  readonly name: string;
  readonly #records = new ClusterRecords(
    { told: [], serviceLabel: 'app' },
    { checked: 'all', classes: new Set() },
  );
  readonly #slices = new Map<string, SliceRecord>();
  readonly #marks = new Set<(dirty: Dirty) => void>();
  readonly #status: ClusterStatus;

  constructor(name: string, addresses: readonly string[]) {
    this.name = name;
    const ingressNodes = addresses.map((address) => ({ name: address, address }));
    const seen = { state: 'fresh', ageSeconds: 0, leftOut: [], relists: 0 } as const;
    this.#status = { name, ...seen, ingressNodes };
  }

  /** A Service, an Ingress that leads to it and a slice with its pods. */
  add(app: string, pods: number): void {
    const meta = { version: '1', namespace: NAMESPACE, name: app };
    const service = { ...meta, uid: `s-${app}`, app, external: false, ports: [{ number: 80 }] };
    this.#records.changeService({ before: undefined, after: service });
    const leads = [{ service: `${NAMESPACE}/${app}`, port: 80, hosts: [`${app}.example.com`] }];
    const ingress = { ...meta, uid: `i-${app}`, leads };
    this.#records.changeIngress({ before: undefined, after: ingress });
    this.scale(app, pods);
  }

  scale(app: string, pods: number): void {
    const after = {
      uid: `e-${app}`,
      version: '1',
      namespace: NAMESPACE,
      name: app,
      service: app,
      pods: Array.from({ length: pods }, (_, index) => `${app}-${index}`),
      unready: 0,
      ips: '',
    };
    const dirty = this.#records.changeSlice({ before: this.#slices.get(app), after });
    this.#slices.set(app, after);
    for (const mark of this.#marks) mark(dirty);
  }

  status = () => this.#status;
  looks = () => ({ changedAt: 0, since: Number.POSITIVE_INFINITY });
  apps = () => this.#records.apps();
  footprint = (app: string) => takeFootprint(this.#records, app);
  isPod = (app: string, ip: string) => isPod(this.#records, app, ip);
  relist = () => undefined;

  onDirty(mark: (dirty: Dirty) => void): () => void {
    this.#marks.add(mark);
    return () => this.#marks.delete(mark);
  }

  async close(): Promise<void> {
    this.#marks.clear();
  }
}
