// The faults that issue and design name, each as a strike on one cluster of a fleet.

import type { Fault } from '../../simulated/faults.ts';
import type { Chance } from './chance.ts';

export interface Strike {
  readonly fault: Fault;
  /** Watches end and lists are made while it lasts. */
  readonly lists?: boolean;
  /** The server is away for a moment, as one whose etcd is restored. */
  readonly away?: boolean;
}

/** From when on the server can be set back, and now. */
export interface Version {
  readonly first: number;
  readonly last: number;
}

/** Kinds whose lists a client reads. */
const READ = ['nodes', 'pods', 'services', 'endpointslices', 'ingresses'] as const;

/** One wrong list of one kind: two in a row that agree are believed, by design. */
function wrongList(kind: 'empty-list' | 'page-short', resource: string): Strike {
  return { fault: { kind, resources: [resource], times: 1 }, lists: true };
}

export const STRIKES: Readonly<Record<string, (chance: Chance, version: Version) => Strike>> = {
  refuse: () => ({ fault: { kind: 'refuse' } }),
  reset: (chance) => ({ fault: { kind: 'reset', ...some(chance) } }),
  hang: (chance) => ({ fault: { kind: 'hang', ...some(chance) }, lists: chance.is(0.5) }),
  'half-open': (chance) => {
    return { fault: { kind: 'half-open', connections: chance.of(['open', 'all'] as const) } };
  },
  401: () => status(401),
  403: (chance) => status(403, chance),
  410: (chance) => ({ fault: { kind: 'expired', ...some(chance) }, lists: true }),
  429: (chance) => ({
    fault: { kind: 'status', code: 429, retryAfterSeconds: chance.between(0, 3) },
    lists: true,
  }),
  500: (chance) => status(500, chance),
  'broken JSON': (chance) => {
    return { fault: { kind: 'broken-json', ...some(chance) }, lists: chance.is(0.5) };
  },
  'a web page': (chance) => ({ fault: { kind: 'html', ...some(chance) }, lists: true }),
  'an ERROR event': (chance) => {
    return { fault: { kind: 'error-event', code: chance.of([500, 429, 403]), ...some(chance) } };
  },
  disorder: (chance) => ({ fault: { kind: 'disorder', ...some(chance) } }),
  duplicates: (chance) => ({ fault: { kind: 'duplicate', ...some(chance) } }),
  'an empty list': (chance) => wrongList('empty-list', chance.of(READ)),
  // Nodes and their pods are few: one page less is most of them, and so is no other kind's.
  'a page short': (chance) => wrongList('page-short', chance.of(READ)),
  'time skew': (chance) => ({ fault: { kind: 'time-skew', byMs: chance.between(-1e8, 1e8) } }),
  'a slow drip': (chance) => {
    return { fault: { kind: 'drip', bytes: chance.between(20, 400), everyMs: 2 }, lists: true };
  },
  'a version set back': (chance, { first, last }) => {
    const toVersion = Math.max(first, last - chance.between(1, 60));
    return { fault: { kind: 'restored', toVersion }, away: true };
  },
};

function status(code: 401 | 403 | 500, chance?: Chance): Strike {
  return { fault: { kind: 'status', code, ...(chance && some(chance)) }, lists: true };
}

/** All kinds, or one. */
function some(chance: Chance): { readonly resources?: readonly string[] } {
  return chance.is(0.5) ? {} : { resources: [chance.of(READ)] };
}
