// The table of the guard: who serves must not be emptied.

import { expect, test } from 'vitest';
import type { Upstream } from '../../src/model.ts';
import type { Change } from '../../src/plan/diff.ts';
import { guard } from '../../src/plan/guard.ts';

function upstream(app: string, weights: readonly number[]): Upstream {
  return {
    app,
    policy: { balance: 'smooth', whenUnhealthy: 'spread' },
    servers: weights.map((weight, index) => ({
      address: `10.0.0.${index + 1}:80`,
      from: 'vm',
      weight,
    })),
  };
}

/** `before` of undefined: no document yet. */
function change(app: string, before: readonly number[] | undefined, after: readonly number[]) {
  const base = { app, after: upstream(app, after), body: '' };
  return (before ? { ...base, before: upstream(app, before) } : base) satisfies Change;
}

test.each([
  ['serves and will serve', [10], [20]],
  ['loses one of two', [10, 10], [10]],
  ['loses one of two by weight', [10, 10], [0, 10]],
  ['begins to serve', [], [10]],
  ['begins to serve by weight', [0], [10]],
  ['served nothing and will not', [], []],
  ['weighed nothing and will have no server', [0], []],
  ['is new', undefined, [10]],
  ['is new and serves nothing', undefined, [0]],
])('passes what %s', (_, before, after) => {
  const asked = change('shop', before, after);
  expect(guard([asked])).toEqual({ pass: [asked], refused: [] });
});

test.each([
  ['without a server', [10, 20], [], '2 serve now'],
  ['with weights of 0 only', [10, 0], [0, 0], '1 serves now'],
])('refuses what would end %s', (_, before, after, numbers) => {
  const { pass, refused } = guard([change('shop', before, after)]);
  expect(pass).toEqual([]);
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatchObject({ app: 'shop', reason: { code: 'would-empty' } });
  expect(refused[0]?.reason.text).toContain(numbers);
});

test('one refused app stops no other', () => {
  const good = change('a', [10], [20]);
  const alsoGood = change('c', undefined, [10]);
  const { pass, refused } = guard([good, change('b', [10], []), alsoGood]);
  expect(pass).toEqual([good, alsoGood]);
  expect(refused.map(({ app }) => app)).toEqual(['b']);
});
