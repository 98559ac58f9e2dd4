// The token of this tab: kept as long as the tab, and nowhere else.

import type { Problem } from '../problem.ts';
import { createStore } from '../store.ts';

const NAME = 'ballast-token';

/** Why a token is wanted; undefined: none is. */
export const wanted = createStore<Problem | undefined>(undefined);

export function readToken(): string | undefined {
  return sessionStorage.getItem(NAME) ?? undefined;
}

export function giveToken(token: string): void {
  sessionStorage.setItem(NAME, token);
  wanted.set(undefined);
}

export function forgetToken(): void {
  sessionStorage.removeItem(NAME);
}

export function tokenRefused(problem: Problem): void {
  wanted.set(problem);
}
