// What has to change: one change for each app whose bytes differ, and nothing by absence.

import { expect, test } from 'vitest';
import type { Upstream } from '../../src/model.ts';
import { diff, type Encoded } from '../../src/plan/diff.ts';

function encoded(app: string, ...weights: number[]): Encoded {
  const upstream: Upstream = {
    app,
    policy: { balance: 'smooth', whenUnhealthy: 'spread' },
    servers: weights.map((weight, index) => ({
      address: `10.0.0.${index + 1}:80`,
      from: 'vm',
      weight,
    })),
  };
  return { upstream, body: JSON.stringify(upstream) };
}

function publish(...documents: Encoded[]): (app: string) => Encoded | undefined {
  return (app) => documents.find(({ upstream }) => upstream.app === app);
}

test('the same bytes are no change', () => {
  expect(diff(publish(encoded('shop', 10)), [encoded('shop', 10)])).toEqual([]);
});

test('other bytes are a change with before, after and the new bytes', () => {
  const before = encoded('shop', 10);
  const after = encoded('shop', 20);
  expect(diff(publish(before), [after])).toEqual([
    { app: 'shop', before: before.upstream, after: after.upstream, body: after.body },
  ]);
});

test('bytes decide, not meanings', () => {
  const { upstream, body } = encoded('shop', 10);
  expect(diff(publish({ upstream, body: `${body} ` }), [{ upstream, body }])).toHaveLength(1);
});

test('an app without a document is a change without a before', () => {
  const [change, ...rest] = diff(publish(), [encoded('shop', 10)]);
  expect(rest).toEqual([]);
  expect(change).toMatchObject({ app: 'shop' });
  expect(change).not.toHaveProperty('before');
});

test('an app without any server says nothing before it first had one', () => {
  expect(diff(publish(), [encoded('shop')])).toEqual([]);
  expect(diff(publish(encoded('shop', 10)), [encoded('shop')])).toHaveLength(1);
});

test('an app that is not wanted is not a change', () => {
  const changes = diff(publish(encoded('old', 10), encoded('shop', 10)), [encoded('shop', 20)]);
  expect(changes.map(({ app }) => app)).toEqual(['shop']);
});

test('changes come in the order of what is wanted', () => {
  const wanted = [encoded('c', 1), encoded('a', 1), encoded('b', 1)];
  const changes = diff(publish(encoded('a', 1)), wanted);
  expect(changes.map(({ app }) => app)).toEqual(['c', 'b']);
});
