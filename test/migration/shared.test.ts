// Whoever else of a job needs an object, by its record.

import { expect, test } from 'vitest';
import type { StepRecord, StepResult } from '../../src/jobs/record.ts';
import { beforeAll, neededBy } from '../../src/migration/run/shared.ts';
import { jobOf, planOf } from './flow/runs.ts';

/** Both apps’ pods read the first object of the plan. */
const PLAN = planOf(['news', 'shop'], 'online');
const [NEWS, SHOP] = PLAN.apps;
const object = SHOP?.objects[0];
if (!NEWS || !SHOP || !object) throw new Error('no apps');

const THEIRS = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shop' } };

/** By step: what came of it. */
function doing(steps: Readonly<Record<string, StepResult['kind']>>, before: object | null = null) {
  const all = Object.entries(steps).map(([id, kind]): [string, StepRecord] => {
    const data = { before: id.startsWith('news') ? before : null };
    const intent = { text: '', objects: [], data };
    return [id, { id, attempt: 1, fence: 1, intent, result: { kind, text: '' } }];
  });
  return { job: { ...jobOf(PLAN), steps: Object.fromEntries(all) }, app: SHOP } as never;
}

const BEGUN = { 'news:preflight': 'done', 'news:reserve': 'done' } as const;
const CAME = { ...BEGUN, 'news:apply.1': 'done' } as const;

test('it is needed by who has brought it too, and does not go back', () => {
  expect(neededBy(doing({}), object)).toBeUndefined();
  expect(neededBy(doing(BEGUN), object)).toBeUndefined();
  expect(neededBy(doing(CAME), object)).toBe('news');
  expect(neededBy(doing({ ...CAME, 'news:apply.2': 'failed' }), object)).toBeUndefined();
});

test('as it was: by who wrote it first', () => {
  expect(beforeAll(doing({ ...CAME, 'shop:apply.1': 'done' }), object)).toBeNull();
  expect(beforeAll(doing({ ...CAME, 'shop:apply.1': 'done' }, THEIRS), object)).toEqual(THEIRS);
});
