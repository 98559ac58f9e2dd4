// What changes, as events: the last state of everything that is shown, each with the number of its change.
//
// Comes in: a look at the controller, now and then. Goes out: a frame for each thing that is another than at
// the last look; the whole state, or what of it changed since a number, for who joins or comes back. On
// failure: a number of another process, or too old a one, gets the whole state after a `reset`.

import type { AppFacts } from '../round.ts';
import type { Controller } from '../controller.ts';
import type { EdgeView } from '../edges/edge-book.ts';
import type { Hold } from '../model.ts';
import { sees, seesCluster, seesHold, seesJob, type Caller } from './access/caller.ts';
import { viewHold } from './hold-shapes.ts';
import { viewHead } from './job-shapes.ts';
import { summary, type ReadParts } from './reads.ts';

type Kind = 'app' | 'cluster' | 'edge' | 'hold' | 'job' | 'leader';

export interface Frame {
  readonly number: number;
  readonly bytes: Buffer;
  readonly isSeen: (caller: Caller) => boolean;
}

export interface Feed {
  /** What changed since the last look, oldest first. */
  look(): readonly Frame[];
  /** All that there is, or what changed after `from`, oldest first. */
  frames(from: number | undefined): readonly Frame[];
  /** The number that an id of ours stands for; undefined: it is another's, or too old. */
  numberOf(id: string): number | undefined;
  /** A frame of its own, with the id of the last change. */
  mark(event: string, data: object): Buffer;
}

interface Subject {
  readonly kind: Kind;
  readonly name: string;
  /** As long as these are the same nothing has changed; empty: it has to be looked at. */
  readonly of: readonly unknown[];
  readonly data: () => object;
  readonly isSeen: Frame['isSeen'];
}

interface Entry extends Frame {
  readonly subject: Subject;
  /** Undefined: it is gone. */
  readonly text: string | undefined;
}

/** Of things that are gone; who was away for more of them gets the whole state. */
const MOST_GONE = 10_000;

export function openFeed(parts: ReadParts): Feed {
  const { random } = parts;
  const start = Math.floor(random() * 2 ** 40).toString(36);
  const entries = new Map<string, Entry>();
  let last = 0;
  let gone = 0;
  let floor = 0;

  const put = (key: string, subject: Subject, text: string | undefined): Entry => {
    last += 1;
    const { kind, name, isSeen } = subject;
    const event = text === undefined ? 'gone' : kind;
    const data = text ?? JSON.stringify({ kind, name });
    const entry = {
      number: last,
      bytes: write(`${start}-${last}`, event, data),
      isSeen,
      subject,
      text,
    };
    // Behind all others: their order is that of their numbers.
    entries.delete(key);
    entries.set(key, entry);
    return entry;
  };
  const forget = (): void => {
    for (const [key, { text, number }] of entries) {
      if (gone <= MOST_GONE) return;
      if (text !== undefined) continue;
      entries.delete(key);
      gone -= 1;
      floor = number;
    }
  };

  /** Undefined: it is as it was. */
  const renew = (key: string, subject: Subject): Frame | undefined => {
    const before = entries.get(key);
    const was = before?.text;
    if (was !== undefined && isSame(before?.subject.of ?? [], subject.of)) return undefined;
    const text = JSON.stringify(subject.data());
    if (before && was === text) {
      entries.set(key, { ...before, subject });
      return undefined;
    }
    if (before && was === undefined) gone -= 1;
    return put(key, subject, text);
  };
  const bury = (present: ReadonlySet<string>): Frame[] => {
    const lost = [...entries].filter(([key, { text }]) => text !== undefined && !present.has(key));
    gone += lost.length;
    return lost.map(([key, { subject }]) => put(key, subject, undefined));
  };

  return {
    look() {
      const frames: Frame[] = [];
      const present = new Set<string>();
      for (const subject of subjectsOf(parts)) {
        const key = `${subject.kind}/${subject.name}`;
        present.add(key);
        const frame = renew(key, subject);
        if (frame) frames.push(frame);
      }
      frames.push(...bury(present));
      if (gone > MOST_GONE) forget();
      return frames;
    },
    frames: (from) =>
      [...entries.values()].filter(({ number, text }) =>
        from === undefined ? text !== undefined : number > from,
      ),
    numberOf(id) {
      const [of, number] = [id.slice(0, start.length + 1), Number(id.slice(start.length + 1))];
      const isOurs = of === `${start}-` && Number.isSafeInteger(number);
      return isOurs && number >= floor && number <= last ? number : undefined;
    },
    mark: (event, data) => write(`${start}-${last}`, event, JSON.stringify(data)),
  };
}

function write(id: string, event: string, data: string): Buffer {
  return Buffer.from(`id: ${id}\nevent: ${event}\ndata: ${data}\n\n`);
}

function isSame(before: readonly unknown[], now: readonly unknown[]): boolean {
  return now.length > 0 && now.every((one, index) => one === before[index]);
}

function* subjectsOf(parts: ReadParts): Generator<Subject> {
  const { controller, book, clock } = parts;
  const toAll = (): boolean => true;
  const leader = controller.leader();
  yield { kind: 'leader', name: 'leader', of: [], data: () => leader, isSeen: toAll };
  for (const { ageSeconds: _age, ...status } of controller.clusters()) {
    const { name } = status;
    const isSeen = (caller: Caller): boolean => seesCluster(caller, name);
    yield { kind: 'cluster', name, of: [], data: () => status, isSeen };
  }
  for (const view of book.views(controller.published()?.mark, clock.now())) {
    yield { kind: 'edge', name: view.name, of: [], data: () => edgeOf(view), isSeen: toAll };
  }
  yield* apps(parts);
  yield* holds(parts);
  yield* jobs(parts);
}

function* jobs({ jobs }: ReadParts): Generator<Subject> {
  for (const head of jobs?.known() ?? []) {
    const isSeen = (caller: Caller): boolean => seesJob(caller, head);
    yield { kind: 'job', name: head.id, of: [head.tip], data: () => viewHead(head), isSeen };
  }
}

function* apps(parts: ReadParts): Generator<Subject> {
  const { controller } = parts;
  for (const name of controller.apps()) {
    const isSeen = (caller: Caller): boolean => sees(caller, name);
    yield {
      kind: 'app',
      name,
      of: madeOf(controller, name),
      data: () => summary(parts, name),
      isSeen,
    };
  }
}

/** What an app's summary is made from: each is another object once it is another. */
function madeOf(controller: Controller, name: string): readonly unknown[] {
  const facts: AppFacts | undefined = controller.facts(name);
  return [facts, controller.published()?.app(name), true];
}

function* holds({ controller, wall, forgottenHours }: ReadParts): Generator<Subject> {
  const now = wall().getTime();
  for (const hold of controller.published()?.held.holds ?? []) {
    const isSeen = (caller: Caller): boolean => seesHold(caller, hold);
    const data = (): object => withoutAge(hold, now, forgottenHours());
    yield { kind: 'hold', name: hold.id, of: [], data, isSeen };
  }
}

function withoutAge(hold: Hold, now: number, forgottenHours: number): object {
  const { ageSeconds: _age, ...view } = viewHold(hold, now, forgottenHours);
  return view;
}

/** What does not move with every heartbeat, and names no app. */
function edgeOf({ name, configured, status, trouble, state }: EdgeView): object {
  return {
    name,
    configured,
    status,
    ...(trouble !== undefined && { trouble }),
    ...(state && { mark: state.mark, saved: state.saved, refused: state.refused.length }),
  };
}
