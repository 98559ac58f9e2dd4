// The control loop: what is seen becomes what is published, round after round.
//
// Comes in: marks of apps to look at again. Goes out: commits and pushes, and the facts that the API
// shows. On failure: a cluster, Redis or an edge in trouble never ends the loop; a term that is over
// is followed by a try for the next one, and what was marked meanwhile is kept.

import { noteStates } from './cluster-states.ts';
import type { Controller, ControllerParts } from './controller-parts.ts';
import { counterOf, isPlausible } from './edges/counter.ts';
import { HOLDS } from './edges/document.ts';
import { keepHistory } from './edges/history-keeper.ts';
import { keepUpMs, openLeadership, type Leadership, type Over } from './edges/leadership.ts';
import { publishedFrom, type Published } from './edges/published.ts';
import type { Contents } from './edges/store.ts';
import { takeTerm, type Leading } from './edges/term.ts';
import { BallastError } from './errors.ts';
import { noteRemoved } from './inventory/removed.ts';
import { keepMarks } from './marks.ts';
import type { Dirty, Hold } from './model.ts';
import { createRecount } from './recount.ts';
import { createRounds, type Looked } from './rounds.ts';
import type { LookTimes } from './telemetry/reporter.ts';
import { createWaiters } from './waiters.ts';
import { appsOf, drainLevels, expired } from './weights/hold-changes.ts';
import { expiry } from './words/of-holds.ts';
import { createWords } from './words/words.ts';

/** Between rounds: bursts of events become one round. */
const GAP_MS = 20;
const RETRY_MS = 300;

export type { Controller, ControllerParts, Leader } from './controller-parts.ts';

export function createController(parts: ControllerParts): Controller {
  const { clock, reporter, clusters } = parts;
  const tickMs = keepUpMs(parts.term.leaseMs);
  const states = noteStates(parts);
  const waiters = createWaiters(clock);
  const removed = noteRemoved(clock);
  let published: Published | undefined;
  let served: Published | undefined;
  let leadership: Leadership | undefined;
  let phase = 'starting';
  let counter = 0;
  let outranked = 0;
  let wake = new AbortController();
  /** Where the leader takes writes, while another leads. */
  let leader: string | undefined;
  let levels: ReadonlyMap<Hold, number> = new Map();
  const rounds = createRounds(parts, () => published);
  const recount = createRecount({ clock, reporter, rounds });
  const marks = keepMarks(() => rounds.everyName(), clock.now);
  const words = createWords({
    ...parts,
    rounds,
    published: () => published,
    wake: () => wake.abort(),
    done(apps) {
      mark(apps);
      waiters.release();
    },
  });

  const mark = (more: Dirty): void => {
    marks.mark(more);
    wake.abort();
  };
  const rest = async (ms: number, signal: AbortSignal): Promise<void> => {
    wake = new AbortController();
    await clock.sleep(ms, AbortSignal.any([wake.signal, signal]));
  };

  /** One that turned stale or fresh may move every app; a second list, those that wait for it. */
  const noticeStates = (): void => {
    if (states.changed()) mark('all');
    const again = rounds.secondLooks();
    if (again.size > 0) mark(again);
  };

  /** Computes the marked apps; what it found is kept for the API and the next round. */
  const look = (): Looked & { readonly times: LookTimes } => {
    noticeStates();
    const began = clock.now();
    const marked = marks.take();
    recount.looked(marked.keys());
    const looked = rounds.look(new Set(marked.keys()));
    const times = { marked, began, looked: clock.now() };
    reporter.round(looked.result, times);
    reporter.unreadable(published?.unreadable ?? new Map());
    return { ...looked, times };
  };

  /** One round. Only here, and by words, changes are committed. */
  const round = async (lead: Leadership): Promise<Over | undefined> => {
    const { result, causes, times } = look();
    const changes = result.pass;
    if (changes.length === 0) return undefined;
    const history = rounds.lines.write(result, causes, 'controller');
    const puts = changes.map(({ app, body }) => ({ app, body, owner: 'controller' }) as const);
    const reply = await lead.commit(puts, history);
    if (reply === 'again') {
      mark(new Set(changes.map((change) => change.app)));
      return undefined;
    }
    if ('over' in reply) return reply;
    rounds.committed(result);
    const stamp = { term: lead.published.mark.term, version: reply.version };
    reporter.committed({ stamp, changes, causes, actor: 'controller', times });
    waiters.release();
    return undefined;
  };

  /** What there is to do: words first, for somebody waits for them. */
  const act = async (lead: Leadership): Promise<Over | 'idle' | undefined> => {
    const unread = holdsUnreadable();
    phase =
      unread === undefined ? 'leading' : `nothing is written: holds are unreadable (${unread})`;
    if (words.isWaiting()) return words.take(lead);
    return !marks.isEmpty() && unread === undefined ? round(lead) : 'idle';
  };

  const lead = async (lead: Leadership, signal: AbortSignal): Promise<Over | undefined> => {
    let ticked = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      if (outranked > counter)
        return { over: 'an edge has seen a higher term', counter: outranked };
      if (clock.now() - ticked >= tickMs) {
        ticked = clock.now();
        const over = await lead.keepUp();
        if (over) return over;
        noticeStates();
        passTime();
      }
      if (recount.isDue()) recountPart();
      const over = await act(lead);
      if (over === 'idle') await rest(Math.max(1, tickMs - (clock.now() - ticked)), signal);
      else if (over) return over;
      else await clock.sleep(GAP_MS, signal);
    }
    return undefined;
  };

  /** While nobody can read what is held, nothing is written: it would go over a person's word. */
  const holdsUnreadable = (): string | undefined => published?.unreadable.get(HOLDS);

  /** What moves by time alone: holds that are over, drains and ramps with a step to take. */
  const passTime = (): void => {
    const { holds = [] } = published?.held ?? {};
    const now = parts.wall().getTime();
    if (holdsUnreadable() !== undefined) return;
    const over = expired(holds, now);
    if (over.length > 0) void words.say(expiry(over)).catch(() => undefined);
    const before = levels;
    levels = drainLevels(holds, now);
    const fallen = [...levels].filter(([hold, left]) => before.get(hold) !== left);
    if (fallen.length > 0) mark(appsOf(fallen.map(([hold]) => hold)));
    mark(rounds.due());
  };

  const recountPart = (): void => {
    // What time alone has moved is no difference, nor a cluster that turned a moment ago.
    noticeStates();
    passTime();
    if (!marks.isOfAll()) mark(recount.step(marks));
  };

  /** Each cluster has to prove anew what it has less of: a short list may have come before this was known. */
  const replace = (contents: Contents): Published => {
    if (published?.mark.term !== contents.term) rounds.forgetAll();
    published = publishedFrom(contents);
    waiters.release();
    mark('all');
    return published;
  };

  const serveDocuments = (documents: Published | undefined): void => {
    if (served === documents) return;
    served = documents;
    waiters.release();
  };

  const standBy = async (): Promise<void> => {
    const { store } = parts.term;
    const contents = await store.read();
    const { term, version } = published?.mark ?? {};
    if (term !== contents.term || version !== contents.version) replace(contents);
    parts.book.read(await store.heartbeats(), clock.now());
  };

  /** One try for the lease, and what follows from it. */
  const serve = async (signal: AbortSignal): Promise<void> => {
    const onPhase = (words: string): void => {
      phase = words;
    };
    const onContents = (contents: Contents): void => serveDocuments(publishedFrom(contents));
    const office = await takeTerm({ ...parts.term, onPhase, onContents }, counter, signal);
    leader = 'heldBy' in office ? office.address : undefined;
    if ('heldBy' in office) {
      phase = `standby of ${office.heldBy}`;
      return standBy();
    }
    if ('counter' in office) counter = Math.max(counter, office.counter);
    else if ('failed' in office) phase = office.failed;
    else await hold(office, signal);
  };

  const hold = async (office: Leading, signal: AbortSignal): Promise<void> => {
    const { lease, contents, seeded } = office;
    const published = replace(contents);
    // Read after the seeding: should another lead by now, it is not ours to show.
    serveDocuments(contents.term === lease.term ? published : undefined);
    outranked = 0;
    counter = Math.max(counter, counterOf(lease.term));
    const { store } = parts.term;
    const keeper = keepHistory({ ...parts, history: store.history, term: lease.term });
    leadership = openLeadership(
      {
        store,
        lease,
        keeper,
        address: parts.term.address,
        leaseMs: parts.term.leaseMs,
        push: parts.push,
        onBeats: (beats) => parts.book.read(beats, clock.now()),
        onForeign: (apps) => {
          mark(apps.includes(HOLDS) ? 'all' : new Set(apps));
          waiters.release();
        },
      },
      published,
    );
    reporter.term(lease.term, seeded.length);
    const endDuty = parts.duty?.(lease);
    const over = await lead(leadership, signal).finally(() => {
      leadership = undefined;
      // What is under way there is fenced; nobody waits for it.
      void endDuty?.();
      words.drop();
      void keeper.close();
    });
    if (over) {
      counter = Math.max(counter, over.counter);
      phase = over.over;
      reporter.termOver(over.over);
    }
    if (signal.aborted) await keeper.close().then(() => store.release(lease));
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
      ...(leader !== undefined && { address: leader }),
    }),
    published: () => published,
    served: () => served,
    facts: (app) => rounds.facts(app),
    apps: () => [...new Set([...rounds.names(), ...(published?.apps() ?? [])])].toSorted(),
    clusters: () => {
      const present = clusters.readers().map((one) => one.status());
      return [...present, ...removed.statuses(published, present)];
    },
    standing: (app) => rounds.standing(app),
    isNamed: (name) => clusters.readers().some((one) => one.name === name),
    mark,
    termOver(highest) {
      if (!isPlausible(highest, counter)) return;
      outranked = Math.max(outranked, highest);
      wake.abort();
    },
    nextCommit: (ms, signal) => waiters.wait(ms, signal),
    async say(word) {
      if (!leadership) throw new BallastError('not-leader', phase);
      return words.say(word);
    },
    preview: (word) => words.preview(word),
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
