// One resource of one cluster, followed for ever: a list, in pages or as the first events of a watch
// where the server has that, then watches, then a list again where that is needed.
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
//   a list in which something is missing, or doubted     a second one, `checkMs` later; then ever rarer
//   a list as a watch that is refused (400, 422)         pages
//   no watch for a while (no answer, pauses)             list
//   no answer, 429, 5xx, a web page                      back-off of the cluster, Retry-After obeyed
//   401                                                  credentials anew, once at once
//   403, 404 and others                                  back-off of this resource alone

import type { Clock } from '../clock.ts';
import { CallFailure, type Failure, failureOf, failureOfStatus } from './call-failure.ts';
import { abortAt } from './deadline.ts';
import type { Health } from './health.ts';
import { Intake, type StreamedList } from './intake.ts';
import type { Limits } from './limits.ts';
import type { Answer, Link } from './link.ts';
import { backOff, type Pace } from './pace.ts';
import { afterBrokenLine, type Outcome, outcomeOf } from './outcome.ts';
import { checkKind, createPages, isAlive, type Pages } from './pages.ts';
import { createProof, type Proof } from './proof.ts';
import type { Meta } from './records.ts';
import type { Resource } from './resource.ts';
import { LONGEST_REST_MS, restAfter } from './rest.ts';
import {
  createStreamedLists,
  STREAMED,
  type StreamedLists,
  type Streaming,
  type WholeList,
} from './streamed-list.ts';
import { troubleAfter } from './trouble.ts';
import type { Turns } from './turns.ts';
import { BrokenLine, readEvents } from './watch-events.ts';

export interface ReflectorParts {
  readonly link: Link;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly random: () => number;
  readonly limits: Limits;
  /** For big answers. */
  readonly turns: Turns;
  /** Shared by the cluster's reflectors: whether it has refused to list as a watch. */
  readonly streaming: Streaming;
  /** After each change of the health. Must not throw. */
  healthChanged(): void;
  /** Before the changes of a list, where there are any. */
  listChanges(): void;
  /** The cluster's versions went back: everything is to be listed again. */
  setBack(): void;
}

const CALM_MS = 10_000;

export class Reflector<R extends Meta> {
  readonly #resource: Resource<R>;
  readonly #parts: ReflectorParts;
  readonly #pages: Pages;
  readonly #streamed: StreamedLists<R>;
  readonly #proof: Proof;
  readonly #closed = new AbortController();
  readonly #intake: Intake<R>;
  #health: Health;
  /** The list or watch under way, or the wait for it. */
  #turn = new AbortController();
  #mustList = true;
  #setBack = false;
  #failures = 0;
  /** Lists and breaks in a row without a quiet watch between them. */
  #unrest = 0;
  /** As #troubles() was when this was last open. */
  #failedBefore = 0;
  #ended: Promise<void> = Promise.resolve();

  constructor(resource: Resource<R>, parts: ReflectorParts) {
    this.#resource = resource;
    this.#parts = parts;
    this.#intake = new Intake(resource, () => parts.clock.sleep(0));
    this.#pages = createPages(resource, parts);
    this.#streamed = createStreamedLists(parts);
    this.#proof = createProof(parts, this.#closed.signal, () => this.relist(false));
    this.#health = { listed: false, open: false, lastWord: parts.clock.now(), lists: 0 };
  }

  start(): void {
    this.#ended = this.#run();
  }

  health(): Health {
    return this.#health;
  }

  count(): number {
    return this.#intake.size;
  }

  /** Also what is of the same version is taken anew from the next list: versions went back. */
  setBack(): void {
    this.#setBack = true;
    this.relist();
  }

  relist(doubted = true): void {
    if (doubted) this.#proof.doubt();
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
      if (!this.#mustList) return await this.#watch(signal);
      return await (this.#streamed.can() ? this.#watchList(signal) : this.#list(signal));
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
    if (outcome.kind === 'failed')
      return restAfter(outcome.failure, this.#failures, this.#parts, signal);
    if (outcome.kind === 'broken') pace.suspect();
    if (this.#unrest > 1) {
      // Long enough for the API server to be exchanged unnoticed.
      this.#mustList = true;
      await clock.sleep(backOff(this.#unrest - 1, LONGEST_REST_MS, random), signal);
    }
    await pace.enter(signal, false);
  }

  #fail(failure: Failure): void {
    const { clock, pace } = this.#parts;
    const { scope } = failure;
    this.#failures++;
    if (scope === 'cluster') pace.failed(failure);
    if (scope === 'expired') this.#mustList = true;
    const trouble = troubleAfter(this.#health.trouble, failure, clock.now());
    this.#health = { ...this.#health, open: false, trouble };
    this.#parts.healthChanged();
  }

  #good(lists = this.#health.lists, listedFrom = this.#health.listedFrom): void {
    this.#failures = 0;
    const lastWord = this.#parts.clock.now();
    const before = this.#health;
    const changed = before.trouble !== undefined || !before.open || lists !== before.lists;
    const listed = before.listed || lists > 0;
    const from = listedFrom === undefined ? {} : { listedFrom };
    this.#health = { listed, open: true, lastWord, lists, ...from };
    this.#failedBefore = this.#troubles();
    if (changed) this.#parts.healthChanged();
  }

  readonly #heard = (): void => {
    this.#parts.link.heard();
    this.#health = { ...this.#health, lastWord: this.#parts.clock.now() };
  };

  async #list(signal: AbortSignal): Promise<Outcome> {
    const began = this.#parts.clock.now();
    const records = new Map<string, R>();
    const version = await this.#pages.readAll(signal, this.#heard, (items) => {
      for (const raw of items) {
        const record = this.#intake.read(raw);
        records.set(record.uid, record);
      }
    });
    await this.#takeList(records, version, began);
    return { kind: 'listed' };
  }

  readonly #takeList: WholeList<R> = async (records, version, began) => {
    this.#mustList = false;
    const anew = this.#setBack;
    this.#setBack = false;
    await this.#intake.takeList(records, { version, anew }, ({ changed, fewer, older }) => {
      this.#proof.listed(fewer, records.size);
      // Watches from newer versions stay silent.
      if (older) this.#parts.setBack();
      if (changed) this.#parts.listChanges();
    });
    this.#parts.pace.answered();
    this.#good(this.#health.lists + 1, began);
  };

  #watchList(signal: AbortSignal): Promise<Outcome> {
    return this.#streamed.read(signal, (until, list) => this.#watch(until, list), this.#takeList);
  }

  /** Undefined where a list is not to be had so. */
  async #open(
    seconds: number,
    signal: AbortSignal,
    list: StreamedList<R> | undefined,
  ): Promise<Answer | undefined> {
    const { link, pace } = this.#parts;
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(Math.round(seconds)),
      ...(list ? STREAMED : { resourceVersion: this.#intake.version }),
    };
    const answer = await link.get(this.#pages.path(query), signal);
    if (answer.status === 200) {
      checkKind(answer);
      // A list has to be whole before the cluster counts as well.
      if (!list) pace.answered();
      return answer;
    }
    if (isAlive(answer.status)) pace.answered();
    answer.discard();
    if (list && this.#streamed.isRefused(answer.status)) return undefined;
    throw new CallFailure(failureOfStatus(answer.status, answer.retryAfter));
  }

  async #watch(signal: AbortSignal, list?: StreamedList<R>): Promise<Outcome> {
    const { link, pace, clock, limits, random } = this.#parts;
    const spread = limits.watchSeconds * (1 + random());
    const seconds = link.http2 ? spread : limits.http1WatchSeconds;
    const mute = new AbortController();
    const answer = await this.#open(seconds, AbortSignal.any([signal, mute.signal]), list);
    if (!answer) return { kind: 'listed' };
    if (!list) this.#good();
    const opened = clock.now();
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const end = opened + seconds * 1000 + limits.http1GraceMs;
    const deadline = () => (link.http2 ? this.#health.lastWord + limits.silentMs : end);
    void abortAt(deadline, mute, until, clock);
    try {
      return outcomeOf(await this.#intake.follow(readEvents(answer.body, this.#heard), list));
    } catch (error) {
      if (signal.aborted) throw error;
      return this.#afterBreak(error, mute.signal.aborted);
    } finally {
      over.abort();
      // In an outage others may have noticed before this watch did: then that is none of before.
      if (!pace.inDoubt()) this.#failedBefore = this.#troubles();
      if (!signal.aborted) this.#unrest = clock.now() - opened >= CALM_MS ? 0 : this.#unrest + 1;
    }
  }

  #afterBreak(error: unknown, mute: boolean): Outcome {
    if (error instanceof BrokenLine) return afterBrokenLine(error, this.#mustList);
    // What really is wrong shows when it is opened again, which may go well at once.
    if (!mute) return { kind: 'broken' };
    const { link, clock } = this.#parts;
    if (link.http2) return { kind: 'relist' };
    link.renew();
    this.#health = { ...this.#health, trouble: { since: clock.now(), text: 'the link is silent' } };
    this.#parts.healthChanged();
    return { kind: 'broken' };
  }
}
