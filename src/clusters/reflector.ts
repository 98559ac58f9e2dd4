// One resource of one cluster, followed for ever: paged lists, then watches, then a list again where
// that is needed.
//
// In: answers of the API. Out: changes of slim records, and a health. On failure: what is known stays,
// the health says since when and why, and it is tried again, at the cluster's pace. Nothing but
// close() ends it.
//
//   what happens                                         what follows
//   watch ended as it should                             watch from there, at once
//   watch broke (reset, half-open, cut line)             list, one request first
//   410, broken line, disorder, ERROR but 429 and 5xx    list
//   no bookmark in `silentMs` (etcd was restored)        list
//   no watch for a while (no answer, pauses)             list
//   no answer, 429, 5xx, a web page                      back-off of the cluster, Retry-After obeyed
//   401                                                  credentials anew, once at once
//   403, 404 and others                                  back-off of this resource alone

import type { Clock } from '../clock.ts';
import { CallFailure, type Failure, failureOf, failureOfStatus } from './call-failure.ts';
import type { Change } from './record-index.ts';
import { abortAt } from './deadline.ts';
import type { Health } from './health.ts';
import type { ReflectorLimits } from './limits.ts';
import type { Link } from './link.ts';
import { backOff, type Pace } from './pace.ts';
import { createPages, isAlive, type Pages } from './pages.ts';
import { applyEvent, type RecordStore, swapRecords, takeBookmark } from './record-store.ts';
import type { Meta, Raw } from './records.ts';
import { compareVersions } from './versions.ts';
import { BrokenLine, type RawStatus, readEvents, type WatchEvent } from './watch-events.ts';

export interface Resource<R extends Meta> {
  /** As in `endpointslices of prod`. */
  readonly title: string;
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /**
   * What, with whichever resource, makes it be listed. `interruption`: breaks and calls without answer:
   * the API server may be back with an older etcd whose versions have passed ours, and a watch from there
   * would be of another past. `trouble`: also failures that were answered, so that all is of one moment.
   */
  readonly listAfter: 'interruption' | 'trouble';
  read(raw: Raw): R;
  /** Must not throw. */
  changed(changes: readonly Change<R>[]): void;
}

export interface ReflectorParts {
  readonly link: Link;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly random: () => number;
  readonly limits: ReflectorLimits;
  /** After each change of the health. Must not throw. */
  healthChanged(): void;
  /** The cluster's versions went back: everything is to be listed again. */
  setBack(): void;
}

type Outcome =
  | { readonly kind: 'listed' | 'ended' | 'broken' | 'relist' }
  | { readonly kind: 'failed'; readonly failure: Failure };

const CALM_MS = 10_000;
const LONGEST_REST_MS = 30_000;
const LONGEST_ABSENT_MS = 60_000;

export class Reflector<R extends Meta> {
  readonly #resource: Resource<R>;
  readonly #parts: ReflectorParts;
  readonly #pages: Pages;
  readonly #closed = new AbortController();
  readonly #store: RecordStore<R> = { records: new Map(), version: '' };
  #health: Health;
  /** The list or watch under way, or the wait for it. */
  #turn = new AbortController();
  #mustList = true;
  #failures = 0;
  /** Lists and breaks in a row without a quiet watch between them. */
  #unrest = 0;
  /** As #troubles() was when this was last open. */
  #failedBefore = 0;
  #ended: Promise<void> = Promise.resolve();

  constructor(resource: Resource<R>, parts: ReflectorParts) {
    this.#resource = resource;
    this.#parts = parts;
    this.#pages = createPages(resource, parts);
    this.#health = { listed: false, open: false, lastWord: parts.clock.now(), lists: 0 };
  }

  start(): void {
    this.#ended = this.#run();
  }

  health(): Health {
    return this.#health;
  }

  count(): number {
    return this.#store.records.size;
  }

  relist(): void {
    this.#mustList = true;
    this.#turn.abort();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    let outcome: Outcome = { kind: 'listed' };
    while (!this.#closed.signal.aborted) {
      const turn = new AbortController();
      this.#turn = turn;
      const signal = AbortSignal.any([this.#closed.signal, turn.signal]);
      await this.#rest(outcome, signal);
      if (!signal.aborted) outcome = await this.#step(signal);
      if (signal.aborted) outcome = { kind: 'ended' };
      else if (outcome.kind === 'failed') this.#fail(outcome.failure);
      else if (outcome.kind === 'relist' || outcome.kind === 'broken') this.#shut(outcome.kind);
    }
  }

  /** A break that is mended at once is no trouble; one after the other is. */
  #shut(kind: 'relist' | 'broken'): void {
    if (kind === 'relist') this.#mustList = true;
    const { trouble } = this.#health;
    const since = this.#parts.clock.now();
    const restless = this.#unrest > 1 ? { since, text: 'watches that keep breaking' } : undefined;
    const worse = trouble ?? restless;
    this.#health = { ...this.#health, open: false, ...(worse && { trouble: worse }) };
    this.#parts.healthChanged();
  }

  async #step(signal: AbortSignal): Promise<Outcome> {
    if (this.#troubles() !== this.#failedBefore) this.#mustList = true;
    try {
      return this.#mustList ? await this.#list(signal) : await this.#watch(signal);
    } catch (error) {
      return { kind: 'failed', failure: failureOf(error) };
    }
  }

  #troubles(): number {
    const { pace } = this.#parts;
    return this.#resource.listAfter === 'trouble' ? pace.troubles() : pace.interruptions();
  }

  async #rest(outcome: Outcome, signal: AbortSignal): Promise<void> {
    const { pace, clock, random } = this.#parts;
    if (outcome.kind === 'failed') return this.#restAfter(outcome.failure, signal);
    if (outcome.kind === 'broken') pace.suspect();
    if (this.#unrest > 1) {
      // Long enough for the API server to be exchanged unnoticed.
      this.#mustList = true;
      await clock.sleep(backOff(this.#unrest - 1, LONGEST_REST_MS, random), signal);
    }
    await pace.enter(signal, false);
  }

  async #restAfter(failure: Failure, signal: AbortSignal): Promise<void> {
    const { pace, clock, random } = this.#parts;
    const { scope, status, retryAfterMs = 0 } = failure;
    if (scope === 'cluster') {
      await clock.sleep(backOff(1, LONGEST_REST_MS, random), signal);
      return pace.enter(signal, false);
    }
    if (scope !== 'credentials' || this.#failures > 1) {
      const longest = status === 404 ? LONGEST_ABSENT_MS : LONGEST_REST_MS;
      const rest = Math.max(retryAfterMs, backOff(this.#failures, longest, random));
      await clock.sleep(rest, signal);
    }
    await pace.enter(signal, true);
  }

  #fail(failure: Failure): void {
    const { clock, pace } = this.#parts;
    const { scope, text, status } = failure;
    this.#failures++;
    if (scope === 'cluster') pace.failed(failure);
    if (scope === 'expired') this.#mustList = true;
    const since = this.#health.trouble?.since ?? clock.now();
    const trouble = { since, text, ...(status !== undefined && { status }) };
    this.#health = { ...this.#health, open: false, trouble };
    this.#parts.healthChanged();
  }

  #good(lists = this.#health.lists): void {
    this.#failures = 0;
    const lastWord = this.#parts.clock.now();
    const before = this.#health;
    const changed = before.trouble !== undefined || !before.open || lists !== before.lists;
    this.#health = { listed: before.listed || lists > 0, open: true, lastWord, lists };
    this.#failedBefore = this.#troubles();
    if (changed) this.#parts.healthChanged();
  }

  readonly #heard = (): void => {
    this.#parts.link.heard();
    this.#health = { ...this.#health, lastWord: this.#parts.clock.now() };
  };

  async #list(signal: AbortSignal): Promise<Outcome> {
    const listed = new Map<string, R>();
    const version = await this.#pages.readAll(signal, this.#heard, (items) => {
      for (const raw of items) {
        const record = this.#read(raw);
        listed.set(record.uid, record);
      }
    });
    // An older version than before: etcd was restored, and watches from newer ones stay silent.
    if (compareVersions(version, this.#store.version) < 0) this.#parts.setBack();
    this.#mustList = false;
    this.#resource.changed(swapRecords(this.#store, listed, version));
    this.#good(this.#health.lists + 1);
    return { kind: 'listed' };
  }

  async #watch(signal: AbortSignal): Promise<Outcome> {
    const { link, pace, clock, limits, random } = this.#parts;
    const seconds = link.http2 ? limits.watchSeconds * (1 + random()) : limits.http1WatchSeconds;
    const mute = new AbortController();
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#store.version,
      timeoutSeconds: String(Math.round(seconds)),
    };
    const answer = await link.get(this.#pages.path(query), AbortSignal.any([signal, mute.signal]));
    if (isAlive(answer.status)) pace.answered();
    if (answer.status !== 200) {
      answer.discard();
      throw new CallFailure(failureOfStatus(answer.status, answer.retryAfter));
    }
    this.#good();
    const opened = clock.now();
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const longest = link.http2 ? limits.silentMs : seconds * 1000 + limits.http1GraceMs;
    const since = link.http2 ? () => this.#health.lastWord : () => opened;
    void abortAt(() => since() + longest, mute, until, clock);
    try {
      return await this.#follow(readEvents(answer.body, this.#heard));
    } catch (error) {
      if (signal.aborted) throw error;
      return this.#afterBreak(error, mute.signal.aborted);
    } finally {
      over.abort();
      // In an outage others may have noticed before this watch did: then that is none of before.
      if (!pace.inDoubt()) this.#failedBefore = this.#troubles();
      this.#unrest = clock.now() - opened >= CALM_MS ? 0 : this.#unrest + 1;
    }
  }

  #afterBreak(error: unknown, mute: boolean): Outcome {
    if (error instanceof BrokenLine) return { kind: 'relist' };
    // What really is wrong shows when it is opened again, which may go well at once.
    if (!mute) return { kind: 'broken' };
    const { link, clock } = this.#parts;
    if (link.http2) return { kind: 'relist' };
    link.renew();
    const trouble = { since: clock.now(), text: 'the link is silent' };
    this.#health = { ...this.#health, trouble };
    this.#parts.healthChanged();
    return { kind: 'broken' };
  }

  async #follow(events: AsyncIterable<WatchEvent>): Promise<Outcome> {
    for await (const event of events) {
      if (event.type === 'ERROR') return this.#afterErrorEvent(event.object);
      if (event.type === 'BOOKMARK') {
        takeBookmark(this.#store, event.object.metadata?.resourceVersion);
        continue;
      }
      const applied = applyEvent(this.#store, event.type, this.#read(event.object));
      if (applied === 'disorder') return { kind: 'relist' };
      if (applied !== 'known') this.#resource.changed([applied]);
    }
    return { kind: 'ended' };
  }

  #read(raw: Raw): R {
    try {
      return this.#resource.read(raw);
    } catch (cause) {
      throw new BrokenLine('an object that cannot be read', { cause });
    }
  }

  #afterErrorEvent({ code = 0, details }: RawStatus): Outcome {
    const failure = failureOfStatus(code, details?.retryAfterSeconds);
    if (failure.scope === 'cluster') return { kind: 'failed', failure };
    return { kind: 'relist' };
  }
}
