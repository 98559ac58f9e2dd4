// Rehearsals by the clock, and what Prometheus is told of them.

import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { rehearseRegularly } from '../../src/migration/rehearsal/schedule.ts';
import { planMigration } from '../../src/migration/plan/plan.ts';
import { reportOf, type Rehearsal } from '../../src/migration/rehearsal/report.ts';
import type { Controller } from '../../src/controller.ts';
import { openEdgeBook } from '../../src/edges/edge-book.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { controllerInMemory } from '../api/memory-controller.ts';
import { metricsText } from '../telemetry/metrics-text.ts';
import { app as appWorld, BACKUP, objectsOf, REQUEST, source, world } from './plan/plan-world.ts';

const app = { app: 'shop', warnings: [], passedOver: [] };
const REHEARSAL: Rehearsal = {
  at: 1_000_000,
  clusters: [
    {
      cluster: 'east',
      ok: false,
      apps: [
        { ...app, backup: 'b', ageSeconds: 60 },
        { ...app, app: 'news', trouble: 'there is no backup' },
        { ...app, app: 'late' },
      ],
      destinations: [
        { cluster: 'west', ok: true, rung: 3, words: '', refused: [], deferred: ['late'] },
        { cluster: 'north', ok: false, rung: 0, words: '', refused: ['x'], deferred: [] },
      ],
    },
    { cluster: 'west', ok: false, apps: [app], destinations: [] },
    { cluster: 'north', ok: true, apps: [], destinations: [] },
  ],
};

/** A day in ten steps of no time: each sleep is over at once. */
async function rehearsals(hours: number, everyHours: number, leads: (now: number) => boolean) {
  const stop = new AbortController();
  const at: number[] = [];
  const told = new Set<number | 'not'>();
  let now = 0;
  const clock: Clock = {
    now: () => now,
    async sleep(ms) {
      now += ms;
      if (now > hours * 3_600_000) stop.abort();
    },
  };
  const migrations = {
    rehearse: async () => {
      at.push(now / 60_000);
      return REHEARSAL;
    },
  };
  const log = pino({ level: 'silent' });
  await rehearseRegularly(
    {
      migrations,
      leads: () => leads(now),
      everyHours: () => everyHours,
      wanted: (since) => told.add(since === undefined ? 'not' : since / 60_000),
      clock,
      log,
    },
    stop.signal,
  );
  return { at, told: [...told] };
}

test('a minute after it leads, then as often as it is told; never by one that does not lead', async () => {
  expect(await rehearsals(13, 6, () => true)).toEqual({ at: [1, 361, 721], told: [0] });
  expect(await rehearsals(13, 6, () => false)).toEqual({ at: [], told: ['not'] });
  expect(await rehearsals(13, 0, () => true)).toEqual({ at: [], told: ['not'] });
  const later = await rehearsals(2, 24, (now) => now >= 3_600_000);
  expect(later).toEqual({ at: [61], told: ['not', 60] });
});

const leading = (is: boolean): Controller => ({
  ...controllerInMemory().controller,
  leader: () => ({ leading: is, phase: is ? 'leading' : 'standing by' }),
});

test('metrics: ages, apps that are lost, the rung', async () => {
  const controller = leading(true);
  const metrics = createMetrics();
  const book = openEdgeBook(new Map());
  const state = { controller, book, now: 0, wall: 1_030_000 };
  const lines = (text: string): string[] =>
    text.split('\n').filter((line) => line.startsWith('ballast_rehearsal'));
  expect(lines(await metricsText(metrics, state))).toEqual([]);
  const wanted = { ...state, now: 90_000, rehearsalWanted: 30_000 };
  expect(lines(await metricsText(metrics, wanted))).toEqual([
    'ballast_rehearsal_awaited_seconds 60',
  ]);
  expect(lines(await metricsText(metrics, { ...wanted, rehearsal: REHEARSAL }))).toEqual([
    'ballast_rehearsal_age_seconds 30',
    'ballast_rehearsal_backup_age_seconds{app="shop",cluster="east"} 60',
    'ballast_rehearsal_unrecoverable_apps{cluster="east"} 2',
    'ballast_rehearsal_unrecoverable_apps{cluster="west"} 0',
    'ballast_rehearsal_unrecoverable_apps{cluster="north"} 0',
    'ballast_rehearsal_rung{cluster="east"} 3',
    'ballast_rehearsal_rung{cluster="west"} 4',
  ]);
  const former = { ...wanted, controller: leading(false), rehearsal: REHEARSAL };
  expect(lines(await metricsText(metrics, former))).toEqual([]);
});

test('an app that would wait for room does not come back', () => {
  const appOf = (name: string, pods: number) =>
    appWorld(name, { source: source(objectsOf(name, pods), { origin: BACKUP }) });
  const report = (...pods: readonly number[]) => {
    const apps = pods.map((count, index) => appOf(`app-${index}`, count));
    const request = { ...REQUEST, degrade: true, mode: 'offline' } as const;
    return reportOf({ cluster: 'east', apps, plans: [planMigration(request, world({ apps }))] }, 0);
  };
  expect(report(8, 8)).toMatchObject({ ok: true, destinations: [{ rung: 1, deferred: [] }] });
  expect(report(8, 8, 8)).toMatchObject({
    ok: false,
    destinations: [{ ok: true, rung: 3, deferred: ['app-2'] }],
  });
  const [nowhere] = report(40).destinations;
  expect(nowhere?.ok).toBe(false);
  expect(nowhere?.refused.join()).toContain('there is no room: app-0 8 of 20');
});
