// Metrics of jobs, by a runner that runs some.

import { expect, onTestFinished, test } from 'vitest';
import { followJobs } from '../../src/telemetry/job-moves.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { memoryStage } from '../jobs/memory-stage.ts';
import { draftOf, PLAN, serve, startProcess, untilState } from '../jobs/process.ts';
import { ToyWorld } from '../jobs/toy.ts';

test('states, results of steps, and since when a job does not move', async () => {
  let at = 1000;
  const metrics = createMetrics();
  const moves = followJobs(metrics, { now: () => at });
  const { journal, term } = await memoryStage();
  const world = new ToyWorld();
  world.broken.set('b', 'disk full');
  const process = startProcess({ journal, world, changed: moves.changed });
  onTestFinished(await serve(process, await term()));
  const lines = async (name: string): Promise<string[]> => {
    moves.show(process.known());
    const text = await metrics.registry.metrics();
    return text.split('\n').filter((line) => line.startsWith(`ballast_${name}`));
  };
  expect(await lines('job')).toEqual([]);

  const { id } = await process.create(draftOf({ ...PLAN, approval: true }));
  await untilState(journal, id, 'WaitingApproval');
  at += 60_000;
  // It waits for a person: nobody has to be woken.
  expect(await lines('job_unmoved_seconds')).toEqual(['ballast_job_unmoved_seconds{kind="toy"} 0']);
  await process.command(id, { name: 'approve', who: 'ann' });
  await untilState(journal, id, 'Paused');
  expect(await lines('jobs{kind="toy",state="Paused"}')).toEqual([
    'ballast_jobs{kind="toy",state="Paused"} 1',
  ]);
  expect(await lines('job_steps_total')).toContain(
    'ballast_job_steps_total{kind="toy",result="failed"} 1',
  );
  world.broken.clear();
  await process.command(id, { name: 'skip', who: 'ann', step: 'write:b' });
  await untilState(journal, id, 'Done');
  const steps = await lines('job_steps_total');
  expect(steps).toContain('ballast_job_steps_total{kind="toy",result="skipped"} 1');
  const done = Object.values((await process.read(id))?.steps ?? {}).length - 1;
  expect(steps).toContain(`ballast_job_steps_total{kind="toy",result="done"} ${done}`);
  expect(await lines('job_step_duration_seconds_count')).toEqual([
    `ballast_job_step_duration_seconds_count{kind="toy"} ${done + 1}`,
  ]);
  expect(await lines('jobs{')).toHaveLength(10);
});

test('one that stands still is as old as its last move; a journal that is taken over counts nothing', async () => {
  let at = 5000;
  const metrics = createMetrics();
  const moves = followJobs(metrics, { now: () => at });
  const head = { id: 'toy-1', kind: 'toy', state: 'Running', tip: 'a' } as never;
  const still = async (): Promise<number | undefined> =>
    (await metrics.jobUnmoved.get()).values[0]?.value;
  const result = { kind: 'done', text: '' };
  const steps = { one: { id: 'one', result } };
  moves.changed({ ...(head as object), steps } as never, undefined);
  at += 70_000;
  moves.show([head]);
  expect(await still()).toBe(70);
  expect((await metrics.jobSteps.get()).values).toEqual([]);
  moves.show([{ ...(head as object), tip: 'b' } as never]);
  expect(await still()).toBe(0);
  at += 30_000;
  moves.show([{ ...(head as object), tip: 'b' } as never]);
  expect(await still()).toBe(30);
  // Gone from the journal: nothing is said of it any more.
  moves.show([]);
  expect(await still()).toBeUndefined();
});
