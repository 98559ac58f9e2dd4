// What was published a minute ago, for the guard's limits (plan/share-limit.ts).
//
// Comes in: commits, the passing of time. Goes out: what each app had a minute ago, and which apps may
// go on. On failure: a new leader knows of no minute before its own: what is published counts as old.

import type { Clock } from './clock.ts';
import type { AppName, Server, Upstream } from './model.ts';
import type { Change } from './plan/diff.ts';

const MINUTE_MS = 60_000;
const SPACING_MS = 1000;

export interface LastMinute {
  /** What an app had a minute ago, of what is published now. */
  before(app: AppName, published: Upstream): readonly Server[];
  /** `cameWhole`: as if that cluster had been so all along. */
  committed(change: Change, cameWhole: (from: Server['from']) => boolean): void;
  /** A round was computed: whether something of the app is held back. */
  looked(app: AppName, isHeldBack: boolean): void;
  /** Lets time pass; answers the apps that are held back less from now on. */
  due(): Set<AppName>;
  forget(app: AppName): void;
}

interface Replaced {
  readonly at: number;
  readonly servers: readonly Server[];
}

export function keepLastMinute(clock: Clock): LastMinute {
  /** Of the last minute, the oldest first. Only `due` drops some: between two calls nothing moves. */
  const replaced = new Map<AppName, Replaced[]>();
  const heldBack = new Set<AppName>();
  /** As they came, so that only what is over is looked at: after a start every app has one. */
  let queue: { readonly at: number; readonly app: AppName }[] = [];

  return {
    before: (app, published) => replaced.get(app)?.[0]?.servers ?? published.servers,
    committed({ app, before, after }, cameWhole) {
      const own = [...(replaced.get(app) ?? [])];
      const at = clock.now();
      // However fast commits follow each other, a minute has so many. Of an app that is new nobody
      // served anything: it is not held back in its first minute.
      if (at - (own.at(-1)?.at ?? Number.NEGATIVE_INFINITY) >= SPACING_MS) {
        own.push({ at, servers: before?.servers ?? [] });
        queue.push({ at, app });
      }
      const whole = after.servers.filter(({ from }) => cameWhole(from));
      replaced.set(app, whole.length === 0 ? own : own.map((one) => withWhole(one, whole)));
    },
    looked(app, isHeldBack) {
      if (isHeldBack) heldBack.add(app);
      else heldBack.delete(app);
    },
    due() {
      const apps = new Set<AppName>();
      const old = clock.now() - MINUTE_MS;
      const over = queue.findIndex(({ at }) => at > old);
      const gone = over < 0 ? queue : queue.slice(0, over);
      if (gone.length === 0) return apps;
      queue = queue.slice(gone.length);
      for (const { app } of gone) {
        const kept = (replaced.get(app) ?? []).filter(({ at }) => at > old);
        if (kept.length > 0) replaced.set(app, kept);
        else replaced.delete(app);
        if (heldBack.has(app)) apps.add(app);
      }
      return apps;
    },
    forget(app) {
      replaced.delete(app);
      heldBack.delete(app);
    },
  };
}

function withWhole({ at, servers }: Replaced, whole: readonly Server[]): Replaced {
  if (servers.length === 0) return { at, servers };
  const rest = servers.filter(({ from }) => !whole.some((server) => server.from === from));
  return { at, servers: [...rest, ...whole] };
}
