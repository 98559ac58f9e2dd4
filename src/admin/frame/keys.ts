// Keys that lead everywhere: `g` and a letter to a screen, `/` to the search, `j` and `k` along the rows.

import { useEffect } from 'preact/hooks';
import { go, linkTo } from '../route.ts';
import { ROW } from '../show/table.tsx';

const SCREENS: Readonly<Record<string, string>> = {
  f: '',
  a: 'apps',
  c: 'clusters',
  e: 'edges',
  h: 'holds',
  j: 'jobs',
  m: 'migrations',
  y: 'history',
  u: 'audit',
};
/** Between `g` and the letter. */
const CHORD_MS = 1200;

export function useKeys(help: () => void): void {
  useEffect(() => {
    let chord = Number.NEGATIVE_INFINITY;
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
      const screen = performance.now() - chord < CHORD_MS ? SCREENS[event.key] : undefined;
      chord = event.key === 'g' ? performance.now() : Number.NEGATIVE_INFINITY;
      if (screen !== undefined) go(linkTo(screen === '' ? [] : [screen]));
      else if (!act(event.key, help)) return;
      event.preventDefault();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [help]);
}

function act(key: string, help: () => void): boolean {
  if (key === '?') help();
  else if (key === '/') return focus(document.querySelector<HTMLElement>('main [type="search"]'));
  else if (key === 'j') return step(1);
  else if (key === 'k') return step(-1);
  else return false;
  return true;
}

function isTyping({ target, key }: KeyboardEvent): boolean {
  if (document.querySelector('dialog[open]')) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (!target.matches('input, select, textarea')) return false;
  if (key === 'Escape') target.blur();
  return true;
}

/** Along the links that name rows. */
function step(by: number): boolean {
  const here = document.activeElement?.closest('tr');
  const rows = [...document.querySelectorAll('main tbody tr:not(.spacer)')].filter(linkIn);
  const at = here ? rows.indexOf(here) : -1;
  const next = at < 0 ? firstInSight(rows) : rows[at + by];
  const long = (next ?? here)?.closest('.scroll-long');
  if (!next || !long) return focus(next ? linkIn(next) : null);
  // The head lies over the rows.
  const above = next.getBoundingClientRect().top - long.getBoundingClientRect().top - ROW * 2;
  if (above < 0) long.scrollTop += above;
  return focus(linkIn(next));
}

function linkIn(row: Element): HTMLElement | null {
  return row.querySelector<HTMLElement>('th a, th button');
}

function firstInSight(rows: readonly Element[]): Element | undefined {
  return rows.find((row) => {
    const long = row.closest('.scroll-long');
    const top = long ? long.getBoundingClientRect().top + ROW : 0;
    return row.getBoundingClientRect().top >= top;
  });
}

function focus(element: HTMLElement | null): boolean {
  element?.focus();
  return element !== null;
}
