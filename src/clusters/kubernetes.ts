// The real cluster: reflectors over one link, records with indexes, footprints on demand.
//
// Comes in: settings, which apps to look for, a kubeconfig. Goes out: ClusterReader. On failure:
// a kubeconfig that cannot be read or understood is a BallastError at once; an API server that cannot
// be reached is no error but a state. What was counted stays; `stale` says since when and why.
//
// Nodes that fall silent make the cluster stale in the same moment in which their records change, so
// that nobody reads the counts that fall with them as fresh. Marks go out once a macrotask, after
// the state is known.

import { isDeepStrictEqual } from 'node:util';
import { BallastError } from '../errors.ts';
import type { AppName, ClusterName, ClusterStatus, Dirty, Footprint, Looks } from '../model.ts';
import type { AppSources, ClusterReader } from './cluster.ts';
import { ClusterRecords } from './cluster-records.ts';
import { Following } from './following.ts';
import { takeFootprint } from './footprint.ts';
import type { IngressNodes } from './ingress-nodes.ts';
import { type LoadedConfig, loadCluster } from './kubeconfig.ts';
import { LIMITS } from './limits.ts';
import { Link } from './link.ts';
import { createPace } from './pace.ts';
import { isPod } from './pod-addresses.ts';
import type { ClusterSettings } from './settings.ts';
import { followSilence, FOR_NOW, NO_SILENCE, type Silence } from './silent-nodes.ts';
import { awaitsNodes, type Standing, standingOf } from './standing.ts';
import { createTurns } from './turns.ts';
import { isUnread, routesChecked, unreadOf } from './unread.ts';
import type { Watched } from './watched.ts';
import { findWaysIn, ingressNodeMatcher } from './ways-in.ts';
import type { ClusterWorld } from './world.ts';

/** A reader whose kubeconfig may be exchanged. */
export interface KubernetesReader extends ClusterReader {
  /** Another way to the same cluster; what is known stays. Throws what is wrong with it. */
  reload(load: () => Promise<LoadedConfig>): Promise<void>;
  /** Other apps, in the same cluster; false where it has to be opened anew for them. */
  lookFor(sources: AppSources): boolean;
}

/** A reader that can be looked into, for `ballast check`. */
export interface OpenCluster extends KubernetesReader {
  watched(): readonly Watched[];
  /** One more call, over the same link. Throws what failureOf() has words for. */
  send: Link['send'];
}

export async function openKubernetesCluster(
  settings: ClusterSettings,
  sources: AppSources,
  world: ClusterWorld,
  load: () => Promise<LoadedConfig> = () => loadCluster(settings, world),
): Promise<OpenCluster> {
  return new KubernetesCluster(settings, sources, world, { loaded: await load(), load });
}

class KubernetesCluster implements OpenCluster {
  readonly name: ClusterName;
  readonly #settings: ClusterSettings;
  readonly #world: ClusterWorld;
  readonly #records: ClusterRecords;
  readonly #link: Link;
  readonly #following: Following;
  readonly #marks = new Set<(dirty: Dirty) => void>();
  readonly #closed = new AbortController();
  readonly #opened: number;
  #silence: Silence = NO_SILENCE;
  #silentSince = 0;
  #nodes: IngressNodes = { nodes: [], leftOut: [], counted: new Set() };
  #nodesMoved = false;
  #listChangedAt: number;
  #entered: { readonly state: Standing['state']; readonly at: number };
  #seenBefore = false;
  #dirty: Set<AppName> | 'all' = new Set();
  #scheduled = false;

  constructor(
    settings: ClusterSettings,
    sources: AppSources,
    world: ClusterWorld,
    config: { readonly loaded: LoadedConfig; readonly load: () => Promise<LoadedConfig> },
  ) {
    const { clock, random } = world;
    const limits = { ...LIMITS, ...world.limits };
    const isIngressNode = ingressNodeMatcher(settings.ingress);
    if (!isIngressNode) {
      const detail = `cluster ${settings.name}: ingress.nodes is no label selector`;
      throw new BallastError('config-invalid', `${detail}: ${settings.ingress.nodes}`);
    }
    this.name = settings.name;
    this.#settings = settings;
    this.#world = world;
    this.#opened = clock.now();
    this.#listChangedAt = this.#opened;
    this.#entered = { state: 'unseen', at: this.#opened };
    const checked = settings.routed === 'off' ? 'off' : 'some';
    this.#records = new ClusterRecords(sources, {
      checked,
      classes: new Set(settings.ingress.classes),
    });
    const { wall, environment } = world;
    this.#link = new Link(config.loaded, config.load, { clock, wall, environment, limits });
    this.#following = new Following({
      settings,
      sources,
      records: this.#records,
      isIngressNode,
      signal: this.#closed.signal,
      followers: {
        dirty: (apps) => this.#mark(apps),
        nodesChanged: () => this.#followNodes(),
        classesChanged: () => this.#followRights(),
      },
      parts: {
        link: this.#link,
        pace: createPace(clock, random),
        clock,
        random,
        limits,
        turns: createTurns(),
        streaming: { refused: false },
        healthChanged: () => this.#followRights(),
        listChanges: () => this.#noteList(),
        setBack: () => this.#following.setBack(),
      },
    });
    this.#following.start();
  }

  status(): ClusterStatus {
    const { clock } = this.#world;
    const standing = this.#stand();
    const { state, reason } = standing;
    const { nodes, leftOut } = this.#ingressNodes();
    const unread = this.#records.unreadNamespaces();
    return {
      name: this.name,
      state,
      ageSeconds: Math.max(0, (clock.now() - this.#provedAt(standing)) / 1000),
      ...(reason !== undefined && { reason }),
      ingressNodes: nodes,
      leftOut,
      ...(unread.length > 0 && { unread }),
      relists: this.#following.relists(),
    };
  }

  looks(): Looks {
    const begun = this.#read().map(({ health }) => health.listedFrom ?? this.#opened);
    return { changedAt: this.#listChangedAt, since: Math.min(...begun) };
  }

  apps(): ReturnType<ClusterReader['apps']> {
    return this.#records.apps();
  }

  footprint(app: AppName): Footprint {
    return takeFootprint(this.#records, app);
  }

  isPod(app: AppName, ip: string): boolean {
    return isPod(this.#records, app, ip);
  }

  onDirty(mark: (dirty: Dirty) => void): () => void {
    this.#marks.add(mark);
    return () => this.#marks.delete(mark);
  }

  relist(): void {
    this.#following.relist();
  }

  async reload(load: () => Promise<LoadedConfig>): Promise<void> {
    // Open watches of the old place would tell nothing of the new one.
    if (await this.#link.reload(load)) this.relist();
  }

  lookFor(sources: AppSources): boolean {
    if (!this.#following.lookFor(sources)) return false;
    this.#followRights();
    this.#mark('all');
    return true;
  }

  watched(): readonly Watched[] {
    return this.#following.watched();
  }

  send: Link['send'] = (message, signal) => this.#link.send(message, signal);

  async close(): Promise<void> {
    this.#closed.abort();
    this.#marks.clear();
    await this.#following.close();
    await this.#link.close();
  }

  #stand(): Standing {
    const now = this.#world.clock.now();
    const seen = { before: this.#entered.state, seenBefore: this.#seenBefore, now };
    const standing = standingOf(this.watched(), this.#silence, seen);
    if (standing.state === 'fresh') this.#seenBefore = true;
    if (standing.state !== this.#entered.state) {
      this.#entered = { state: standing.state, at: now };
      this.#mark('all');
    }
    return standing;
  }

  /** A count is as old as the last word of the resource that has been quiet for longest. */
  #provedAt({ state, lastWord }: Standing): number {
    if (state === 'stale') return lastWord ?? this.#silentSince;
    if (state === 'unseen') return this.#opened;
    return Math.min(...this.#read().map(({ health }) => health.lastWord));
  }

  #read(): Watched[] {
    return this.watched().filter((one) => !isUnread(one));
  }

  /** Each app is looked at, so that it is known what fell by this list, and what falls later by watch. */
  #noteList(): void {
    this.#listChangedAt = this.#world.clock.now();
    this.#mark('all');
  }

  #followNodes(): void {
    const { clock } = this.#world;
    const now = clock.now();
    const before = this.#silence.until;
    this.#silence = followSilence(this.#silence, this.#records.nodes.values(), now);
    const { until } = this.#silence;
    if (until !== undefined && before === undefined) this.#silentSince = now;
    if (until !== undefined && until !== before && until !== FOR_NOW) {
      void clock.sleep(until - now + 1, this.#closed.signal).then(() => this.#schedule());
    }
    this.#nodesMoved = true;
    this.#schedule();
  }

  /** What can be read of the routes, and which classes exist, decides for every app; pods, for some. */
  #followRights(): void {
    const { routes } = this.#records;
    const resources = this.watched();
    this.#mark(this.#records.setUnread(unreadOf(resources)));
    const classes = resources.find(({ kind }) => kind === 'classes');
    const known = classes?.health.listed === true && !isUnread(classes);
    const names = known ? this.#records.classNames() : undefined;
    const { classes: own, checked } = routes;
    const now = checked === 'off' ? { checked } : routesChecked(resources);
    this.#records.routes = { ...now, classes: own, ...(names && { existing: names }) };
    if (!isDeepStrictEqual(routes, this.#records.routes)) this.#mark('all');
    this.#schedule();
  }

  #ingressNodes(): IngressNodes {
    if (!this.#nodesMoved) return this.#nodes;
    this.#nodesMoved = false;
    const before = this.#nodes;
    this.#nodes = findWaysIn(this.#settings.ingress, this.#records, before);
    if (before.nodes !== this.#nodes.nodes) this.#mark('all');
    return this.#nodes;
  }

  #mark(dirty: Dirty): void {
    if (dirty === 'all') this.#dirty = 'all';
    else if (this.#dirty !== 'all') for (const app of dirty) this.#dirty.add(app);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed.signal.aborted) return;
    this.#scheduled = true;
    void this.#world.clock.sleep(0, this.#closed.signal).then(() => this.#tell());
  }

  #tell(): void {
    if (this.#closed.signal.aborted) return;
    this.#scheduled = false;
    // The nodes' next word, or their failure, tells what was marked meanwhile.
    if (awaitsNodes(this.watched())) return;
    this.#scheduled = true;
    // May mark more, which this telling takes with it.
    this.#ingressNodes();
    this.#stand();
    const dirty = this.#dirty;
    this.#dirty = new Set();
    this.#scheduled = false;
    if (dirty !== 'all' && dirty.size === 0) return;
    for (const mark of this.#marks) {
      try {
        mark(dirty);
      } catch (err) {
        this.#world.log.error({ err, cluster: this.name }, 'a mark threw');
      }
    }
  }
}
