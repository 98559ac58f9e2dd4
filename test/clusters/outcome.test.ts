import { expect, test } from 'vitest';
import { outcomeOf } from '../../src/clusters/outcome.ts';

test.each([429, 500, 504])('an ERROR event %d waits as long as it says', (code) => {
  expect(outcomeOf({ code, details: { retryAfterSeconds: 7 } })).toMatchObject({
    kind: 'failed',
    failure: { scope: 'cluster', status: code, retryAfterMs: 7000 },
  });
});

test.each([410, 403, 400, undefined])('any other (%s) makes a list', (code) => {
  expect(outcomeOf(code === undefined ? {} : { code })).toEqual({ kind: 'relist' });
});
