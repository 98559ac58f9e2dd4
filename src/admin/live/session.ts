// Who looks, and the stream that belongs to it.

import { mayHold, mayRun, type Caller } from '../../api/access/caller.ts';
import type { CallerAnswer } from '../../api/caller-shape.ts';
import { call } from '../call.ts';
import { asProblem, type Problem } from '../problem.ts';
import { createStore, useStore } from '../store.ts';
import { restWhileHidden, runLive, startAnew } from './live.ts';
import { forgetToken, giveToken, wanted } from './token.ts';

export const caller = createStore<CallerAnswer | undefined>(undefined);
/** Why it is not known who looks. */
export const refused = createStore<Problem | undefined>(undefined);

const RETRY_MS = 2000;
let running: AbortController | undefined;

function start(): void {
  if (running) return;
  const own = new AbortController();
  running = own;
  void runLive(own.signal).finally(() => {
    if (running === own) running = undefined;
  });
}

function stop(): void {
  running?.abort();
  running = undefined;
}

async function learn(): Promise<void> {
  try {
    caller.set(await call<CallerAnswer>('caller'));
    refused.set(undefined);
    start();
  } catch (error) {
    const problem = asProblem(error);
    if (problem.status === 401) return;
    refused.set(problem);
    setTimeout(() => void learn(), RETRY_MS);
  }
}

export function followSession(): void {
  restWhileHidden(() => caller.get() && start(), stop);
  void learn();
}

export function logIn(token: string): void {
  giveToken(token);
  again();
}

export function logOut(): void {
  forgetToken();
  again();
}

function again(): void {
  stop();
  startAnew();
  caller.set(undefined);
  wanted.set(undefined);
  void learn();
}

type Scope = Parameters<typeof mayHold>[1];

/** Undefined: somewhere at all. */
export function useMayHold(scope?: Scope): boolean {
  const who = useStore(caller) as Caller | undefined;
  if (!who) return false;
  if (scope) return mayHold(who, scope);
  return rolesOf(who).some((role) => role === 'operator' || role === 'admin');
}

type JobScope = Parameters<typeof mayRun>[1];

/** Undefined: a job at all. */
export function useMayRun(job?: JobScope): boolean {
  const who = useStore(caller) as Caller | undefined;
  if (!who) return false;
  if (job) return mayRun(who, job);
  return rolesOf(who).some((role) => role === 'migrator' || role === 'admin');
}

export function useIsAdmin(): boolean {
  const who = useStore(caller) as Caller | undefined;
  return who !== undefined && rolesOf(who).includes('admin');
}

export function rolesOf({ grants }: Pick<Caller, 'grants'>): string[] {
  return [...new Set(grants.flatMap(({ roles }) => roles))];
}
