// The gathering of a new term (rule R3): no commit before the edges have heard of the term and have
// said what they hold above Redis.
//
// Goes on when every known edge has answered, or after 2 s when at least one with a mark has: a
// Redis that looks healthy may be an old master, so nobody's word but the edges' counts.

import type { Clock } from '../clock.ts';
import type { AppName } from '../model.ts';
import { counterOf, isPlausible } from './counter.ts';
import { compareStamps, type Document, type ManifestLine } from './document.ts';
import { isNoAnswer, isTermOver, type EdgeLink, type TermOver } from './edge-link.ts';
import type { EdgeState } from './edge-state.ts';
import { digestOf } from './digest.ts';
import { isRefusal, type Contents, type Lease, type Store } from './store.ts';

const PATIENCE_MS = 2000;
const PAUSE_MS = 200;

export interface GatherOptions {
  readonly store: Store;
  /** The configured edges that have an endpoint. */
  readonly links: readonly EdgeLink[];
  /** Names of all configured edges. */
  readonly edges: readonly string[];
  /** Where standbys forward writes to. */
  readonly address: string;
  readonly leaseMs: number;
  readonly clock: Clock;
  /** The term is on record: what Redis held then, for edges that ask the controller (R3). */
  readonly onContents: (contents: Contents) => void;
  /** What is being waited for, in words. */
  readonly onPhase: (phase: string) => void;
}

/** A higher counter was met: the next try goes above it. */
export interface Outranked {
  readonly counter: number;
}

export interface NotNow {
  readonly failed: string;
}

export interface Found {
  /** What lies above Redis, the highest of each app. */
  readonly above: readonly Document[];
}

interface Gathering {
  readonly lease: Lease;
  readonly contents: Contents;
  readonly above: Map<AppName, Document>;
  readonly answered: Set<string>;
  /** Answered, and had a mark: it has known an earlier Redis. */
  readonly marked: Set<string>;
}

/** Asks until enough have answered, or the lease or the term is lost. */
export async function gather(
  options: GatherOptions,
  lease: Lease,
  signal: AbortSignal,
): Promise<Found | Outranked | NotNow> {
  const { store, links, clock } = options;
  const gathering: Gathering = {
    lease,
    contents: await store.read(),
    above: new Map(),
    answered: new Set(),
    marked: new Set(),
  };
  if (gathering.contents.term === lease.term) options.onContents(gathering.contents);
  const began = clock.now();
  for (;;) {
    const pending = links.filter((link) => !gathering.answered.has(link.name));
    const answers = await Promise.all(pending.map((link) => askLink(link, gathering)));
    const beats = (await store.heartbeats()).states;
    for (const beat of beats) hear(beat, gathering);
    const over = highestOver(answers, beats, gathering);
    if (over !== undefined) return { counter: counterOf(over) };

    const known = new Set([...options.edges, ...beats.map((beat) => beat.name)]);
    const missing = [...known].filter((name) => !gathering.answered.has(name));
    const patient = clock.now() - began < PATIENCE_MS;
    if (missing.length === 0 || (!patient && gathering.marked.size > 0)) {
      return { above: [...gathering.above.values()] };
    }
    options.onPhase(`gathering: no word yet from ${missing.join(', ')}`);
    await clock.sleep(PAUSE_MS, signal);
    if (signal.aborted) return { failed: 'stopped' };
    const refused = await store.renew(lease, options.address, options.leaseMs);
    if (isRefusal(refused)) return { failed: `the lease was lost: ${refused.refused}` };
  }
}

/** By the endpoint: the term first, then the manifest, then the documents that are above. */
async function askLink(link: EdgeLink, gathering: Gathering): Promise<TermOver | undefined> {
  const { term } = gathering.lease;
  const answer = await link.gather(term);
  if (isTermOver(answer)) return answer;
  if (isNoAnswer(answer)) return undefined;
  const wanted = [...answer.manifest]
    .filter(([app, line]) => isAbove(app, line, gathering))
    .map(([app]) => app);
  if (wanted.length > 0) {
    const documents = await link.fetch(term, wanted);
    if (isNoAnswer(documents)) return undefined;
    if (isTermOver(documents)) return documents;
    for (const document of documents) keep(document, gathering);
  }
  note(answer.state, gathering);
  return undefined;
}

/** By heartbeat: an edge that only polls reads the term in Redis, compares, and reports. */
function hear(beat: EdgeState, gathering: Gathering): void {
  const { term } = gathering.lease;
  if (beat.highest !== term || gathering.answered.has(beat.name)) return;
  if (beat.compared !== term && beat.above.length === 0) return;
  for (const document of beat.above) keep(document, gathering);
  note(beat, gathering);
}

function note(state: EdgeState, gathering: Gathering): void {
  gathering.answered.add(state.name);
  if (state.mark) gathering.marked.add(state.name);
}

function isAbove(app: AppName, line: ManifestLine, gathering: Gathering): boolean {
  const before = gathering.contents.documents.get(app)?.stamp;
  return before === undefined || compareStamps(line.stamp, before) > 0;
}

function keep(document: Document, gathering: Gathering): void {
  if (document.body !== undefined && digestOf(document.body) !== document.digest) return;
  if (!isAbove(document.app, document, gathering)) return;
  const rival = gathering.above.get(document.app);
  if (rival && compareStamps(rival.stamp, document.stamp) >= 0) return;
  gathering.above.set(document.app, document);
}

function highestOver(
  answers: readonly (TermOver | undefined)[],
  beats: readonly EdgeState[],
  { lease: { term }, above }: Gathering,
): number | undefined {
  const seen = [...answers.map((over) => over?.highest ?? 0), ...beats.map((beat) => beat.highest)];
  const own = counterOf(term);
  const highest = Math.max(0, ...seen.filter((one) => isPlausible(counterOf(one), own)));
  if (highest > term) return highest;
  // Of a Redis that was lost: whoever goes by counters would see no other term between.
  const terms = [...above.values()].map(({ stamp }) => stamp.term);
  return terms.find((one) => one !== term && counterOf(one) === own);
}
