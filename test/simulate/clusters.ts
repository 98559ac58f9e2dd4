// What is true of the clusters, and what each controller sees of it.
//
// Comes in: changes of the truth, faults. Goes out: readers for a controller (src/clusters/memory.ts)
// that see each change a little later. On failure: as real ones: stale without a word for long, short
// where a list is; the next list is whole again.

import { MemoryCluster } from '../../src/clusters/memory.ts';
import type { AppName, ClusterName } from '../../src/model.ts';
import { addressOf, APPS } from './actions.ts';
import type { Process } from './time.ts';

/** As the real one: silent for so long, and it is stale. */
const STALE_MS = 3000;
const AGAIN_MS = 20_000;

export class TrueCluster {
  readonly name: ClusterName;
  readonly pods = new Map<AppName, number>();
  nodes: number[] = [];
  readonly sights = new Set<Sight>();
  /** Controllers that hear nothing from it. */
  readonly deaf = new Set<string>();

  constructor(name: ClusterName) {
    this.name = name;
  }

  addressOf(node: number): string {
    return addressOf(this.name, node);
  }

  setPods(app: AppName, pods: number | undefined): void {
    if (pods === undefined) this.pods.delete(app);
    else this.pods.set(app, pods);
    for (const sight of this.sights) sight.notice();
  }

  setNodes(nodes: readonly number[]): void {
    this.nodes = [...nodes];
    for (const sight of this.sights) sight.notice();
  }

  setDeaf(controller: string, isDeaf: boolean): void {
    if (isDeaf) this.deaf.add(controller);
    else this.deaf.delete(controller);
    for (const sight of this.sights) sight.hear();
  }
}

interface SightParts {
  readonly truth: TrueCluster;
  readonly process: Process;
  readonly random: () => number;
  /** The true value, when it comes to be known: `app` has servers here. */
  readonly known: (cluster: ClusterName, app: AppName, serves: boolean) => void;
}

/** One cluster as one start of a controller sees it. */
export class Sight extends MemoryCluster {
  readonly #parts: SightParts;
  #isFresh = false;
  #silences = 0;
  #isDue = false;
  #wasShort = false;
  /** Of what is there the next list shows so much. */
  shortBy: number | undefined;

  constructor(parts: SightParts) {
    super(parts.truth.name, { state: 'unseen', reason: 'its lists are not in' });
    this.#parts = parts;
    parts.truth.sights.add(this);
    this.hear();
    this.#listAgain();
  }

  /** A watch event is on its way. */
  notice(): void {
    if (this.#isDeaf() || !this.#isFresh || this.#isDue) return;
    this.#isDue = true;
    const { process, random } = this.#parts;
    process.after(2 + random() * 150, () => {
      this.#isDue = false;
      if (this.#isFresh && !this.#isDeaf()) this.#show(undefined);
    });
  }

  /** The link to it came or went. */
  hear(): void {
    const { process, random } = this.#parts;
    const silence = ++this.#silences;
    if (this.#isDeaf()) {
      process.after(STALE_MS, () => {
        if (silence !== this.#silences || !this.#isFresh) return;
        this.#isFresh = false;
        this.setStatus({ state: 'stale', ageSeconds: STALE_MS / 1000, reason: 'silent' });
      });
    } else process.after(20 + random() * 300, () => this.#list());
  }

  override relist(): void {
    super.relist();
    const { process, random } = this.#parts;
    process.after(20 + random() * 300, () => this.#list());
  }

  override close(): Promise<void> {
    this.#parts.truth.sights.delete(this);
    return super.close();
  }

  /** A list now and then proves the watch. */
  #listAgain(): void {
    this.#parts.process.after(AGAIN_MS, () => {
      if (this.#isFresh) this.#list();
      this.#listAgain();
    });
  }

  #isDeaf(): boolean {
    return this.#parts.truth.deaf.has(this.#parts.process.name);
  }

  #list(): void {
    if (this.#isDeaf()) return;
    const now = this.#parts.process.clock.now();
    const before = this.#shown();
    // Two short ones in a row agree, and are believed.
    const part = this.#wasShort ? undefined : this.shortBy;
    this.#wasShort = part !== undefined;
    this.shortBy = undefined;
    this.#show(part);
    const isNews = !this.#isFresh || before !== this.#shown();
    this.#isFresh = true;
    this.setLooks({ changedAt: isNews ? now : this.looks().changedAt, since: now });
    this.setStatus({ ...this.#counted(), state: 'fresh' });
  }

  #counted() {
    return { relists: this.status().relists };
  }

  #shown(): string {
    const apps = [...this.apps()].toSorted().map((app) => `${app}=${this.footprint(app).pods}`);
    return `${apps.join()} ${this.status()
      .ingressNodes.map(({ address }) => address)
      .join()}`;
  }

  #show(part = 1): void {
    const { truth, known } = this.#parts;
    const nodes = truth.nodes.map((node) => ({
      name: `node-${node}`,
      address: truth.addressOf(node),
    }));
    this.setNodes(nodes.slice(0, Math.ceil(nodes.length * part)));
    for (const app of this.apps()) {
      if (!truth.pods.has(app)) this.set(app, undefined);
    }
    for (const [app, pods] of truth.pods) {
      const shown = Math.floor(pods * part);
      if (this.footprint(app).pods !== shown || !this.apps().has(app)) {
        this.set(app, { pods: shown });
      }
    }
    if (part < 1) return;
    for (const app of APPS)
      known(this.name, app, nodes.length > 0 && (truth.pods.get(app) ?? 0) > 0);
  }
}
