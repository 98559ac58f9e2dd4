// Clusters from Secrets of a home cluster, followed by list and watch.
//
// Comes in: the home's kubeconfig, a namespace, a selector, and how a Secret is read. Goes out: a word
// whenever the Secrets, or the trouble with them, are others. On failure: a Secret that cannot be used
// keeps its last good order; while the home does not answer all stays. Contents of Secrets stand in
// no word and no error.

import type { Change } from './record-index.ts';
import type { LoadedConfig } from './kubeconfig.ts';
import type { ClusterWorld } from './world.ts';
import { LIMITS } from './limits.ts';
import { Link } from './link.ts';
import { createPace } from './pace.ts';
import { type Meta, type Raw, readMeta } from './records.ts';
import { Reflector } from './reflector.ts';
import type { Resource } from './resource.ts';
import { createTurns } from './turns.ts';
import type { ClusterOrder, SourceWord } from './registry.ts';

export interface SecretRecord extends Meta {
  /** Cluster API says of which cluster it is. */
  readonly ofClusterApi: boolean;
  /** Decoded. */
  readonly data: Readonly<Record<string, string>>;
}

export interface SecretsPlace {
  readonly load: () => Promise<LoadedConfig>;
  readonly namespace: string;
  readonly selector: string;
  /** Undefined: it speaks of no cluster. Throws an Error in words, without contents. */
  readonly order: (secret: SecretRecord) => ClusterOrder | undefined;
}

const CLUSTER_NAME_LABEL = 'cluster.x-k8s.io/cluster-name';

/** Tells until the signal aborts. */
export async function followSecrets(
  place: SecretsPlace,
  tell: (word: SourceWord) => Promise<void>,
  world: ClusterWorld,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random } = world;
  const { namespace, selector } = place;
  const limits = { ...LIMITS, ...world.limits };
  const secrets = new Map<string, SecretRecord>();
  const good = new Map<string, ClusterOrder>();
  let said = '';
  let scheduled = false;

  const say = async (): Promise<void> => {
    scheduled = false;
    const { trouble, listed } = reflector.health();
    if (signal.aborted || (!listed && !trouble)) return;
    const word = wordOf(secrets, good, place);
    const mute = trouble ? [`${title}: ${trouble.text}`] : [];
    const now = { orders: word.orders, trouble: [...mute, ...word.trouble] };
    const words = JSON.stringify(now);
    if (words !== said) await tell(now);
    said = words;
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    void clock.sleep(0, signal).then(say);
  };

  const title = `secrets of ${namespace}`;
  const resource: Resource<SecretRecord> = {
    title,
    path: `/api/v1/namespaces/${namespace}/secrets`,
    labelSelector: selector,
    listAfter: 'interruption',
    read: readSecret,
    changed(changes) {
      take(secrets, changes);
      schedule();
    },
  };
  const link = new Link(await place.load(), place.load, { ...world, limits });
  const pace = createPace(clock, random);
  const reflector = new Reflector(resource, {
    link,
    pace,
    clock,
    random,
    limits,
    turns: createTurns(),
    streaming: { refused: false },
    healthChanged: schedule,
    listChanges: () => undefined,
    setBack: () => reflector.setBack(),
  });
  reflector.start();
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await reflector.close();
  await link.close();
}

function take(secrets: Map<string, SecretRecord>, changes: readonly Change<SecretRecord>[]): void {
  for (const { before, after } of changes) {
    if (before && before.uid !== after?.uid) secrets.delete(before.uid);
    if (after) secrets.set(after.uid, after);
  }
}

function wordOf(
  secrets: ReadonlyMap<string, SecretRecord>,
  good: Map<string, ClusterOrder>,
  { order, namespace }: SecretsPlace,
): SourceWord {
  const orders: ClusterOrder[] = [];
  const trouble: string[] = [];
  for (const uid of good.keys()) if (!secrets.has(uid)) good.delete(uid);
  for (const secret of [...secrets.values()].toSorted(byName)) {
    try {
      const now = order(secret);
      if (now) good.set(secret.uid, now);
      else good.delete(secret.uid);
    } catch (error) {
      const kept = good.has(secret.uid) ? '; its last good content stays' : '';
      trouble.push(`secret ${namespace}/${secret.name}: ${(error as Error).message}${kept}`);
    }
    const last = good.get(secret.uid);
    if (last) orders.push(last);
  }
  return { orders, trouble };
}

function byName(a: Meta, b: Meta): number {
  return a.name < b.name ? -1 : 1;
}

function readSecret(raw: Raw): SecretRecord {
  const { data } = raw as { readonly data?: Readonly<Record<string, string>> | null };
  const decoded = Object.entries(data ?? {}).map(([key, text]) => {
    return [key, Buffer.from(text, 'base64').toString()] as const;
  });
  const ofClusterApi = Object.hasOwn(raw.metadata?.labels ?? {}, CLUSTER_NAME_LABEL);
  return {
    ...readMeta(raw, (text) => text),
    ofClusterApi,
    data: Object.fromEntries(decoded),
  };
}
