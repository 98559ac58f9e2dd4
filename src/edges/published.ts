// What is published now, in memory: bodies, stamps, and which app has which host.
//
// Comes in: the store's contents at a new term, then each own commit. Goes out: look-ups in O(1).
// On failure: a body that cannot be read keeps its app out of every round, and is named; `_holds`
// keeps every app out.

import type { AppName, Owner, Stamp, Upstream } from '../model.ts';
import { decodeUpstream, HOLDS, isFault, type Document } from './document.ts';
import { decodeHolds, NO_HOLDS, type HoldsBody } from './holds-body.ts';
import type { Contents } from './store.ts';

export interface PublishedApp {
  readonly stamp: Stamp;
  readonly digest: string;
  readonly owner: Owner;
  readonly body: string;
  readonly upstream: Upstream;
}

export interface Published {
  readonly mark: Stamp;
  /** Stamp of `_holds`; absent: nobody has held anything yet. */
  readonly holds: Stamp | undefined;
  /** What is held. Not to be acted on while `unreadable` has `_holds`. */
  readonly held: HoldsBody;
  /** A mark of this term at or above it has the present `_holds` (R8). */
  readonly holdsAt: number;
  /** Likewise for each hold, by its id: since which version of this term it stands. */
  readonly heldSince: ReadonlyMap<string, number>;
  app(app: AppName): PublishedApp | undefined;
  apps(): IterableIterator<AppName>;
  /** All documents with their bytes, tombstones and `_holds` among them. */
  documents(): ReadonlyMap<AppName, Document>;
  /** The app that has a host at the edges. */
  hostOwner(host: string): AppName | undefined;
  /** Apps of the commits above a version (R5); undefined: not known, compare the whole manifest. */
  changedSince(version: number): readonly AppName[] | undefined;
  /** Apps whose body cannot be read, and why. */
  readonly unreadable: ReadonlyMap<AppName, string>;
  /** Takes documents of a commit; those not above what is there change nothing. */
  apply(mark: Stamp, documents: readonly Document[], unreadable?: Contents['unreadable']): void;
}

/** Further behind than this, comparing is cheaper than following. */
const CHANGES_KEPT = 20_000;

export function publishedFrom(contents: Contents): Published {
  const documents = new Map<AppName, Document>();
  const apps = new Map<AppName, PublishedApp>();
  const hosts = new Map<string, AppName[]>();
  const unreadable = new Map<AppName, string>();
  let mark: Stamp = { term: contents.term, version: contents.version };
  let changes: { readonly version: number; readonly app: AppName }[] = [];
  // Whoever has everything up to this version can be told what changed since.
  let floor = contents.version;
  let held = NO_HOLDS;
  let holdsAt = contents.version;
  let heldSince: ReadonlyMap<string, number> = new Map();

  const forget = (app: AppName): void => {
    for (const host of apps.get(app)?.upstream.hosts ?? []) {
      const rest = (hosts.get(host) ?? []).filter((name) => name !== app);
      if (rest.length > 0) hosts.set(host, rest);
      else hosts.delete(host);
    }
    apps.delete(app);
    unreadable.delete(app);
  };
  const takeHolds = (body: string | undefined): void => {
    const read = body === undefined ? NO_HOLDS : decodeHolds(body);
    if ('place' in read) {
      unreadable.set(HOLDS, `${read.place}: ${read.text}`);
      return;
    }
    held = read;
    holdsAt = mark.version;
    heldSince = new Map(held.holds.map(({ id }) => [id, heldSince.get(id) ?? holdsAt]));
  };
  const take = (document: Document): void => {
    const { app, stamp, digest, owner, body } = document;
    documents.set(app, document);
    forget(app);
    if (app === HOLDS) takeHolds(body);
    // A name that begins with `_` is reserved: its body is no upstream.
    if (body === undefined || app.startsWith('_')) return;
    const upstream = decodeUpstream(body);
    if (isFault(upstream)) {
      unreadable.set(app, `${upstream.place}: ${upstream.text}`);
      return;
    }
    if (upstream.app !== app) {
      unreadable.set(app, `app: the body is that of ${upstream.app}`);
      return;
    }
    apps.set(app, { stamp, digest, owner, body, upstream });
    for (const host of upstream.hosts ?? []) hosts.set(host, [...(hosts.get(host) ?? []), app]);
  };
  for (const document of contents.documents.values()) take(document);

  /** Two claim one host only where commits crossed; the edges have this order too (hosts.lua). */
  const firstOf = (claims: readonly AppName[]): AppName | undefined => {
    const rank = (app: AppName) => `${apps.get(app)?.owner === 'endpoint' ? 1 : 0} ${app}`;
    return claims.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
  };
  /** Not even a document: what was known of it is older than what is there, and so not served. */
  const lose = (lost: Contents['unreadable']): void => {
    for (const [app, why] of lost) {
      documents.delete(app);
      forget(app);
      unreadable.set(app, why);
    }
  };
  lose(contents.unreadable);

  /** By the version of the commit: a late seeding brings stamps that lie far below (R4). */
  const log = (version: number, changed: readonly Document[]): void => {
    for (const { app } of changed) changes.push({ version, app });
    if (changes.length <= 2 * CHANGES_KEPT) return;
    floor = changes[changes.length - CHANGES_KEPT - 1]?.version ?? version;
    changes = changes.slice(-CHANGES_KEPT);
  };

  return {
    get mark() {
      return mark;
    },
    get holds() {
      return documents.get(HOLDS)?.stamp;
    },
    get held() {
      return held;
    },
    get holdsAt() {
      return holdsAt;
    },
    get heldSince() {
      return heldSince;
    },
    app: (app) => apps.get(app),
    apps: () => apps.keys(),
    documents: () => documents,
    hostOwner: (host) => firstOf(hosts.get(host) ?? []),
    unreadable,
    changedSince(version) {
      if (version < floor || version > mark.version) return undefined;
      const apps = new Set<AppName>();
      for (let at = changes.length - 1; at >= 0; at -= 1) {
        const change = changes[at];
        if (!change || change.version <= version) break;
        apps.add(change.app);
      }
      return [...apps].toReversed();
    },
    apply(next, changed, lost = new Map()) {
      mark = next;
      log(next.version, changed);
      for (const document of changed) take(document);
      lose(lost);
    },
  };
}
