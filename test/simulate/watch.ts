// What must hold after every step, whatever happens.
//
// Comes in: every write that Redis accepted, every change at an edge, what people were told. Goes out:
// sentences of what is wrong; none, where all is well. It knows nothing of how Ballast keeps its word.

import {
  compareStamps,
  decodeUpstream,
  HOLDS,
  isFault,
  type Document,
} from '../../src/edges/document.ts';
import { decodeHolds } from '../../src/edges/holds-body.ts';
import type { Dump } from '../../src/edges/memory.ts';
import type { AppName, Hold, Server, Stamp, Upstream } from '../../src/model.ts';
import type { SimulatedEdge } from './edge.ts';
import { stampOf, type Generation } from './edge-memory.ts';

/** A controller may still write what it computed so long ago: a call that comes late. */
const LATE_MS = 9000;

interface Shadow {
  memory: unknown;
  change: number;
  readonly documents: Map<AppName, Document>;
}

export class Watch {
  readonly wrong: string[] = [];
  /** A commit changed what is held. */
  onHolds: (before: readonly Hold[], after: readonly Hold[], by: string) => void = () => undefined;
  readonly #now: () => number;
  readonly #accepted = new Map<string, string>();
  readonly #shadows = new Map<string, Shadow>();
  /** By controller, cluster and app: since when it knows that the app has servers there. */
  readonly #serves = new Map<string, number | undefined>();
  /** Drains and others that every edge has, as their authors were told. */
  readonly #standing = new Map<string, Hold>();
  /** Somebody has said so; perhaps it is done. */
  readonly #lifting = new Set<string>();
  readonly #lifted = new Set<string>();
  readonly #deleted = new Map<AppName, Stamp>();
  readonly #adopted = new Set<AppName>();
  /** By id of a freeze: what it has to keep, of each app and place. */
  readonly #kept = new Map<string, string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  tell(text: string): void {
    this.wrong.push(text);
  }

  /** A controller has come to know the truth of an app in a cluster. */
  known(controller: string, place: string, serves: boolean): void {
    const key = `${controller} ${place}`;
    const since = this.#serves.get(key);
    if (!serves) this.#serves.set(key, Number.POSITIVE_INFINITY);
    else if (since === undefined || since === Number.POSITIVE_INFINITY) {
      this.#serves.set(key, this.#now());
    }
  }

  /** It has begun anew and knows nothing. */
  forgot(controller: string): void {
    for (const key of this.#serves.keys()) {
      if (key.startsWith(`${controller} `)) this.#serves.delete(key);
    }
  }

  wrote(before: Dump, after: Dump, by: string): void {
    const term = after.record?.term ?? 0;
    for (const document of after.documents.values()) {
      const old = before.documents.get(document.app);
      if (old === document) continue;
      const key = keyOf(document);
      const known = this.#accepted.get(key);
      const isNew = document.stamp.version === after.version && document.stamp.term === term;
      if (known === undefined && !isNew) this.tell(`${by} seeded ${key}, which nobody wrote`);
      if (known !== undefined && known !== document.digest) this.tell(`two bodies have ${key}`);
      this.#accepted.set(key, document.digest);
      if (!isNew) continue;
      this.#checkOwner(old, document, by);
      if (document.app === HOLDS) {
        this.#checkHolds(document, before, by);
        this.onHolds(holdsOf(old), holdsOf(document), by);
      }
      if (document.app !== HOLDS && document.owner === 'controller')
        this.#checkChange(old, document, after, by);
    }
  }

  /** Every edge has it, applied and saved: so its author was told. */
  acknowledged(hold: Hold): void {
    if (hold.until !== undefined || this.#lifting.has(hold.id)) return;
    this.#standing.set(hold.id, hold);
  }

  lifting(id: string): void {
    this.#lifting.add(id);
    this.#standing.delete(id);
  }

  lifted(id: string): void {
    this.#lifted.add(id);
  }

  deleted(app: AppName, stamp: Stamp): void {
    this.#deleted.set(app, stamp);
  }

  adopting(app: AppName): void {
    this.#adopted.add(app);
  }

  standing(): readonly Hold[] {
    return [...this.#standing.values()];
  }

  started(edge: SimulatedEdge, content: Generation | undefined): void {
    this.#shadows.delete(edge.name);
    for (const [app, document] of content?.documents ?? []) {
      const held = edge.memory.documents.get(app);
      if (!held || compareStamps(held.stamp, document.stamp) < 0) {
        this.tell(`${edge.name} starts below its snapshot with ${app}`);
      }
    }
    this.look(edge);
  }

  /** After every step. */
  look(edge: SimulatedEdge): void {
    const { memory, name } = edge;
    const shadow = this.#shadowOf(edge);
    if (shadow.change === memory.change && shadow.memory === memory) return;
    shadow.change = memory.change;
    shadow.memory = memory;
    for (const app of shadow.documents.keys()) {
      if (!memory.documents.has(app)) this.tell(`${name} has lost ${app}`);
    }
    for (const [app, document] of memory.documents) {
      const before = shadow.documents.get(app);
      if (before === document) continue;
      shadow.documents.set(app, document);
      this.#checkDocument(edge, before, document);
    }
  }

  /** No edge may do without a hold that its author was told of. */
  lookForHolds(edges: readonly SimulatedEdge[]): void {
    if (this.#standing.size === 0) return;
    for (const { name, memory } of edges) {
      const ids = new Set(holdsOf(memory.documents.get(HOLDS)).map(({ id }) => id));
      for (const id of this.#standing.keys()) {
        if (!ids.has(id)) this.tell(`${name} is without the hold ${id}, which it had saved`);
      }
    }
  }

  #shadowOf({ name }: SimulatedEdge): Shadow {
    const known = this.#shadows.get(name);
    if (known) return known;
    const shadow: Shadow = { memory: undefined, change: -1, documents: new Map() };
    this.#shadows.set(name, shadow);
    return shadow;
  }

  #checkDocument(edge: SimulatedEdge, before: Document | undefined, document: Document): void {
    const { name, memory } = edge;
    const { app, stamp, digest, body } = document;
    if (before && compareStamps(stamp, before.stamp) < 0) {
      this.tell(`${name} goes back with ${app} from ${stampOf(before.stamp)} to ${stampOf(stamp)}`);
    }
    const known = this.#accepted.get(keyOf(document));
    if (known !== digest) this.tell(`${name} applied ${keyOf(document)}, which nobody accepted`);
    const gone = this.#deleted.get(app);
    if (gone && body !== undefined && compareStamps(stamp, gone) < 0) {
      this.tell(`${name} has ${app} again, which was deleted by ${stampOf(gone)}`);
    }
    const servers = upstreamOf(document)?.servers ?? [];
    const open = servers.filter(({ weight }) => weight > 0).map(({ address }) => address);
    if ((memory.picks.get(app) ?? []).join() !== open.join()) {
      this.tell(`${name} picks ${memory.picks.get(app)?.join()} of ${app}, not ${open.join()}`);
    }
    if (document.owner === 'controller') this.#checkObeyed(name, app, servers);
  }

  /** A drain that every edge has is obeyed by whatever comes after it. */
  #checkObeyed(name: string, app: AppName, servers: readonly Server[]): void {
    const drains = [...this.#standing.values()].filter(({ kind }) => kind === 'drain');
    const open = servers.filter(({ weight }) => weight > 0);
    const of = (server: Server): Hold | undefined => drains.find((one) => isOf(one, app, server));
    // All of them: the guard keeps the last ones (`would-empty`).
    if (open.every(of)) return;
    for (const server of open) {
      const hold = of(server);
      if (hold) this.tell(`${name} sends to ${server.address} of ${app}, against ${hold.id}`);
    }
  }

  #checkHolds(document: Document, before: Dump, by: string): void {
    for (const hold of holdsOf(document)) {
      if (this.#lifted.has(hold.id)) this.tell(`${by} wrote ${hold.id} again, which was lifted`);
      if (hold.kind !== 'freeze') continue;
      const known = this.#kept.get(hold.id);
      const kept = JSON.stringify(hold.kept);
      const found = JSON.stringify(sumsOf(hold, before));
      // A job says its own anew at each of its steps.
      const due = hold.job !== undefined && kept === found ? found : (known ?? found);
      if (kept !== due) this.tell(`${by}: ${hold.id} keeps ${kept}, due is ${due}`);
      this.#kept.set(hold.id, due);
    }
  }

  /** What one owner has the other leaves alone, until a person says otherwise. */
  #checkOwner(old: Document | undefined, document: Document, by: string): void {
    if (old?.body === undefined || old.owner === document.owner) return;
    if (document.body === undefined && document.owner === 'controller') return;
    if (this.#adopted.has(document.app)) return;
    this.tell(`${by} wrote ${document.app}, which is the ${old.owner}'s`);
  }

  #checkChange(old: Document | undefined, document: Document, after: Dump, by: string): void {
    const { app } = document;
    const [had, has] = [upstreamOf(old), upstreamOf(document)];
    if (!has) return;
    const holds = holdsOf(after.documents.get(HOLDS));
    const isServed = has.servers.some(({ weight }) => weight > 0);
    const served = had?.servers.filter(({ weight }) => weight > 0) ?? [];
    const isAllowed = (server: Server): boolean =>
      holds.some((hold) => hold.allowEmpty && !hold.job && isOf(hold, app, server));
    if (served.length > 0 && !isServed && !served.some(isAllowed)) {
      this.tell(`${by} emptied ${app}`);
    }
    for (const from of new Set(had?.servers.map((server) => server.from))) {
      if (from === 'vm' || has.servers.some((server) => server.from === from)) continue;
      const since = this.#serves.get(`${by} ${from} ${app}`) ?? 0;
      if (this.#now() - since > LATE_MS) this.tell(`${by} took ${from} out of ${app}, not knowing`);
    }
  }
}

function keyOf({ app, stamp }: Document): string {
  return `${app} ${stampOf(stamp)}`;
}

function upstreamOf(document: Document | undefined): Upstream | undefined {
  if (document?.body === undefined || document.app.startsWith('_')) return undefined;
  const upstream = decodeUpstream(document.body);
  return isFault(upstream) ? undefined : upstream;
}

export function holdsOf(document: Document | undefined): readonly Hold[] {
  if (document?.body === undefined) return [];
  const read = decodeHolds(document.body);
  return 'holds' in read ? read.holds : [];
}

/** The sums of weights that a freeze finds. */
function sumsOf(hold: Hold, { documents }: Dump): Record<string, Record<string, number>> {
  const sums: Record<string, Record<string, number>> = {};
  for (const [app, document] of documents) {
    if (document.owner !== 'controller') continue;
    const servers = upstreamOf(document)?.servers.filter((one) => isOf(hold, app, one)) ?? [];
    for (const { from } of servers) {
      const group = servers.filter((one) => one.from === from);
      // Beneath a drain of all of it lies what it was.
      const isDrained = group.every(({ weight }) => weight === 0);
      const due = group.map(({ weight, auto = 0 }) => (isDrained ? auto : weight));
      (sums[app] ??= {})[hold.server ?? from] = due.reduce((all, weight) => all + weight, 0);
    }
  }
  return sortedKeys(sums);
}

function sortedKeys<Value>(one: Record<string, Value>): Record<string, Value> {
  const keys = Object.keys(one).toSorted();
  return Object.fromEntries(
    keys.map((key) => {
      const value = one[key] as Value;
      return [key, typeof value === 'object' ? sortedKeys(value as never) : value];
    }),
  ) as Record<string, Value>;
}

export function isOf(
  { app, cluster, server }: Hold,
  name: AppName,
  { address, from }: Server,
): boolean {
  return (app ?? name) === name && (cluster ?? from) === from && (server ?? address) === address;
}
