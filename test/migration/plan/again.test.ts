// One app of a plan, looked at again before anything is done.

import { expect, test } from 'vitest';
import { lookAgain } from '../../../src/migration/plan/again.ts';
import { planMigration } from '../../../src/migration/plan/plan.ts';
import { app, OBJECTS, PASSWORD, REQUEST, source, world } from './plan-world.ts';

const texts = (findings: readonly { readonly text: string }[]) => findings.map(({ text }) => text);

test('the same objects as planned, with the data of Secrets, however short room is by now', () => {
  const again = lookAgain(REQUEST, world({ bookings: [] }), 2);
  expect(again.findings).toEqual([]);
  const planned = planMigration(REQUEST, world());
  expect(again.objects.map(({ manifest }) => manifest.kind)).toEqual(
    planned.apps[0]?.objects.map(({ manifest }) => manifest.kind),
  );
  expect(JSON.stringify(again.objects)).toContain(PASSWORD);
  expect(again.sources.map(({ kind }) => kind).toSorted()).toEqual(
    OBJECTS.map(({ kind }) => kind).toSorted(),
  );
  const [deployment] = again.objects.filter(({ manifest }) => manifest.kind === 'Deployment');
  expect(deployment?.manifest).toMatchObject({ spec: { replicas: 2 } });
});

test('what stands against it now: all of it, and nothing to apply where the workload is gone', () => {
  const gone = world({ apps: [app('shop', { source: source([]) })], edges: [] });
  const again = lookAgain(REQUEST, gone, 4);
  expect(again.objects).toEqual([]);
  expect(texts(again.findings)).toEqual([
    'there is none: nothing would prove where requests go',
    'no Service of it is there',
  ]);
});

test('a source where jobs may not write is refused, but for one that is dead', () => {
  const refused = (more: Parameters<typeof world>[0], mode: 'online' | 'offline' = 'online') =>
    texts(planMigration({ ...REQUEST, mode }, world(more)).findings);
  expect(refused({ source: {} })).toEqual([
    'it is read only: the configuration has no clusters[].jobs for it',
  ]);
  expect(refused({ source: { jobs: { namespaces: ['test'] } } })).toEqual([
    'clusters[].jobs.namespaces of east has only test',
  ]);
  expect(refused({ source: { jobs: { namespaces: ['prod'] } } })).toEqual([]);
  expect(refused({ source: {} }, 'offline')).toEqual([]);
});

test('what an earlier migration wrote beside an object does not go along', () => {
  const marked = OBJECTS.map((one) => ({
    ...one,
    metadata: {
      ...one.metadata,
      labels: {
        ...one.metadata.labels,
        'ballast.io/migration': 'old',
        'ballast.io/source-uid': 'u',
      },
      annotations: { 'ballast.io/fence': '7' },
    },
  }));
  const [before, now] = [OBJECTS, marked].map((objects) =>
    lookAgain(REQUEST, world({ apps: [app('shop', { source: source(objects) })] }), 4).objects.map(
      ({ manifest: { metadata, ...rest } }) => ({ ...rest, labels: metadata.labels ?? {} }),
    ),
  );
  expect(now).toEqual(before);
});
