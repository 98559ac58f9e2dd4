// Releases on two real control planes under a steady load through two real edges, of Deployments and of
// Argo Rollouts under their real controller, whose pods all go before the next ones come: no request
// fails, the pods that get traffic are never fewer than the other cluster's, and what fails goes back.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  begin,
  CLUSTERS,
  FULL,
  imageOf,
  imagesOf,
  type JobView,
  type Release,
  releaseWatched,
  REPLICAS,
  secretOf,
  secretsIn,
  startReleaseFleet,
  untilJobIs,
} from './release-fleet.ts';
import { installRollouts, type RolloutsController, startRollouts } from './rollouts.ts';
import type { RealFleet } from './spine-fleet.ts';

const STARTS_MS = 600_000;
const RUNS_MS = 900_000;

let fleet: RealFleet;
const controllers: RolloutsController[] = [];

beforeAll(async () => {
  fleet = await startReleaseFleet(39, {});
  for (const plane of [fleet.east, fleet.west]) {
    await installRollouts(plane);
    controllers.push(await startRollouts(plane));
  }
}, STARTS_MS);
afterAll(async () => {
  for (const one of controllers) await one.close();
  await fleet?.close();
});

const STEPS = ['hold', 'acknowledge', 'quiet', 'apply', 'apply', 'apply', 'gate', 'release'];

const stepsOf = ({ steps }: JobView): string[] =>
  steps.filter(({ state }) => state === 'done').map(({ id }) => id);

async function holdsOf(app: string): Promise<readonly object[]> {
  type Holds = { readonly items: readonly { readonly app?: string }[] };
  const { items } = await fleet.ballast.get<Holds>('/api/v1/holds');
  return items.filter((one) => one.app === app);
}

describe.each([
  { app: 'shop', kind: 'Deployment' },
  { app: 'cart', kind: 'Rollout' },
] as const)('a $kind', (workload) => {
  const { app } = workload;
  const both = (version: number) => CLUSTERS.map(() => imageOf(app, version));
  const release = (version: number, more: Omit<Release, 'app' | 'kind' | 'version'>): Release => ({
    ...workload,
    version,
    ...more,
  });

  test('is brought out where nothing was, and gets traffic behind its gate', {
    timeout: RUNS_MS,
  }, async () => {
    const id = await begin(fleet, release(1, { strategy: { order: 'serial' } }));
    const job = await untilJobIs(fleet, id, 'Done');
    expect(stepsOf(job)).toContain('gate east');
    await fleet.settled(FULL, app);
    expect(await imagesOf(fleet, workload)).toEqual(both(1));
    expect(await secretsIn(fleet, app)).toEqual(CLUSTERS.map(() => secretOf(1)));
  });

  test('cluster by cluster out of the traffic and back, with no failed request', {
    timeout: RUNS_MS,
  }, async () => {
    const errors = { percent: 0, requests: 20, for: '2s' };
    const serial = release(2, { strategy: { order: 'serial', floor: REPLICAS, errors } });
    const { job, fewest, loose, drained } = await releaseWatched(fleet, serial, 'Done');
    expect(await imagesOf(fleet, workload)).toEqual(both(2));
    expect(await secretsIn(fleet, app)).toEqual(CLUSTERS.map(() => secretOf(2)));
    for (const cluster of CLUSTERS) {
      const own = stepsOf(job).filter((step) => step.includes(` ${cluster}`));
      const verbs = own.map((step) => step.split(' ')[0]);
      expect(verbs).toEqual([...STEPS, 'watch']);
    }
    expect(drained).toEqual(CLUSTERS);
    expect({ fewest, loose }).toEqual({ fewest: REPLICAS, loose: [] });
    await fleet.settled(FULL, app);
    expect(await holdsOf(app)).toEqual([]);
  });

  test('a wave whose pods fail its gate goes back, and is held until that gate', {
    timeout: RUNS_MS,
  }, async () => {
    const waves = CLUSTERS.map((name) => ({ name, clusters: [name] }));
    const strategy = { order: 'waves', waves, onFailure: 'rollback-all' };
    const broken = release(3, { strategy, broken: true });
    const { job, fewest, loose } = await releaseWatched(fleet, broken, 'RolledBack');
    const failed = job.steps.filter(({ state }) => state === 'failed');
    expect(failed.map(({ id }) => id)).toEqual(['gate west']);
    const steps = stepsOf(job);
    const back = steps.slice(steps.findIndex((step) => step.startsWith('undo')));
    expect(back.map((step) => step.replace(/ \d+$/, ''))).toEqual([
      'undo west',
      'undo west',
      'undo west',
      'gate-again west',
      'release-again west',
      'hold-again east',
      'acknowledge-again east',
      'quiet-again east',
      'undo east',
      'undo east',
      'undo east',
      'gate-again east',
      'release-again east',
      'clear-again',
    ]);
    expect({ fewest, loose }).toEqual({ fewest: REPLICAS, loose: [] });
    expect(await imagesOf(fleet, workload)).toEqual(both(2));
    expect(await secretsIn(fleet, app)).toEqual(CLUSTERS.map(() => secretOf(2)));
    await fleet.settled(FULL, app);
    expect(await holdsOf(app)).toEqual([]);
  });
});
