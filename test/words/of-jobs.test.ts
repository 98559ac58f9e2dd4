// Holds of jobs: said again they are the same, and nobody else lifts them.

import { expect, test } from 'vitest';
import { NO_HOLDS } from '../../src/edges/holds-body.ts';
import type { Published } from '../../src/edges/published.ts';
import type { Hold } from '../../src/model.ts';
import { liftHold } from '../../src/words/of-holds.ts';
import { holdForJob, jobsIn, liftForJob, type JobHold } from '../../src/words/of-jobs.ts';

const drain = (cluster: string, more: Partial<JobHold> = {}): JobHold => ({
  id: `job-1.${cluster}.shop`,
  app: 'shop',
  cluster,
  kind: 'drain',
  who: 'ann',
  why: 'fan-out release',
  job: 'job-1',
  fence: 7,
  ...more,
});

const published = (holds: readonly Hold[]): Published =>
  ({
    held: { ...NO_HOLDS, holds },
    app: () => undefined,
    apps: () => [][Symbol.iterator](),
  }) as unknown as Published;

const held = (...clusters: string[]) => clusters.map((one) => ({ ...drain(one), since: 5 }));

test('said again by a later term it is one hold, of the same age', () => {
  const word = holdForJob('ann', [drain('east', { fence: 9 }), drain('west', { fence: 9 })]);
  const { holds, apps } = word.decide(published(held('east')), 100);
  expect(holds?.holds.map(({ id, fence, since }) => [id, fence, since])).toEqual([
    ['job-1.east.shop', 9, 5],
    ['job-1.west.shop', 9, 100],
  ]);
  expect(apps).toEqual(new Set(['shop']));
  expect(word.kind).toBe('job');
});

test('a hold of that name which is another’s is not taken', () => {
  const other = [{ ...drain('east', { job: 'job-2' }), since: 1 }];
  expect(() => holdForJob('ann', [drain('east')]).decide(published(other), 1)).toThrow(
    'stands already',
  );
});

test('it lifts what is named, or all of its own, and nothing of others', () => {
  const person = { ...drain('north'), id: 'h-1', since: 1 } as Hold;
  const { job: _, ...own } = person as JobHold;
  const all = [...held('east', 'west'), own as Hold];
  const left = (ids?: readonly string[]) =>
    liftForJob('ann', 'job-1', ids)
      .decide(published(all), 1)
      .holds?.holds.map(({ id }) => id);
  expect(left(['job-1.east.shop', 'h-1'])).toEqual(['job-1.west.shop', 'h-1']);
  expect(left()).toEqual(['h-1']);
  expect(() => liftForJob('ann', 'job-9').decide(published(all), 1)).toThrow('holds nothing');
  expect(() => liftHold('ann', 'job-1.east.shop').decide(published(all), 1)).toThrow('job job-1');
});

test('jobs are seen in what is held', () => {
  const own = { ...drain('north'), id: 'h-1', since: 1 };
  const { job: _, ...person } = own;
  expect(jobsIn([...held('west', 'east'), person])).toEqual([
    {
      job: 'job-1',
      apps: ['shop'],
      clusters: ['east', 'west'],
      holds: ['job-1.east.shop', 'job-1.west.shop'],
    },
  ]);
});
