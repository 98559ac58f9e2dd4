// The control loop: what is seen becomes what is published, round after round.
//
// Comes in: marks of apps to look at again. Goes out: commits and pushes, and the facts that the API
// shows. On failure: a cluster, Redis or an edge in trouble never ends the loop; a term that is over
// is followed by a try for the next one, and what was marked meanwhile is kept.

import type { Controller, ControllerParts } from './controller-parts.ts';
import { counterOf, isPlausible } from './edges/counter.ts';
import { openLeadership, type Leadership, type Over } from './edges/leadership.ts';
import { publishedFrom, type Published } from './edges/published.ts';
import type { Contents } from './edges/store.ts';
import { takeTerm, type Leading } from './edges/term.ts';
import { BallastError } from './errors.ts';
import { noteDoubts } from './inventory/doubts.ts';
import { everyApp, type World } from './inventory/inventory.ts';
import { noteRemoved } from './inventory/removed.ts';
import type { AppName, Dirty } from './model.ts';
import type { Change } from './plan/diff.ts';
import { historyEntry, type Causes } from './plan/history-entry.ts';
import { computeRound, type AppFacts, type RoundInput, type RoundResult } from './round.ts';
import { createWaiters } from './waiters.ts';
import { causesOf } from './weights/cause.ts';

/** Between rounds: bursts of events become one round. */
const GAP_MS = 20;
const TICK_MS = 1000;
/** A full recomputation proves that the increments were right. */
const RECOUNT_MS = 30_000;
const RETRY_MS = 300;

export type { Controller, ControllerParts, Leader } from './controller-parts.ts';

export function createController(parts: ControllerParts): Controller {
  const { clock, reporter, clusters } = parts;
  const facts = new Map<AppName, AppFacts>();
  const states = new Map<string, string>();
  const contested = new Set<AppName>();
  const waiters = createWaiters(clock);
  const removed = noteRemoved(clock);
  const doubts = noteDoubts(parts, () => parts.rules().secondLookMs);
  let published: Published | undefined;
  let served: Published | undefined;
  let leadership: Leadership | undefined;
  let phase = 'starting';
  let counter = 0;
  let outranked = 0;
  let dirty: Set<AppName> | 'all' = 'all';
  let wake = new AbortController();

  const mark = (more: Dirty): void => {
    if (more === 'all') dirty = 'all';
    else if (dirty !== 'all') for (const app of more) dirty.add(app);
    wake.abort();
  };
  const rest = async (ms: number, signal: AbortSignal): Promise<void> => {
    wake = new AbortController();
    await clock.sleep(ms, AbortSignal.any([wake.signal, signal]));
  };

  const world = (): World => ({
    clusters: clusters.readers().map((cluster) => ({
      status: cluster.status(),
      apps: cluster.apps(),
      looks: cluster.looks(),
      footprint: (app) => cluster.footprint(app),
      isPod: (app, ip) => cluster.isPod(app, ip),
    })),
    vms: parts.vms.vms(),
    vmsUnread: (app) => parts.vms.unread(app),
    vmRegistered: (app, address) => parts.vms.registered(app, address),
    vmsReason: (app) => parts.vms.reason(app),
    ...parts.rules(),
    last: (app) => facts.get(app)?.inventory,
    published: (app) => published?.app(app)?.upstream,
  });

  const inputOf = (now: World, apps: Iterable<AppName>): RoundInput => ({
    world: now,
    apps,
    published: (app) => published?.app(app),
    unreadable: (app) => published?.unreadable.get(app),
    hostOwner: (host) => published?.hostOwner(host),
  });

  const everyName = (now: World): Set<AppName> =>
    everyApp(now, [...(published?.apps() ?? []), ...(published?.unreadable.keys() ?? [])]);

  /** A cluster that turned stale or fresh may move every app; a second list, those that wait for it. */
  const noticeStates = (): void => {
    for (const { name, state, reason } of clusters.readers().map((one) => one.status())) {
      if (states.get(name) === state) continue;
      states.set(name, state);
      reporter.cluster(name, state, reason);
      mark('all');
    }
    const again = doubts.follow(clusters.readers());
    if (again.size > 0) mark(again);
  };

  /** Computes the marked apps; what it found is kept for the API and the next round. */
  const look = (): { result: RoundResult; changes: readonly Change[]; causes: Causes } => {
    noticeStates();
    const began = clock.now();
    const taken = dirty;
    dirty = new Set();
    const now = world();
    // Who waits for a host is looked at in the round that frees it.
    const apps = taken === 'all' ? everyName(now) : taken.union(contested);
    const result = computeRound(inputOf(now, apps));
    const causes = new Map<AppName, readonly string[]>();
    for (const [app, fact] of result.facts) {
      causes.set(app, causesOf(facts.get(app)?.inventory, fact.inventory));
      facts.set(app, fact);
      doubts.note(fact.inventory);
      if (fact.reason?.code === 'host-conflict') contested.add(app);
      else contested.delete(app);
    }
    reporter.round(result, (clock.now() - began) / 1000);
    reporter.unreadable(published?.unreadable ?? new Map());
    return { result, changes: result.pass, causes };
  };

  /** One round: the only place where changes are committed. */
  const round = async (lead: Leadership): Promise<Over | undefined> => {
    const { changes, causes } = look();
    if (changes.length === 0) return undefined;
    const at = parts.wall().toISOString();
    const history = changes.map((change) => historyEntry(change, causes, at));
    const puts = changes.map(({ app, body }) => ({ app, body, owner: 'controller' }) as const);
    const reply = await lead.commit(puts, history);
    if (reply === 'again') {
      mark(new Set(changes.map((change) => change.app)));
      return undefined;
    }
    if ('over' in reply) return reply;
    reporter.committed(reply, changes, causes);
    waiters.release();
    return undefined;
  };

  const lead = async (lead: Leadership, signal: AbortSignal): Promise<Over | undefined> => {
    let ticked = Number.NEGATIVE_INFINITY;
    let recounted = clock.now();
    while (!signal.aborted) {
      if (outranked > counter)
        return { over: 'an edge has seen a higher term', counter: outranked };
      if (clock.now() - ticked >= TICK_MS) {
        ticked = clock.now();
        const over = await lead.keepUp();
        if (over) return over;
        noticeStates();
      }
      if (clock.now() - recounted >= RECOUNT_MS) {
        recounted = clock.now();
        recount();
      }
      if (dirty === 'all' || dirty.size > 0) {
        const over = await round(lead);
        if (over) return over;
        await clock.sleep(GAP_MS, signal);
      } else {
        await rest(Math.max(1, TICK_MS - (clock.now() - ticked)), signal);
      }
    }
    return undefined;
  };

  /** Tells of an app that would change although nothing marked it, and marks everything. */
  const recount = (): void => {
    const marked = dirty;
    if (marked !== 'all') {
      const now = world();
      const { pass } = computeRound(inputOf(now, everyName(now)));
      for (const { app } of pass) if (!marked.has(app)) reporter.recountDiffers(app);
    }
    mark('all');
  };

  const serveDocuments = (documents: Published | undefined): void => {
    if (served === documents) return;
    served = documents;
    waiters.release();
  };

  /** One try for the lease, and what follows from it. */
  const serve = async (signal: AbortSignal): Promise<void> => {
    const onPhase = (words: string): void => {
      phase = words;
    };
    const onContents = (contents: Contents): void => serveDocuments(publishedFrom(contents));
    const office = await takeTerm({ ...parts.term, onPhase, onContents }, counter, signal);
    if ('heldBy' in office) {
      phase = `standby of ${office.heldBy}`;
      const contents = await parts.term.store.read();
      if (published?.mark.version !== contents.version) {
        published = publishedFrom(contents);
        waiters.release();
        mark('all');
      }
      return;
    }
    if ('counter' in office) {
      counter = Math.max(counter, office.counter);
      return;
    }
    if ('failed' in office) {
      phase = office.failed;
      return;
    }
    await hold(office, signal);
  };

  const hold = async (office: Leading, signal: AbortSignal): Promise<void> => {
    const { lease, contents, seeded } = office;
    published = publishedFrom(contents);
    waiters.release();
    // Read after the seeding: should another lead by now, it is not ours to show.
    serveDocuments(contents.term === lease.term ? published : undefined);
    outranked = 0;
    counter = Math.max(counter, counterOf(lease.term));
    leadership = openLeadership(
      {
        store: parts.term.store,
        lease,
        address: parts.term.address,
        leaseMs: parts.term.leaseMs,
        push: parts.push,
        onHeartbeat: (state) => parts.book.hear(state, clock.now()),
        onForeign: (apps) => {
          mark(new Set(apps));
          waiters.release();
        },
      },
      published,
    );
    reporter.term(lease.term, seeded.length);
    mark('all');
    const over = await lead(leadership, signal);
    leadership = undefined;
    if (over) {
      counter = Math.max(counter, over.counter);
      phase = over.over;
      reporter.termOver(over.over);
    }
    if (signal.aborted) await parts.term.store.release(lease);
  };

  const trouble = (error: unknown): void => {
    leadership = undefined;
    if (error instanceof BallastError && error.code === 'redis-unavailable') {
      phase = `Redis does not answer: ${error.message}`;
      reporter.termOver(phase);
      return;
    }
    phase = `an error that nobody expected: ${String(error)}`;
    reporter.unexpected(error);
  };

  return {
    leader: () => ({
      leading: leadership !== undefined,
      phase,
      ...(leadership && published && { term: published.mark.term }),
    }),
    published: () => published,
    served: () => served,
    facts: (app) => facts.get(app),
    apps: () => [...new Set([...facts.keys(), ...(published?.apps() ?? [])])].toSorted(),
    clusters: () => {
      const present = clusters.readers().map((one) => one.status());
      return [...present, ...removed.statuses(published, present)];
    },
    mark,
    termOver(highest) {
      if (!isPlausible(highest, counter)) return;
      outranked = Math.max(outranked, highest);
      wake.abort();
    },
    nextCommit: (ms, signal) => waiters.wait(ms, signal),
    async run(signal) {
      clusters.onDirty(mark);
      while (!signal.aborted) {
        await serve(signal).catch(trouble);
        serveDocuments(undefined);
        if (signal.aborted) return;
        look();
        await clock.sleep(RETRY_MS, signal);
      }
    },
  };
}
