// A cluster that no source names any more is drained slowly; in doubt nobody is.

import { expect, test } from 'vitest';
import type { ClusterStatus, Hold } from '../../src/model.ts';
import { moveRemoved, removedDrainId } from '../../src/weights/removed-drains.ts';

const RULE = { afterSeconds: 600, rampSeconds: 600 };

function status(name: string, ageSeconds = 700, state: ClusterStatus['state'] = 'stale') {
  return { name, state, ageSeconds, ingressNodes: [], leftOut: [], relists: 0 };
}

function hold(more: Partial<Hold>): Hold {
  return { id: 'h-1', kind: 'freeze', who: 'ann', why: 'stays', since: 0, ...more };
}

const NAMED = ['a', 'b', 'c', 'd'];
const drain = hold({ id: removedDrainId('west'), cluster: 'west', kind: 'drain' });

function view(more: Partial<Parameters<typeof moveRemoved>[0]> = {}) {
  return {
    statuses: [...NAMED.map((name) => status(name, 0, 'fresh')), status('west')],
    isNamed: (name: string) => NAMED.includes(name),
    holds: [],
    sourcesWell: true,
    ...more,
  };
}

test('gone for so long, it is drained', () => {
  expect(moveRemoved(view(), RULE)).toEqual({ drain: ['west'], lift: [] });
});

test.each([
  ['not for long enough', { statuses: [status('a'), status('west', 599)] }],
  ['while a source is in trouble', { sourcesWell: false }],
  ['with others, a third of all', { statuses: [...NAMED, 'west', 'north'].map((n) => status(n)) }],
  ['and drained already', { holds: [drain] }],
  ['and a person keeps it', { holds: [hold({ cluster: 'west' })] }],
])('gone %s: nobody is', (_, more) => {
  expect(moveRemoved(view(more), RULE)).toEqual({ drain: [], lift: [] });
});

test('a hold of one of its apps, or of another cluster, does not keep it', () => {
  const holds = [hold({ cluster: 'west', app: 'shop' }), hold({ cluster: 'a' })];
  expect(moveRemoved(view({ holds }), RULE).drain).toEqual(['west']);
});

test('two of seven are drained', () => {
  const names = [...NAMED, 'e', 'west', 'north'];
  const isNamed = (name: string) => [...NAMED, 'e'].includes(name);
  const statuses = names.map((name) => status(name));
  expect(moveRemoved(view({ statuses, isNamed }), RULE).drain).toEqual(['west', 'north']);
});

test('switched off: nobody is, but drains that stand are lifted', () => {
  expect(moveRemoved(view(), undefined).drain).toEqual([]);
  expect(moveRemoved(view({ holds: [drain], statuses: [] }), undefined).lift).toEqual([drain.id]);
});

test.each([
  ['seen again', status('west', 0, 'fresh'), true, [drain.id]],
  ['named again, not seen yet', status('west', 0, 'unseen'), true, []],
  ['still gone', status('west'), false, []],
] as const)('its drain, when it is %s', (_, west, named, lift) => {
  const statuses = [status('a', 0, 'fresh'), west];
  const isNamed = (name: string) => name === 'a' || named;
  expect(moveRemoved(view({ statuses, isNamed, holds: [drain] }), RULE).lift).toEqual(lift);
});

test('a person’s drain is nobody else’s to lift', () => {
  const own = hold({ cluster: 'west', kind: 'drain' });
  expect(moveRemoved(view({ statuses: [], holds: [own] }), RULE).lift).toEqual([]);
});
