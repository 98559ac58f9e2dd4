// Where one is, as the part of the URL behind `#`: any place below which the page is served, and any proxy,
// gives a reload the same screen.

import { createStore, useStore } from './store.ts';

export interface Place {
  /** `apps/shop` as ['apps', 'shop']. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

const store = createStore(readPlace());

window.addEventListener('hashchange', () => store.set(readPlace()));

export function usePlace(): Place {
  return useStore(store);
}

function readPlace(): Place {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return {
    path: path.split('/').filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function linkTo(path: readonly string[], query: Readonly<Record<string, string>> = {}) {
  const kept = Object.entries(query).filter(([, value]) => value !== '');
  const search = new URLSearchParams(kept).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

export function go(link: string): void {
  location.hash = link;
}

/** Filters stand in the URL, and are no step back. */
export function setQuery(change: Readonly<Record<string, string>>): void {
  const { path, query } = readPlace();
  history.replaceState(history.state, '', linkTo(path, { ...query, ...change }));
  store.set(readPlace());
}
