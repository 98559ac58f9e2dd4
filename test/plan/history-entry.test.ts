// A line of history: what goes in comes out, and its bytes are bounded.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeUpstream } from '../../src/edges/document.ts';
import type { Server } from '../../src/model.ts';
import { readEntry, writeEntry, type Made } from '../../src/plan/history-entry.ts';

const MADE: Made = { app: 'shop', actor: 'a', causes: [], previous: 3, before: [], after: [] };

const servers: fc.Arbitrary<Server[]> = fc.uniqueArray(
  fc.record({
    address: fc.integer({ min: 1, max: 9 }).map((n) => `10.0.0.${n}:80`),
    from: fc.constantFrom('east', 'west', 'vm'),
    weight: fc.integer({ min: 0, max: 65_535 }),
  }),
  { selector: ({ address }) => address },
);

const sorted = (list: readonly Server[]) =>
  list.toSorted((a, b) => (a.address < b.address ? -1 : 1));

test('weights before and after are read as they were written', () => {
  fc.assert(
    fc.property(servers, servers, (before, after) => {
      const read = readEntry(writeEntry({ ...MADE, before, after }).text);
      expect(read).toMatchObject({ previous: 3, before: sorted(before), after: sorted(after) });
    }),
  );
});

test('the sum behind a weight that did not move stands once, and is read for both', () => {
  const sumsBefore = new Map([
    ['east', 'one'],
    ['west', 'same'],
  ]);
  const sumsAfter = new Map([
    ['east', 'two'],
    ['west', 'same'],
    ['vm', 'new'],
  ]);
  const { text } = writeEntry({ ...MADE, sumsBefore, sumsAfter });
  expect(text.match(/same/g)).toHaveLength(1);
  expect(readEntry(text)?.sums).toEqual(
    new Map([
      ['east', { before: 'one', after: 'two' }],
      ['west', { before: 'same', after: 'same' }],
      ['vm', { after: 'new' }],
    ]),
  );
});

test('an edge’s endpoint does not know what was there before', () => {
  const text = JSON.stringify({
    actor: 'edge e',
    causes: [['endpoint', 'put shop']],
    after: { vm: { '10.0.0.1:80': 10 } },
  });
  expect(readEntry(text)).toEqual({
    actor: 'edge e',
    causes: [{ kind: 'endpoint', text: 'put shop' }],
    before: [],
    after: [{ address: '10.0.0.1:80', from: 'vm', weight: 10 }],
    sums: new Map(),
  });
});

test('a kind of cause that a later version wrote is read as a word', () => {
  const text = JSON.stringify({ actor: 'a', causes: [['weather', 'rain']], after: {} });
  expect(readEntry(text)?.causes).toEqual([{ kind: 'word', text: 'rain' }]);
});

test('what is no entry is told', () => {
  for (const text of ['', '{}', '[]', 'null', '{"actor":1}']) {
    expect(readEntry(text)).toBeUndefined();
  }
});

test('an entry is no longer than the body that its commit writes, and 5,000 bytes', () => {
  const long = 'x'.repeat(10_000);
  const causes = Array.from({ length: 100 }, () => ({ kind: 'hold', text: long }) as const);
  const many = (weight: number): Server[] =>
    Array.from({ length: 1000 }, (_, n) => ({ address: `10.0.${n}.1:80`, from: 'east', weight }));
  const made = { before: many(10), after: many(20), sumsAfter: new Map([['east', long]]) };
  const { text } = writeEntry({ ...MADE, ...made, causes });
  const policy = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
  const body = encodeUpstream({ app: 'shop', policy, servers: many(20) });
  expect(text.length).toBeLessThan(body.length + 5000);
});
