// The real ClusterWriter: server-side apply, deletion with preconditions, and the fence, over a link with
// the credentials of jobs.
//
// Comes in: objects. Goes out: what the API server made of them. On failure: see cluster-writer.ts; what
// the API server says of a Secret stays there, for it may quote it.

import { CallFailure } from './call-failure.ts';
import {
  type ApplyOptions,
  type ApplyResult,
  type ClusterWriter,
  type Conflicted,
  FENCE_ANNOTATION,
  FENCE_MANAGER,
  type Fence,
  fenceOf,
  type FenceResult,
  FIELD_MANAGER,
  type Known,
  knownOf,
  type KubernetesObject,
  type Moved,
  type ObjectRef,
  type ObjectsRef,
  type Refused,
  refOf,
  type RemoveResult,
  shownRef,
} from './cluster-writer.ts';
import { type Ask, asker, askJson, type JsonAnswer, listWhole } from './json-answer.ts';
import type { Link, Message } from './link.ts';
import { collectionPath, createServedKinds, objectPath, type ServedKinds } from './served-kinds.ts';
import { conflictsOf, isMoved, type StatusBody, wordsOf } from './write-answer.ts';

/** Above what an API server gives a request with its webhooks; below it nobody knows what came of one. */
export const WRITE_MS = 40_000;
const patience = (): AbortSignal => AbortSignal.timeout(WRITE_MS);
/** Each lost race is one write of somebody else's between our reading and our writing. */
const FENCE_TRIES = 10;
/** No object is at it: a cluster's first write is 2. So what is there cannot be at it, and what is not is made. */
const NEVER = '1';

export class KubernetesWriter implements ClusterWriter {
  readonly name: string;
  readonly #link: Pick<Link, 'send' | 'close'>;
  readonly #get: Ask;
  readonly #kinds: ServedKinds;

  constructor(name: string, link: Pick<Link, 'send' | 'close'>) {
    this.name = name;
    this.#link = link;
    this.#get = asker(link, patience);
    this.#kinds = createServedKinds(this.#get);
  }

  async read(ref: ObjectRef): Promise<KubernetesObject | undefined> {
    const path = await this.#pathOf(ref);
    const found = path === undefined ? undefined : await this.#get(path);
    return found && typed(found, ref);
  }

  async list(ref: ObjectsRef, labelSelector: string): Promise<readonly KubernetesObject[]> {
    const resource = await this.#kinds.find(ref);
    if (!resource) return [];
    const items = await listWhole(this.#get, collectionPath(ref, resource), labelSelector);
    return items.map((one) => typed(one, ref));
  }

  async apply(object: KubernetesObject, options: ApplyOptions = {}): Promise<ApplyResult> {
    const ref = refOf(object);
    const path = await this.#pathOf(ref);
    if (path === undefined) return unserved(ref);
    const query = new URLSearchParams({ fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' });
    if (options.force) query.set('force', 'true');
    if (options.dryRun) query.set('dryRun', 'All');
    const { status, json } = await this.#ask({
      path: `${path}?${query}`,
      method: 'PATCH',
      type: 'application/apply-patch+yaml',
      body: expecting(object, options.expect),
    });
    if (status === 200 || status === 201) {
      return { ok: true, created: status === 201, object: typed(json, ref) };
    }
    const conflicts = status === 409 ? conflictsOf(json as StatusBody) : [];
    if (conflicts.length > 0) return conflicted(ref, conflicts);
    return isMoved(status, json) ? moved(ref, status, json) : refused(ref, status, json);
  }

  async remove(ref: ObjectRef, expect: Known): Promise<RemoveResult> {
    const path = await this.#pathOf(ref);
    if (path === undefined) return { ok: true, was: 'absent' };
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: expect,
      // A Job of old versions leaves its pods behind unless it is told.
      propagationPolicy: 'Background',
    };
    const { status, json } = await this.#ask({ path, method: 'DELETE', body });
    if (status === 404) return { ok: true, was: 'absent' };
    if (status < 300) return { ok: true, was: 'removing' };
    return isMoved(status, json) ? moved(ref, status, json) : refused(ref, status, json);
  }

  async fence(ref: ObjectRef, fence: Fence): Promise<FenceResult> {
    const path = await this.#pathOf(ref);
    for (let tries = 0; path !== undefined && tries < FENCE_TRIES; tries += 1) {
      const object = await this.read(ref);
      if (!object) return { ok: true };
      const stands = fenceOf(object);
      if (stands > fence) {
        const text = `${shownRef(ref)}: term ${stands} has fenced it, ours is ${fence}`;
        return { ok: false, code: 'lost-term', text };
      }
      if (stands === fence) return { ok: true, object };
      const { status, json } = await this.#ask({
        path: `${path}?fieldManager=${FENCE_MANAGER}`,
        method: 'PATCH',
        type: 'application/merge-patch+json',
        body: { metadata: { ...knownOf(object), annotations: { [FENCE_ANNOTATION]: `${fence}` } } },
      });
      if (status === 200) return { ok: true, object: typed(json, ref) };
      if (status !== 404 && status !== 409) return refused(ref, status, json);
    }
    if (path === undefined) return { ok: true };
    throw new CallFailure({ text: `${shownRef(ref)} changes all the time`, scope: 'cluster' });
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  /** Undefined where the cluster does not serve the kind. Throws where the path would lead elsewhere. */
  async #pathOf(ref: ObjectRef): Promise<string | undefined> {
    const resource = await this.#kinds.find(ref);
    if (!resource) return undefined;
    if (resource.namespaced === (ref.namespace === undefined)) {
      const text = resource.namespaced ? 'names no namespace' : 'belongs to no namespace';
      throw new CallFailure({ text: `${shownRef(ref)}: ${text}`, scope: 'kind' });
    }
    return objectPath(ref, resource);
  }

  #ask(message: Message): Promise<JsonAnswer> {
    return askJson(this.#link, message, patience());
  }
}

/** A list's items have neither. */
function typed(json: object, { apiVersion, kind }: ObjectsRef): KubernetesObject {
  return { ...(json as KubernetesObject), apiVersion, kind };
}

/** `managedFields` may not be applied, and a state that is named must be the one that is there. */
function expecting(object: KubernetesObject, expect: ApplyOptions['expect']): object {
  const { managedFields: _, uid: __, resourceVersion: ___, ...metadata } = object.metadata;
  const state = expect === 'absent' ? { resourceVersion: NEVER } : expect;
  return { ...object, metadata: { ...metadata, ...state } };
}

function conflicted(ref: ObjectRef, conflicts: Conflicted['conflicts']): Conflicted {
  const each = conflicts.map(({ manager, fields }) => `${manager} (${fields.join(', ')})`);
  const text = `${shownRef(ref)}: fields are owned by ${each.join(', ')}`;
  return { ok: false, code: 'conflict', conflicts, text };
}

function moved(ref: ObjectRef, status: number, json: StatusBody): Moved {
  return { ok: false, code: 'moved', text: `${shownRef(ref)}: ${wordsOf(ref, status, json)}` };
}

function refused(ref: ObjectRef, status: number, json: StatusBody): Refused {
  const text = `${shownRef(ref)}: ${wordsOf(ref, status, json)}`;
  return { ok: false, code: 'refused', status, text };
}

function unserved(ref: ObjectRef): Refused {
  const text = `${shownRef(ref)}: ${ref.kind} of ${ref.apiVersion} is not served there`;
  return { ok: false, code: 'refused', status: 404, text };
}
