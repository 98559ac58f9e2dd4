// All sources of clusters, side by side, as the configuration names them now.
//
// Comes in: `clusters` and `clusterSources`, perhaps again and again. Goes out: their words, to the
// registry. On failure: a source in trouble says so and goes on; none ends because of another. A source
// that ends unexpectedly is a word of trouble, and is begun again.

import type { ClusterWorld } from './world.ts';
import { loadCluster } from './kubeconfig.ts';
import { followFiles, listedSource } from './files-source.ts';
import { folderSource } from './folder-source.ts';
import type { Registry, SourceWord } from './registry.ts';
import { ARGO_SELECTOR, argoOrder, kubeconfigOrder } from './secret-forms.ts';
import { followSecrets, type SecretsPlace } from './secrets-source.ts';
import type { ClusterSettings, ClusterSourceSettings, HomeSettings } from './settings.ts';

export interface SourcesWanted {
  readonly clusters: readonly ClusterSettings[];
  readonly clusterSources: readonly ClusterSourceSettings[];
}

export interface Sources {
  /** Resolves when all files were read once; a home cluster is not waited for. */
  configure(wanted: SourcesWanted): Promise<void>;
  close(): Promise<void>;
}

type Tell = (word: SourceWord) => Promise<void>;

/** One source, before it runs. */
interface Plan {
  readonly title: string;
  /** Another key, and it is begun anew. */
  readonly key: string;
  readonly waitsForFirst: boolean;
  readonly follow: (tell: Tell, signal: AbortSignal) => Promise<void>;
}

interface Running {
  readonly key: string;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

const RETRY_MS = 5000;

export function runSources(
  registry: Pick<Registry, 'arrange' | 'tell' | 'word'>,
  world: ClusterWorld,
): Sources {
  let running: ReadonlyMap<string, Running> = new Map();

  function begin({ title, key, follow }: Plan): { running: Running; first: Promise<void> } {
    const stop = new AbortController();
    const first = Promise.withResolvers<void>();
    const tell: Tell = async (word) => {
      if (!stop.signal.aborted) await registry.tell(title, word);
      first.resolve();
    };
    const again = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        await follow(tell, stop.signal).catch((error: unknown) => complain(title, error));
        first.resolve();
        await world.clock.sleep(RETRY_MS, stop.signal);
      }
    };
    return { running: { key, stop, ended: again() }, first: first.promise };
  }

  async function complain(title: string, error: unknown): Promise<void> {
    const known = registry.word(title);
    await registry.tell(title, {
      orders: known?.orders ?? [],
      trouble: [(error as Error).message],
    });
  }

  async function end({ stop, ended }: Running): Promise<void> {
    stop.abort();
    await ended;
  }

  return {
    async configure(wanted) {
      const plans = plansOf(wanted, world);
      const before = running;
      const now = new Map<string, Running>();
      const firsts: Promise<void>[] = [];
      for (const plan of plans) {
        const same = before.get(plan.title);
        if (same?.key === plan.key) now.set(plan.title, same);
      }
      running = now;
      const over = [...before].filter(([title, one]) => now.get(title) !== one);
      await Promise.all(over.map(([, one]) => end(one)));
      await registry.arrange(plans.map(({ title }) => title));
      for (const plan of plans) {
        if (now.has(plan.title)) continue;
        const begun = begin(plan);
        now.set(plan.title, begun.running);
        if (plan.waitsForFirst) firsts.push(begun.first);
      }
      await Promise.all(firsts);
    },
    async close() {
      await Promise.all([...running.values()].map(end));
    },
  };
}

function plansOf({ clusters, clusterSources }: SourcesWanted, world: ClusterWorld): Plan[] {
  const plans = [listedPlan(clusters, world)];
  const counts = new Map<string, number>();
  for (const plan of clusterSources.map((source) => planOf(source, world))) {
    const count = (counts.get(plan.title) ?? 0) + 1;
    counts.set(plan.title, count);
    plans.push(count === 1 ? plan : { ...plan, title: `${plan.title} (${count})` });
  }
  return plans;
}

function listedPlan(clusters: readonly ClusterSettings[], world: ClusterWorld): Plan {
  const read = listedSource(clusters, world);
  const { clock } = world;
  return {
    title: 'clusters',
    key: JSON.stringify(clusters),
    waitsForFirst: true,
    follow: (tell, signal) => followFiles(read, tell, { clock, signal }),
  };
}

function planOf(source: ClusterSourceSettings, world: ClusterWorld): Plan {
  const { folder, secrets, argocd } = source;
  const key = JSON.stringify(source);
  if (folder) {
    const read = folderSource(folder.path, source);
    const { clock } = world;
    return {
      title: `folder ${folder.path}`,
      key,
      waitsForFirst: true,
      follow: (tell, signal) => followFiles(read, tell, { clock, signal }),
    };
  }
  if (secrets) {
    const { namespace, selector } = secrets;
    const title = `secrets ${selector} of ${namespace} in ${homeName(secrets)}`;
    const order: SecretsPlace['order'] = (secret) => kubeconfigOrder(secret, source);
    return secretsPlan({ title, key }, { home: secrets, selector, order }, world);
  }
  if (!argocd) throw new Error('a source of clusters without a kind');
  const title = `argocd ${argocd.namespace} in ${homeName(argocd)}`;
  const order: SecretsPlace['order'] = (secret) => argoOrder(secret, source);
  const warning = 'Argo CD’s tokens may do everything in its clusters; Ballast needs to read only';
  world.log.warn({ source: title }, warning);
  return secretsPlan({ title, key }, { home: argocd, selector: ARGO_SELECTOR, order }, world);
}

function secretsPlan(
  names: Pick<Plan, 'title' | 'key'>,
  place: Pick<SecretsPlace, 'selector' | 'order'> & { readonly home: HomeSettings },
  world: ClusterWorld,
): Plan {
  const { home, ...rest } = place;
  const { kubeconfig, inCluster, namespace } = home;
  const named = {
    name: names.title,
    ...(kubeconfig && { kubeconfig }),
    ...(inCluster !== undefined && { inCluster }),
  };
  const load = () => loadCluster(named, world);
  return {
    ...names,
    waitsForFirst: false,
    follow: (tell, signal) => followSecrets({ ...rest, namespace, load }, tell, world, signal),
  };
}

function homeName({ kubeconfig }: HomeSettings): string {
  if (!kubeconfig) return 'the cluster that Ballast runs in';
  return kubeconfig.context ?? kubeconfig.path;
}
