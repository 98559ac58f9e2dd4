// What an edge holds, and the one way in (lua/ballast: state, sync, refusals, report).
//
// Comes in: documents under a sender's term. Goes out: a verdict for each, mark, refusals. On failure:
// a term below the highest seen is refused whole; a document is refused by name.

import type { AppName, Stamp } from '../../src/model.ts';
import { digestOf } from '../../src/edges/digest.ts';
import { compareStamps, decodeUpstream, isFault, type Document } from '../../src/edges/document.ts';
import type { Verdict } from '../../src/edges/edge-link.ts';
import { writeDocument, type EdgeState, type RefusedDocument } from '../../src/edges/edge-state.ts';
import type { Process } from './time.ts';

/** A snapshot on disk. */
export interface Generation {
  readonly sequence: number;
  readonly mark: Stamp | undefined;
  readonly highest: number;
  readonly refused: readonly RefusedDocument[];
  readonly documents: ReadonlyMap<AppName, Document>;
}

export interface Disk {
  readonly a?: Generation;
  readonly b?: Generation;
}

export interface Applied {
  readonly verdicts: readonly Verdict[];
  readonly complete: boolean;
}

/** Those that wait for a change. */
class Bell {
  readonly #waiting = new Set<() => void>();

  async wait(process: Process, ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        off();
        this.#waiting.delete(end);
        // It looks every 50 ms.
        process.after(25, resolve);
      };
      const off = process.after(ms, end);
      this.#waiting.add(end);
    });
  }

  ring(): void {
    for (const end of [...this.#waiting]) end();
  }
}

export class EdgeMemory {
  readonly name: string;
  readonly startId: string;
  readonly documents = new Map<AppName, Document>();
  /** Addresses that may be picked, by app. */
  readonly picks = new Map<AppName, readonly string[]>();
  readonly refused = new Map<AppName, RefusedDocument>();
  readonly news = new Bell();
  readonly changed = new Bell();
  readonly written: { a?: number; b?: number } = {};
  /** How many refusals were settled when each was written: it lists those that were settled since. */
  readonly settledIn: { a: number; b: number } = { a: 0, b: 0 };
  settled = 0;
  readonly #full: ReadonlySet<string>;
  highest = 0;
  mark: Stamp | undefined;
  saved: Stamp | undefined;
  compared = 0;
  above: readonly AppName[] = [];
  beat = 0;
  change = 0;

  constructor(name: string, startId: string, full: ReadonlySet<string> = new Set()) {
    this.name = name;
    this.startId = startId;
    this.#full = full;
  }

  seeTerm(term: number): boolean {
    if (term < this.highest) return false;
    if (term > this.highest) {
      this.highest = term;
      this.#note();
    }
    return true;
  }

  /** Undefined: the sender's term is over. */
  apply(term: number, documents: readonly Document[]): Applied | undefined {
    if (!this.seeTerm(term)) return undefined;
    const verdicts = documents.map((document) => this.#applyOne(document));
    return { verdicts, complete: true };
  }

  /** After a push: it had everything up to `base`. */
  advance(mark: Stamp, base: Stamp): void {
    if (below(this.mark, base) || !below(this.mark, mark)) return;
    this.mark = mark;
    this.#note();
  }

  /** After a poll; `above` where all was compared (R9). */
  reached(
    { term, version }: Stamp,
    seen: Stamp | undefined,
    above: readonly AppName[] | undefined,
  ): void {
    const stamp = { term, version };
    const held = this.mark;
    const isProved = held && seen && compareStamps(held, seen) === 0;
    const falls = above && isProved && compareStamps(stamp, held) !== 0;
    if (below(held, stamp) || falls) {
      this.mark = stamp;
      this.#note();
    }
    if (!above) return;
    const proved = above.length === 0 ? stamp.term : 0;
    if (this.compared === proved && this.above.join() === above.join()) return;
    this.compared = proved;
    this.above = above;
    this.news.ring();
  }

  /** Refused under an earlier term, and not in Redis any more (lua/ballast/lost.lua). */
  settleLost(term: number, lines: ReadonlyMap<AppName, Document>): void {
    for (const { app, stamp } of [...this.refused.values()]) {
      const [line, held] = [lines.get(app), this.documents.get(app)];
      if (stamp.term >= term || (line && below(held?.stamp, line.stamp))) continue;
      if (line && held?.digest !== line.digest && !below(line.stamp, held?.stamp)) continue;
      this.#clear(app);
    }
  }

  restore(content: Generation, disk: Disk): void {
    for (const document of content.documents.values()) this.#store(document);
    for (const one of content.refused) this.refused.set(one.app, one);
    this.highest = content.highest;
    this.mark = content.mark;
    this.noteSaved(disk);
  }

  /** R10: the mark of the older one. */
  noteSaved({ a, b }: Disk): void {
    const { settled, settledIn } = this;
    const marks = [
      settledIn.a === settled ? a?.mark : undefined,
      settledIn.b === settled ? b?.mark : undefined,
    ];
    const saved = marks.reduce((one, other) => (below(one, other) ? one : other));
    if (stampOf(saved) === stampOf(this.saved)) return;
    this.saved = saved;
    this.news.ring();
  }

  head(): Omit<Generation, 'sequence' | 'documents'> {
    return { mark: this.mark, highest: this.highest, refused: [...this.refused.values()] };
  }

  report(): EdgeState {
    const { mark, saved } = this;
    return {
      name: this.name,
      start: this.startId,
      beat: this.beat,
      highest: this.highest,
      ...(mark && { mark }),
      ...(saved && { saved }),
      workers: [{ pid: 1, ...(mark && { mark }) }],
      refused: [...this.refused.values()],
      compared: this.compared,
      above: this.above.flatMap((app) => this.documents.get(app) ?? []),
      documents: this.documents.size,
      source: 'redis',
    };
  }

  /** As it is written into a heartbeat. */
  wire(): object {
    const state = this.report();
    return {
      ...state,
      refused: state.refused.map(({ app, stamp, code }) => ({ app, ...stamp, code })),
      above: state.above.map(writeDocument),
    };
  }

  #applyOne(document: Document): Verdict {
    const { app, stamp, digest } = document;
    const held = this.documents.get(app);
    const order = held ? compareStamps(stamp, held.stamp) : 1;
    if (order < 0) return { app, code: 'older' };
    if (held && order === 0) {
      if (held.digest !== digest) return this.#refuse(document, 'conflict');
      this.#settle(document);
      return { app, code: 'same' };
    }
    const isSame = held?.digest === digest;
    if (!isSame && !isWhole(document)) return this.#refuse(document, 'bad');
    if (!isSame && this.#full.has(app)) return this.#refuse(document, 'full');
    this.#store(document);
    this.#settle(document);
    return { app, code: isSame ? 'same' : 'applied' };
  }

  #store(document: Document): void {
    const { app, body } = document;
    this.documents.set(app, document);
    this.picks.delete(app);
    const upstream = body === undefined || app.startsWith('_') ? undefined : decodeUpstream(body);
    if (upstream && !isFault(upstream)) {
      const open = upstream.servers.filter(({ weight }) => weight > 0);
      this.picks.set(
        app,
        open.map(({ address }) => address),
      );
    }
    this.#note();
  }

  /** R6: on record, with its stamp. */
  #refuse({ app, stamp }: Document, code: Verdict['code'] & string): Verdict {
    const before = this.refused.get(app);
    const order = before ? compareStamps(before.stamp, stamp) : -1;
    if (order < 0 || (order === 0 && before?.code !== code)) {
      this.refused.set(app, { app, stamp, code });
      this.#note();
    }
    return { app, code };
  }

  #settle({ app, stamp }: Document): void {
    const refused = this.refused.get(app);
    if (!refused || compareStamps(stamp, refused.stamp) < 0) return;
    this.#clear(app);
  }

  /** What lists it on the disk is not saved any more. */
  #clear(app: AppName): void {
    this.refused.delete(app);
    this.settled += 1;
    this.saved = undefined;
    this.#note();
  }

  #note(): void {
    this.change += 1;
    this.news.ring();
    this.changed.ring();
  }
}

export function stampOf(stamp: Stamp | undefined): string {
  return stamp ? `${stamp.term}.${stamp.version}` : '-';
}

/** Nothing lies below everything. */
export function below(a: Stamp | undefined, b: Stamp | undefined): boolean {
  if (!a || !b) return b !== undefined;
  return compareStamps(a, b) < 0;
}

function isWhole({ app, digest, body }: Document): boolean {
  if (digest !== digestOf(body)) return false;
  return body === undefined || app.startsWith('_') || !isFault(decodeUpstream(body));
}
