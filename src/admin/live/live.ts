// The connection to the event stream, and what it tells.
//
// Comes in: nothing but the wish to follow. Goes out: the fleet, and how true it is. On failure: it connects
// again, with the id of the last event, so that only what changed meanwhile comes; a stream that is silent
// for longer than its heart beats is taken for dead. A tab that nobody looks at lets go after a minute.

import { open } from '../call.ts';
import { asProblem, type Problem } from '../problem.ts';
import { createStore } from '../store.ts';
import { readEvents } from './events.ts';
import { EMPTY, readFleet, type Fleet } from './fleet.ts';
import { wanted } from './token.ts';

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** `since`: milliseconds of the time of day. */
  | { readonly state: 'lost'; readonly since: number; readonly problem?: Problem }
  | { readonly state: 'resting'; readonly since: number };

export const connection = createStore<Connection>({ state: 'connecting' });
export const fleet = createStore<Fleet>(EMPTY);
/** Whether a whole state was ever there. */
export const known = createStore(false);

/** The server's beats come every 15 s. */
const SILENT_MS = 40_000;
const RETRY_MS = [300, 1000, 2000, 5000] as const;
const REST_AFTER_MS = 60_000;
/** Changes within this time are shown at once. */
const BATCH_MS = 60;

const reader = readFleet();
let last: string | undefined;
let showing: number | undefined;

function show(): void {
  showing = undefined;
  if (!reader.isWhole()) return;
  known.set(true);
  fleet.set(reader.fleet());
  connection.set({ state: 'live' });
}

function showSoon(): void {
  showing ??= window.setTimeout(show, BATCH_MS);
}

function lose(problem?: Problem): void {
  if (showing !== undefined) {
    clearTimeout(showing);
    show();
  }
  const before = connection.get();
  const since = before.state === 'lost' ? before.since : Date.now();
  connection.set({ state: 'lost', since, ...(problem && { problem }) });
}

/** One stream, to its end. */
async function follow(signal: AbortSignal): Promise<void> {
  const dead = new AbortController();
  let heard = Date.now();
  const watch = setInterval(() => Date.now() - heard > SILENT_MS && dead.abort(), 5000);
  try {
    const own = AbortSignal.any([signal, dead.signal]);
    const before = last;
    const response = await open('events', {
      signal: own,
      ...(before !== undefined && { last: before }),
    });
    if (before === undefined) reader.begin();
    if (!response.body) return;
    await readEvents(response.body, {
      alive: () => (heard = Date.now()),
      seen(event) {
        reader.take(event);
        // Not of a state that is not whole: it would be missing in part for good.
        if (reader.isWhole() && event.id !== '') last = event.id;
        showSoon();
      },
    });
  } finally {
    clearInterval(watch);
  }
}

/** Until it is stopped, or a token is wanted. */
export async function runLive(signal: AbortSignal): Promise<void> {
  let tries = 0;
  while (!signal.aborted) {
    const began = Date.now();
    const problem = await follow(signal).then(() => undefined, asProblem);
    if (signal.aborted || wanted.get()) return;
    lose(problem);
    tries = Date.now() - began > 10_000 ? 0 : tries + 1;
    await sleep(RETRY_MS[Math.min(tries, RETRY_MS.length) - 1] ?? RETRY_MS[0], signal);
  }
}

/** After another token: what it sees is another state. */
export function startAnew(): void {
  last = undefined;
  connection.set({ state: 'connecting' });
}

/** Calls `start` when the page is looked at, `stop` when it has not been for a while. */
export function restWhileHidden(start: () => void, stop: () => void): void {
  let resting: number | undefined;
  document.addEventListener('visibilitychange', () => {
    window.clearTimeout(resting);
    if (document.visibilityState === 'visible') return start();
    resting = window.setTimeout(() => {
      stop();
      connection.set({ state: 'resting', since: Date.now() });
    }, REST_AFTER_MS);
  });
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
