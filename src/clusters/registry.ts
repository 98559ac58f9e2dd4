// Which clusters there are now: one reader each, from all sources.
//
// Comes in: what each source says, whenever it says it. Goes out: the readers now, and a mark when
// they change. On failure: a cluster whose new kubeconfig cannot be used keeps its last one; one that
// cannot be opened is not there; both are said in words. One change at a time, in order of arrival.

import type { Logger } from 'pino';
import type { ClusterName, Dirty } from '../model.ts';
import type { AppSources, ClusterReader } from './cluster.ts';
import type { LoadedConfig } from './kubeconfig.ts';
import type { KubernetesReader } from './kubernetes.ts';
import { CLUSTER_NAME, type ClusterSettings } from './settings.ts';

/** One cluster, as a source wants it. */
export interface ClusterOrder {
  readonly settings: ClusterSettings;
  /** Of what `load` reads: another digest, and it is read again. */
  readonly digest: string;
  readonly load: () => Promise<LoadedConfig>;
}

/** What a source says now. */
export interface SourceWord {
  readonly orders: readonly ClusterOrder[];
  /** What could not be used, a sentence each. */
  readonly trouble: readonly string[];
}

export interface SourceStatus extends Pick<SourceWord, 'trouble'> {
  readonly source: string;
  readonly clusters: readonly ClusterName[];
}

/** What the control loop and the API see of it. */
export interface Clusters {
  readers(): readonly ClusterReader[];
  /** Of every cluster that is there or will be; returns the way to stop. */
  onDirty(mark: (dirty: Dirty) => void): () => void;
}

export interface Registry extends Clusters {
  /** Which sources there are, in order: of two clusters with one name the first is taken. */
  arrange(sources: readonly string[]): Promise<void>;
  /** Resolves when it is in force. */
  tell(source: string, word: SourceWord): Promise<void>;
  sources(): readonly SourceStatus[];
  /** Of the clusters that are there now. */
  orders(): readonly ClusterOrder[];
  /** What a source said last. */
  word(source: string): SourceWord | undefined;
  /** What is looked for in them has changed; who cannot take that as it is is opened anew. */
  lookFor(sources: AppSources): Promise<void>;
  close(): Promise<void>;
}

interface Member {
  readonly source: string;
  readonly reader: KubernetesReader;
  readonly shape: string;
  digest: string;
  readonly stop: () => void;
}

export interface RegistryParts {
  readonly open: (order: ClusterOrder) => Promise<KubernetesReader>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

const NAME = new RegExp(CLUSTER_NAME);

export function createRegistry({ open, log }: RegistryParts): Registry {
  const words = new Map<string, SourceWord>();
  const marks = new Set<(dirty: Dirty) => void>();
  /** Per source: what did not come to be although it was ordered. */
  const failures = new Map<string, string[]>();
  let sources: readonly string[] = [];
  let members: ReadonlyMap<ClusterName, Member> = new Map();
  let generation = 0;
  let closed = false;
  let last: Promise<void> = Promise.resolve();

  const mark = (dirty: Dirty): void => {
    for (const one of marks) one(dirty);
  };
  const inOrder = (change: () => void): Promise<void> => {
    const done = last.then(async () => {
      if (closed) return;
      change();
      await settle();
    });
    // What nobody expected goes to who asked; the next change is tried all the same.
    last = done.catch(() => undefined);
    return done;
  };

  async function settle(): Promise<void> {
    failures.clear();
    const now = new Map<ClusterName, Member>();
    for (const [source, order] of ordersThatCount(sources, words, fail)) {
      const member = await memberFor(source, order);
      if (member) now.set(order.settings.name, member);
    }
    const before = members;
    members = now;
    const gone = [...before.values()].filter(
      ({ reader }) => now.get(reader.name)?.reader !== reader,
    );
    const come = [...now.values()].filter(
      ({ reader }) => before.get(reader.name)?.reader !== reader,
    );
    for (const { reader, source } of gone) {
      if (!now.has(reader.name)) log.warn({ cluster: reader.name, source }, 'cluster removed');
    }
    for (const { reader, source } of come)
      log.info({ cluster: reader.name, source }, 'cluster added');
    if (gone.length + come.length > 0) mark('all');
    await Promise.all(gone.map(end));
  }

  async function memberFor(source: string, order: ClusterOrder): Promise<Member | undefined> {
    const { name } = order.settings;
    const known = members.get(name);
    const shape = JSON.stringify([generation, order.settings]);
    try {
      if (known?.shape !== shape) return await opened(source, order, shape);
      if (known.digest !== order.digest) {
        await known.reader.reload(order.load);
        known.digest = order.digest;
        log.info({ cluster: name, source }, 'kubeconfig read anew');
      }
      return known.source === source ? known : { ...known, source };
    } catch (error) {
      fail(source, (error as Error).message);
      return known;
    }
  }

  async function opened(source: string, order: ClusterOrder, shape: string): Promise<Member> {
    const reader = await open(order);
    const stop = reader.onDirty(mark);
    return { source, reader, shape, digest: order.digest, stop };
  }

  async function end({ reader, stop }: Member): Promise<void> {
    stop();
    await reader.close();
  }

  function fail(source: string, text: string): void {
    failures.set(source, [...(failures.get(source) ?? []), text]);
    log.error({ source }, text);
  }

  return {
    readers: () => [...members.values()].map(({ reader }) => reader),
    onDirty(one) {
      marks.add(one);
      return () => marks.delete(one);
    },
    arrange: (now) =>
      inOrder(() => {
        sources = now;
        for (const source of words.keys()) if (!now.includes(source)) words.delete(source);
      }),
    tell(source, word) {
      const known = words.get(source)?.trouble ?? [];
      for (const text of word.trouble) if (!known.includes(text)) log.error({ source }, text);
      return inOrder(() => {
        words.set(source, word);
      });
    },
    sources: () =>
      sources.map((source) => {
        const own = [...members.values()].filter((member) => member.source === source);
        const trouble = [...(words.get(source)?.trouble ?? []), ...(failures.get(source) ?? [])];
        return { source, clusters: own.map(({ reader }) => reader.name), trouble };
      }),
    orders: () =>
      [...members.values()].flatMap(({ source, reader }) => {
        const all = words.get(source)?.orders ?? [];
        return all.filter(({ settings }) => settings.name === reader.name);
      }),
    word: (source) => words.get(source),
    lookFor: (wanted) =>
      inOrder(() => {
        const taken = [...members.values()].map(({ reader }) => reader.lookFor(wanted));
        if (taken.includes(false)) generation++;
      }),
    async close() {
      await last;
      closed = true;
      await Promise.all([...members.values()].map(end));
      members = new Map();
    },
  };
}

/** In order, each name once. */
export function ordersThatCount(
  sources: readonly string[],
  words: ReadonlyMap<string, SourceWord>,
  fail: (source: string, text: string) => void,
): (readonly [string, ClusterOrder])[] {
  const taken = new Map<ClusterName, string>();
  const orders: (readonly [string, ClusterOrder])[] = [];
  for (const source of sources) {
    for (const order of words.get(source)?.orders ?? []) {
      const { name } = order.settings;
      const owner = taken.get(name);
      if (owner !== undefined) {
        fail(source, `cluster ${name} is left out: ${owner} has one of that name`);
      } else if (!NAME.test(name)) {
        fail(source, `${JSON.stringify(name)} is left out: no DNS label, or the reserved word vm`);
      } else {
        taken.set(name, source);
        orders.push([source, order]);
      }
    }
  }
  return orders;
}
