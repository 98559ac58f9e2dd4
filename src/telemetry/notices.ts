// Kubernetes Events of drains and refusals, where the configuration names a home cluster for them.
//
// Comes in: what the leader's rounds refuse, holds before and after each word. Goes out: Events, the same
// thing as a higher count of one Event, so often as a minute allows. On failure: a missing right or a home
// cluster in trouble is said once in the log, and tried again later and later; nothing waits for it, and
// of what could not be written only so much is kept.

import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { EventWriter, WantedEvent } from '../clusters/event-writer.ts';
import type { AppName, Hold, Reason } from '../model.ts';

export interface Notices {
  refused(app: AppName, reason: Reason): void;
  held(before: readonly Hold[], after: readonly Hold[]): void;
}

export interface NoticeParts {
  readonly writer: Pick<EventWriter, 'write'>;
  /** Two environments in one namespace have Events of their own. */
  readonly environment: string;
  readonly isLeading: () => boolean;
  readonly clock: Clock;
  /** Milliseconds of the time of day. */
  readonly wall: () => number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

type Notice = Pick<WantedEvent, 'about' | 'type' | 'reason' | 'message'>;

/** A refusal stands in every round: its Event is written anew so often. */
const REPEAT_MS = 60_000;
const PAUSE_FIRST_MS = 5000;
const PAUSE_LONGEST_MS = 600_000;
const LOOK_MS = 1000;
const MOST_WAITING = 500;
const MESSAGE_LENGTH = 1000;

export function openNotices(
  parts: NoticeParts,
): Notices & { run(signal: AbortSignal): Promise<void> } {
  const { writer, environment, isLeading, clock, wall, log } = parts;
  const waiting = new Map<string, WantedEvent>();
  /** When each was last written. */
  const written = new Map<string, number>();
  let trouble: string | undefined;
  let failures = 0;

  const put = (notice: Notice): void => {
    if (!isLeading()) return;
    const name = nameOf(notice, environment);
    const now = wall();
    const { count = 0, first = now } = waiting.get(name) ?? {};
    if (count === 0 && waiting.size >= MOST_WAITING) return;
    const message = clip(notice.message);
    waiting.set(name, { ...notice, name, message, count: count + 1, first, last: now });
  };

  /** One after the other: what is written is off the list, and may come again meanwhile. */
  const write = async (event: WantedEvent): Promise<boolean> => {
    waiting.delete(event.name);
    const why = await writer.write(event).then(
      ({ refused }) => refused,
      (error: unknown) => (error as Error).message,
    );
    if (why === undefined) {
      written.set(event.name, clock.now());
      if (trouble !== undefined) log.info('Events are written again');
      trouble = undefined;
      failures = 0;
      return true;
    }
    const { count = 0, ...later } = waiting.get(event.name) ?? {};
    waiting.set(event.name, { ...event, ...later, count: event.count + count, first: event.first });
    if (trouble !== why) log.warn({ why }, 'Events cannot be written; all else goes on');
    trouble = why;
    failures += 1;
    return false;
  };

  const due = (): WantedEvent[] => {
    const now = clock.now();
    for (const [name, at] of written) if (now - at >= REPEAT_MS) written.delete(name);
    return [...waiting.values()].filter(({ name }) => !written.has(name));
  };

  return {
    refused(app, { code, text }) {
      const about = { kind: 'App', name: app };
      put({ about, type: 'Warning', reason: camelCase(code), message: text });
    },
    held(before, after) {
      for (const hold of drainsOf(after, before)) put(drained(hold, 'Drained'));
      for (const hold of drainsOf(before, after)) put(drained(hold, 'Undrained'));
    },
    async run(signal) {
      while (!signal.aborted) {
        for (const event of due()) {
          if (signal.aborted || !(await write(event))) break;
        }
        const pause = Math.min(PAUSE_LONGEST_MS, PAUSE_FIRST_MS * 2 ** (failures - 1));
        await clock.sleep(failures > 0 ? pause : LOOK_MS, signal);
      }
    },
  };
}

/** Those of the one that are not in the other. */
function drainsOf(holds: readonly Hold[], others: readonly Hold[]): Hold[] {
  if (holds === others) return [];
  const known = new Set(others.map(({ id }) => id));
  return holds.filter(({ id, kind }) => kind === 'drain' && !known.has(id));
}

function drained(hold: Hold, reason: 'Drained' | 'Undrained'): Notice {
  const { id, app, cluster, server, who, why } = hold;
  const scope = Object.entries({ app, cluster, server })
    .filter(([, name]) => name !== undefined)
    .map(([word, name]) => `${word} ${name}`);
  const over = reason === 'Drained' ? '' : ' is over';
  const message = `drain ${id} of ${scope.join(', ')} by ${who}${over}: ${why}`;
  return { about: aboutOf(hold), type: 'Normal', reason, message };
}

/** The narrowest that it names. */
function aboutOf({ app, cluster, server }: Hold): Notice['about'] {
  if (server !== undefined) return { kind: 'Server', name: server };
  if (app !== undefined) return { kind: 'App', name: app };
  return { kind: 'Cluster', name: cluster ?? '' };
}

function nameOf({ about, reason }: Notice, environment: string): string {
  const parts = JSON.stringify([environment, about.kind, about.name, reason]);
  return `ballast.${createHash('sha256').update(parts).digest('hex').slice(0, 20)}`;
}

/** `would-empty` is WouldEmpty. */
function camelCase(code: string): string {
  return code.replace(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase());
}

function clip(text: string): string {
  return text.length <= MESSAGE_LENGTH ? text : `${text.slice(0, MESSAGE_LENGTH - 1)}…`;
}
