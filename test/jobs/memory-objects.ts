// The objects of a cluster in memory, written as a real API server lets them be: UIDs, versions, conflicts,
// generations, the fence; and a controller that makes pods ready, or not. Passes
// test/conformance/cluster-writer.ts like the real writer.

import {
  type ApplyOptions,
  type ApplyResult,
  type ClusterWriter,
  FENCE_ANNOTATION,
  FENCE_MANAGER,
  fenceOf,
  type FenceResult,
  FIELD_MANAGER,
  type Known,
  type KubernetesObject,
  type ObjectRef,
  type ObjectsRef,
  refOf,
  type RemoveResult,
  shownRef,
} from '../../src/clusters/cluster-writer.ts';
import { flatten, OwnedFields } from './applied-fields.ts';

interface Stored {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly version: number;
  readonly generation: number;
  readonly fields: OwnedFields;
  readonly status?: object;
  /** Reads until its controller has seen it. */
  readonly unseen: number;
}

/** Of a cluster: so many reads after a write its controller has done its work. */
const SEEN_AFTER = 2;
const HAS_PODS: readonly string[] = ['Deployment', 'StatefulSet'];

export class MemoryObjects implements ClusterWriter {
  readonly name: string;
  /** What jobs did that changed something. */
  readonly writes: string[] = [];
  /** Images whose pods never become ready. */
  readonly badImages = new Set<string>();
  /** The configuration lets no jobs write there. */
  isReadOnly = false;
  /** Its controllers do nothing now: what is written is not seen by them. */
  isIdle = false;
  /** Why nothing answers. */
  down: Error | undefined;
  /** Told whenever pods of a workload became ready. */
  onReady: (name: string, ready: number) => void = () => undefined;
  readonly #objects = new Map<string, Stored>();
  #version = 1;
  #made = 0;

  constructor(name: string) {
    this.name = name;
  }

  async read(ref: ObjectRef): Promise<KubernetesObject | undefined> {
    this.#answer();
    if (!this.isIdle) this.#control(keyOf(ref));
    return this.look(ref);
  }

  look(ref: ObjectRef): KubernetesObject | undefined {
    const stored = this.#objects.get(keyOf(ref));
    return stored && objectOf(stored);
  }

  all(): readonly KubernetesObject[] {
    return [...this.#objects.values()].map(objectOf);
  }

  async list(ref: ObjectsRef, selector: string): Promise<readonly KubernetesObject[]> {
    this.#answer();
    return this.all().filter(
      ({ apiVersion, kind, metadata }) =>
        apiVersion === ref.apiVersion &&
        kind === ref.kind &&
        (ref.namespace ?? metadata.namespace) === metadata.namespace &&
        matches(metadata.labels ?? {}, selector),
    );
  }

  async apply(object: KubernetesObject, options: ApplyOptions = {}): Promise<ApplyResult> {
    this.#answer();
    return this.#apply(FIELD_MANAGER, object, options);
  }

  /** By somebody else, with force. */
  applyAs(manager: string, object: KubernetesObject): void {
    this.#apply(manager, object, { force: true });
  }

  async remove(ref: ObjectRef, expect: Known): Promise<RemoveResult> {
    this.#answer();
    const key = keyOf(ref);
    const stored = this.#objects.get(key);
    if (!stored) return { ok: true, was: 'absent' };
    if (!isAt(stored, expect)) return moved(ref);
    this.#objects.delete(key);
    this.writes.push(`remove ${shownRef(ref)}`);
    if (HAS_PODS.includes(ref.kind)) this.onReady(ref.name, 0);
    return { ok: true, was: 'removing' };
  }

  async fence(ref: ObjectRef, fence: number): Promise<FenceResult> {
    this.#answer();
    const key = keyOf(ref);
    const stored = this.#objects.get(key);
    if (!stored) return { ok: true };
    const stands = fenceOf(objectOf(stored));
    if (stands > fence) return { ok: false, code: 'lost-term', text: `fenced by ${stands}` };
    if (stands < fence) {
      const fields = stored.fields.copy();
      fields.set(
        FENCE_MANAGER,
        flatten({ metadata: { annotations: { [FENCE_ANNOTATION]: `${fence}` } } }),
      );
      this.#version += 1;
      this.#objects.set(key, { ...stored, fields, version: this.#version });
    }
    return { ok: true, object: objectOf(this.#objects.get(key) ?? stored) };
  }

  async close(): Promise<void> {}

  #answer(): void {
    if (this.down) throw this.down;
  }

  #apply(
    manager: string,
    object: KubernetesObject,
    { expect, force = false, dryRun = false }: ApplyOptions,
  ): ApplyResult {
    const ref = refOf(object);
    const key = keyOf(ref);
    const stored = this.#objects.get(key);
    if (expect === 'absent' ? stored : expect && !(stored && isAt(stored, expect)))
      return moved(ref);
    const fields = stored?.fields.copy() ?? new OwnedFields();
    const conflicts = fields.apply(manager, bodyOf(object), force);
    if (conflicts.size > 0) {
      const all = [...conflicts].map(([other, paths]) => ({
        manager: other,
        fields: paths.toSorted(),
      }));
      const sorted = all.toSorted((left, right) => (left.manager < right.manager ? -1 : 1));
      return {
        ok: false,
        code: 'conflict',
        conflicts: sorted,
        text: `conflict: ${JSON.stringify(sorted)}`,
      };
    }
    const next = this.#next(stored, ref, fields);
    const result = { ok: true, created: !stored, object: objectOf(next) } as const;
    if (dryRun) return result;
    if (next === stored) return result;
    this.#version = next.version;
    if (!stored) this.#made += 1;
    this.#objects.set(key, next);
    if (manager === FIELD_MANAGER) {
      this.writes.push(`${stored ? 'update' : 'create'} ${shownRef(ref)}`);
    }
    return result;
  }

  #next(stored: Stored | undefined, ref: ObjectRef, fields: OwnedFields): Stored {
    const version = this.#version + 1;
    if (!stored) {
      const uid = `uid-${this.name}-${this.#made + 1}`;
      return { ref, uid, version, generation: 1, fields, unseen: SEEN_AFTER };
    }
    const before = stored.fields.value();
    const after = fields.value();
    const isSame = JSON.stringify([before, stored.fields.managedFields()]);
    if (isSame === JSON.stringify([after, fields.managedFields()])) return stored;
    const isOther = JSON.stringify(before['spec']) !== JSON.stringify(after['spec']);
    const generation = stored.generation + (isOther ? 1 : 0);
    const unseen = isOther ? SEEN_AFTER : stored.unseen;
    return { ...stored, fields, version, generation, unseen };
  }

  /** What a workload's controller does, a little later than it was asked. */
  #control(key: string): void {
    const stored = this.#objects.get(key);
    if (!stored || !HAS_PODS.includes(stored.ref.kind) || stored.unseen === 0) return;
    const unseen = stored.unseen - 1;
    if (unseen > 0) {
      this.#objects.set(key, { ...stored, unseen });
      return;
    }
    const spec = stored.fields.value()['spec'] as WorkloadSpec;
    const { replicas = 1 } = spec;
    const isBad = spec.template?.spec.containers.some(({ image }) => this.badImages.has(image));
    const available = isBad ? 0 : replicas;
    this.#version += 1;
    const status = {
      observedGeneration: stored.generation,
      replicas,
      updatedReplicas: replicas,
      availableReplicas: available,
      readyReplicas: available,
      ...(isBad && {
        conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
      }),
    };
    this.#objects.set(key, { ...stored, status, unseen: 0, version: this.#version });
    this.onReady(stored.ref.name, available);
  }
}

interface WorkloadSpec {
  readonly replicas?: number;
  readonly template?: { readonly spec: { readonly containers: readonly { image: string }[] } };
}

function keyOf({ apiVersion, kind, namespace = '', name }: ObjectRef): string {
  return [apiVersion, kind, namespace, name].join('|');
}

function isAt({ uid, version }: Stored, expect: Known): boolean {
  return uid === expect.uid && `${version}` === expect.resourceVersion;
}

function moved(ref: ObjectRef) {
  return { ok: false, code: 'moved', text: `${shownRef(ref)}: it is another now` } as const;
}

/** What is applied of it: nothing that names it, nor what a server writes. */
function bodyOf(object: KubernetesObject): object {
  const { apiVersion: _, kind: __, status: ___, metadata, ...rest } = object;
  const { labels, annotations } = metadata;
  return { ...rest, metadata: { ...(labels && { labels }), ...(annotations && { annotations }) } };
}

function objectOf({ ref, uid, version, generation, fields, status }: Stored): KubernetesObject {
  const { metadata = {}, ...rest } = fields.value();
  const { apiVersion, kind, namespace, name } = ref;
  return {
    apiVersion,
    kind,
    ...rest,
    metadata: {
      ...(metadata as object),
      name,
      ...(namespace !== undefined && { namespace }),
      uid,
      resourceVersion: `${version}`,
      generation,
      managedFields: fields.managedFields(),
    },
    ...(status && { status }),
  };
}

/** `a=b`, or `a in (b,c)`; empty: all. */
function matches(labels: Readonly<Record<string, string>>, selector: string): boolean {
  if (selector === '') return true;
  const [, key = '', values = ''] = /^(\S+?)(?:=| in \()([^)]*)\)?$/.exec(selector) ?? [];
  return values.split(',').includes(labels[key] ?? '\n');
}
